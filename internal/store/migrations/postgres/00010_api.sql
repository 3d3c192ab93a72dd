-- +goose Up

CREATE TABLE api_key (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    secret_hash TEXT COLLATE "C" NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_on BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    revoked_by TEXT COLLATE "C" NOT NULL
);

CREATE TABLE once (
    api_key TEXT COLLATE "C" NOT NULL REFERENCES api_key(id),
    name_hash TEXT COLLATE "C" NOT NULL,
    request_hash TEXT COLLATE "C" NOT NULL,
    holder TEXT COLLATE "C" NOT NULL,
    held_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    answer BYTEA NOT NULL,
    sealed_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (api_key, name_hash)
);

CREATE INDEX once_old ON once(expires_at);
