-- +goose Up

-- What an invoice or a credit note is for: contracts with their weights, first and
-- last day; empty: nobody said.
ALTER TABLE balance ADD COLUMN billed TEXT NOT NULL DEFAULT '';
