-- +goose Up

-- Time that people worked for a customer; who and what for are sealed with the
-- customer's key.
CREATE TABLE effort (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    on_day TEXT NOT NULL,
    minutes INTEGER NOT NULL,
    reference TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    recorded_by TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX effort_reference ON effort(customer_id, reference) WHERE reference <> '';
CREATE INDEX effort_customer ON effort(customer_id, on_day);

-- What a customer was worth when that was last computed. Body has the parts.
CREATE TABLE worth (
    customer_id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    why TEXT NOT NULL,
    currency TEXT NOT NULL,
    low_minor INTEGER NOT NULL,
    sum_minor INTEGER NOT NULL,
    high_minor INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
