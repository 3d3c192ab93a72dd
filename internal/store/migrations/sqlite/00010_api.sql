-- +goose Up

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_on INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    revoked_by TEXT NOT NULL
) STRICT;

CREATE TABLE once (
    api_key TEXT NOT NULL REFERENCES api_key(id),
    name_hash TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    holder TEXT NOT NULL,
    held_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    answer BLOB NOT NULL,
    sealed_by TEXT NOT NULL,
    PRIMARY KEY (api_key, name_hash)
) STRICT;

CREATE INDEX once_old ON once(expires_at);
