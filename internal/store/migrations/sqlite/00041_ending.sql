-- +goose Up

-- Contracts that the company ends, many in one act; its words are in body.
CREATE TABLE ending (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    pick TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    per_minute INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    note TEXT NOT NULL,
    cursor_ TEXT NOT NULL,
    opened INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    body TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX ending_new ON ending(made_at, id);

-- The last day that the company set, and the ending that a request is part of.
ALTER TABLE request ADD COLUMN ends_on TEXT NOT NULL DEFAULT '';
ALTER TABLE request ADD COLUMN ending TEXT NOT NULL DEFAULT '';
