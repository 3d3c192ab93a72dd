-- +goose Up

-- The edition of the reason at the top that it refines: confusion is told by it.
ALTER TABLE reason ADD COLUMN family TEXT NOT NULL DEFAULT '';
UPDATE reason SET family = COALESCE((
    SELECT top.edition FROM reason_edition e JOIN reason_edition top ON top.code = e.family WHERE e.edition = reason.edition), '');

-- What the evaluations of a departure found and what was agreed in talking, in
-- codes, a day and a sum: what figures count. Words stay in the answers, sealed.
CREATE TABLE evaluation (
    case_id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    hypothesis TEXT NOT NULL,
    terms TEXT NOT NULL,
    ours_kept TEXT NOT NULL,
    theirs_kept TEXT NOT NULL,
    renegotiable TEXT NOT NULL,
    fit TEXT NOT NULL,
    price_seen TEXT NOT NULL,
    agreed_end TEXT NOT NULL,
    agreed_minor INTEGER NOT NULL,
    agreed_currency TEXT NOT NULL,
    agreed_payer TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX evaluation_of_customer ON evaluation(customer_id);
