-- +goose Up

-- The last days of those contracts of a departure that end on another day than it
-- takes effect: their terms say so. JSON by subscription; empty: none does.
ALTER TABLE case_ ADD COLUMN ends TEXT NOT NULL DEFAULT '';
