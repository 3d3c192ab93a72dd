-- +goose Up

-- What a code meant when it was given: its words then. Editions are never
-- changed, so that what was given before a reason was renamed or split stays
-- apart from what came after.
CREATE TABLE reason_edition (
    edition TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL,
    family TEXT NOT NULL,
    label_es TEXT NOT NULL,
    label_en TEXT NOT NULL,
    since BIGINT NOT NULL
);

-- Until here no reason was ever worded otherwise.
INSERT INTO reason_edition (edition, code, family, label_es, label_en, since) VALUES
    ('17fe8f7fccd0', 'price', 'price', 'El precio', 'The price', 0),
    ('239415b1e2e1', 'price_worth', 'price', 'Cuesta más de lo que aporta', 'It costs more than it gives', 0),
    ('39c880aead01', 'price_rise', 'price', 'Subió el precio', 'The price went up', 0),
    ('5e1e8e42c2a8', 'budget', 'price', 'Tiene que gastar menos', 'They have to spend less', 0),
    ('95348d63e793', 'product', 'product', 'El producto: algo falta, falla o cuesta de usar', 'The product: something is missing, fails or is hard to use', 0),
    ('c35ea246bd91', 'missing_feature', 'product', 'Falta algo que necesita', 'Something that they need is missing', 0),
    ('8d9870db8888', 'too_complex', 'product', 'Cuesta usarlo', 'It is hard to use', 0),
    ('9ee98110acca', 'low_quality', 'product', 'No funciona como debe', 'It does not work as it should', 0),
    ('30ab9983189f', 'outage', 'product', 'Cortes o pérdida de datos', 'Outages or lost data', 0),
    ('7b7ee48dcb8a', 'service', 'service', 'La atención recibida', 'How we treated them', 0),
    ('4e334713314b', 'slow_answer', 'service', 'Tardamos o no respondimos', 'We were slow or did not answer', 0),
    ('b717d5f9a101', 'bad_treatment', 'service', 'Un mal trato', 'They were treated badly', 0),
    ('e3e3f6d7ab86', 'broken_promise', 'service', 'No cumplimos lo que dijimos', 'We did not keep our word', 0),
    ('d9371d964275', 'needs_ended', 'needs_ended', 'Ya no lo necesita', 'The need has ended', 0),
    ('76d747a72e0a', 'unused', 'needs_ended', 'Casi no lo usaba', 'They hardly used it', 0),
    ('2ba216d3e08a', 'project_ended', 'needs_ended', 'Terminó el proyecto o la temporada', 'The project or season is over', 0),
    ('1ac2fb5e8a22', 'company_changed', 'company_changed', 'Cambios en su empresa o en su vida', 'Changes in their company or life', 0),
    ('ba8a0c17c1ab', 'closing', 'company_changed', 'Cierra o se jubila', 'They close or retire', 0),
    ('41a81505afa5', 'new_decider', 'company_changed', 'Decide otra persona', 'Somebody else decides now', 0),
    ('f905d642638b', 'moved', 'company_changed', 'Cambia de lugar', 'They move elsewhere', 0),
    ('47f052690437', 'health', 'company_changed', 'Una enfermedad o un fallecimiento', 'An illness or a death', 0),
    ('f32f5e2a0c11', 'competitor', 'competitor', 'Otro proveedor', 'Another provider', 0),
    ('7f26b83d75cc', 'better_elsewhere', 'competitor', 'Encontró algo mejor', 'They found something better', 0),
    ('5072c7c59c8e', 'cheaper_elsewhere', 'competitor', 'Encontró algo más barato', 'They found something cheaper', 0),
    ('233d510dcf5e', 'in_house', 'competitor', 'Lo hará por su cuenta', 'They will do it themselves', 0),
    ('a11eebc552f6', 'billing', 'billing', 'Un cobro o un descuido', 'A charge or an accident', 0),
    ('38528d8fed49', 'wrong_charge', 'billing', 'Un cobro mal hecho', 'A wrong charge', 0),
    ('fd8e6045b061', 'unexpected_charge', 'billing', 'Un cobro que no esperaba', 'A charge that they did not expect', 0),
    ('922136a536a1', 'accident', 'billing', 'Se contrató por error', 'It was ordered by accident', 0),
    ('5c1e378e9d46', 'other', 'other', 'Otra razón', 'Another reason', 0);

ALTER TABLE reason ADD COLUMN edition TEXT NOT NULL DEFAULT '';
ALTER TABLE reason ADD COLUMN come_back INTEGER NOT NULL DEFAULT -1;
ALTER TABLE reason ADD COLUMN completes TEXT NOT NULL DEFAULT '';

-- Of several of its kind, the one that figures count.
ALTER TABLE reason ADD COLUMN counts INTEGER NOT NULL DEFAULT 0;

UPDATE reason SET edition = COALESCE((SELECT e.edition FROM reason_edition e WHERE e.code = reason.code), '');
UPDATE reason SET counts = 1 WHERE NOT EXISTS (
    SELECT 1 FROM reason later
     WHERE later.case_id = reason.case_id AND later.kind = reason.kind
       AND (later.given_at > reason.given_at OR later.given_at = reason.given_at AND later.id > reason.id));

CREATE INDEX reason_counted ON reason(case_id, kind) WHERE counts = 1;
