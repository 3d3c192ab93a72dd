-- +goose Up

-- The letters about a charge after the end: that it is given back, and that it was. Each
-- is written once; empty: it was not.
ALTER TABLE stray ADD COLUMN promise_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE stray ADD COLUMN word_id TEXT COLLATE "C" NOT NULL DEFAULT '';
