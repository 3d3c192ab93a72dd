-- +goose Up

-- What somebody of the company wrote down about how they were asked: by phone,
-- letter, mail or in the shop; its reference; and when it was entered, where
-- that was later than it was received.
ALTER TABLE request ADD COLUMN via TEXT NOT NULL DEFAULT '';
ALTER TABLE request ADD COLUMN paper TEXT NOT NULL DEFAULT '';
ALTER TABLE request ADD COLUMN entered_at INTEGER NOT NULL DEFAULT 0;
