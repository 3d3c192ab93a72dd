-- +goose Up

-- What was seen before the first call of a work: what is proved later is
-- compared with it.
ALTER TABLE work ADD COLUMN before_call TEXT NOT NULL DEFAULT '';
