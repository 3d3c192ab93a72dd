-- +goose Up

-- By which line of which policy an offer was made, and whether a person did otherwise.
ALTER TABLE offer ADD COLUMN policy TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN line TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN deviates BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN automatic BIGINT NOT NULL DEFAULT 0;
CREATE INDEX offer_otherwise ON offer(offered_at) WHERE deviates = 1;
