-- +goose Up

-- When (wall time) the work last failed in a way that may pass: a time that has
-- not come yet is of a clock that was set back, and so is its back-off.
ALTER TABLE work ADD COLUMN failed_at BIGINT NOT NULL DEFAULT 0;
