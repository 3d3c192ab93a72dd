-- +goose Up

-- A time limit that was put off, as the law lets it be once: its end before, when and
-- by whom, and why, sealed with the key of the customer.
ALTER TABLE law_limit ADD COLUMN first_end_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE law_limit ADD COLUMN extended_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE law_limit ADD COLUMN extended_by TEXT NOT NULL DEFAULT '';
ALTER TABLE law_limit ADD COLUMN why_key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE law_limit ADD COLUMN why BLOB NOT NULL DEFAULT X'';
