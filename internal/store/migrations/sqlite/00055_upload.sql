-- +goose Up

-- Files that wait until somebody says what their columns are: sealed, and
-- forgotten when they were imported, or a day later.
CREATE TABLE import_upload (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    file TEXT NOT NULL,
    by_ TEXT NOT NULL,
    at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
