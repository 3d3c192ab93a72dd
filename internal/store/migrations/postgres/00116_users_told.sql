-- +goose Up

-- When a customer said that they tell their own users of a departure themselves;
-- 0: they did not.
ALTER TABLE case_ ADD COLUMN self_told BIGINT NOT NULL DEFAULT 0;
