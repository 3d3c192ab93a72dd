-- +goose Up

-- What opens an envelope: empty, its link alone, as those that were sealed before.
ALTER TABLE envelope ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Hash of what shows that somebody has its key; empty where nothing is to be shown.
ALTER TABLE envelope ADD COLUMN lock TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Keys that were tried and were wrong.
ALTER TABLE envelope ADD COLUMN guesses BIGINT NOT NULL DEFAULT 0;
