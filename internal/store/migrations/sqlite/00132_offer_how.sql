-- +goose Up

-- How what was proposed is applied, as its file said when it was made.
ALTER TABLE offer ADD COLUMN how TEXT NOT NULL DEFAULT '';
