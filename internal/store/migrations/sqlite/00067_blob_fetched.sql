-- +goose Up

-- When the customer had the file of their data; 0: not yet.
ALTER TABLE blob ADD COLUMN fetched_at INTEGER NOT NULL DEFAULT 0;
