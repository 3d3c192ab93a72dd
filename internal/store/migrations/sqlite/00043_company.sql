-- +goose Up

-- Who the house belongs to, as customers meet it: every version, the newest
-- counts. Without one the configuration counts.
CREATE TABLE company_version (
    version INTEGER NOT NULL PRIMARY KEY,
    profile TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL
) STRICT;

-- Pictures that versions name, by the digest of what is in them.
CREATE TABLE company_logo (
    digest TEXT NOT NULL PRIMARY KEY,
    media TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
