-- +goose Up

-- Whose a thing is, and when it is renewed, for how much, and who pays.
ALTER TABLE asset ADD COLUMN owner TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE asset ADD COLUMN renews_on TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE asset ADD COLUMN renewal_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE asset ADD COLUMN renewal_currency TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE asset ADD COLUMN payer TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Which version of what was promised was delivered, in which format, and the sum
-- of its bytes.
ALTER TABLE deliverable ADD COLUMN version TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE deliverable ADD COLUMN format TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE deliverable ADD COLUMN sha256 TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Whose it is that is handed over: only works of ours may wait for anything.
ALTER TABLE handover_item ADD COLUMN owner TEXT COLLATE "C" NOT NULL DEFAULT '';
