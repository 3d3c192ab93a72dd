-- +goose Up

-- Files that wait until somebody says what their columns are: sealed, and
-- forgotten when they were imported, or a day later.
CREATE TABLE import_upload (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    by_ TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL
);
