-- +goose Up

-- The credentials of far systems that are kept here, sealed.
CREATE TABLE system_secret (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL,
    key_id TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    set_by TEXT NOT NULL
) STRICT;
