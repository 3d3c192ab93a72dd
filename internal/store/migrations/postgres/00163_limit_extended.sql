-- +goose Up

-- A time limit that was put off, as the law lets it be once: its end before, when and
-- by whom, and why, sealed with the key of the customer.
ALTER TABLE law_limit ADD COLUMN first_end_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE law_limit ADD COLUMN extended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE law_limit ADD COLUMN extended_by TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE law_limit ADD COLUMN why_key_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE law_limit ADD COLUMN why BYTEA NOT NULL DEFAULT ''::bytea;
