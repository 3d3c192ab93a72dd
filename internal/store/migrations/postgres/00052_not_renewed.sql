-- +goose Up

-- That the contract ends with its term, because somebody agreed or announced it.
ALTER TABLE subscription ADD COLUMN not_renewed BIGINT NOT NULL DEFAULT 0;
