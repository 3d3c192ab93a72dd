-- +goose Up

-- What stays of somebody who was erased, until its day: sums of our own record, or
-- what a far system blocks or keeps. What it says is sealed, and gone when it is
-- destroyed.
CREATE TABLE retained (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    customer_id TEXT NOT NULL,
    system TEXT NOT NULL,
    holding TEXT NOT NULL,
    blocked INTEGER NOT NULL,
    until_on TEXT NOT NULL,
    records INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    held_at INTEGER NOT NULL,
    held_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    asked_by TEXT NOT NULL,
    destroyed_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (case_id, system, holding)
) STRICT;

CREATE INDEX retained_customer ON retained(customer_id);
CREATE INDEX retained_until ON retained(destroyed_at, until_on);

-- When the last of it was destroyed, and the second certificate made; zero: not
-- yet.
ALTER TABLE erasure ADD COLUMN completed_at INTEGER NOT NULL DEFAULT 0;
