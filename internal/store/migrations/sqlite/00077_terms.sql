-- +goose Up

-- What a contract says about its tax, its trial and leaving early, as JSON;
-- nothing where it says nothing.
ALTER TABLE subscription ADD COLUMN terms TEXT NOT NULL DEFAULT '';

-- The tax within a sum, and what was used where it counts use, as JSON.
ALTER TABLE balance ADD COLUMN tax_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE balance ADD COLUMN used TEXT NOT NULL DEFAULT '';
