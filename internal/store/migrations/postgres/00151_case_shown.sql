-- +goose Up

-- What a page showed of the money of a departure before the click, as the receipt tells
-- it: sums by currency and days, as JSON. Empty: none did.
ALTER TABLE case_ ADD COLUMN shown TEXT COLLATE "C" NOT NULL DEFAULT '';
