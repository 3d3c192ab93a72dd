-- +goose Up

CREATE TABLE webhook (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    url TEXT COLLATE "C" NOT NULL,
    events TEXT COLLATE "C" NOT NULL,
    active BIGINT NOT NULL,
    off_why TEXT COLLATE "C" NOT NULL,
    secret BYTEA NOT NULL,
    old_secret BYTEA NOT NULL,
    old_until BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE webhook_event (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    type TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL
);

CREATE INDEX webhook_active ON webhook(created_at, id) WHERE active = 1;
CREATE INDEX work_of_webhook ON work(system, id) WHERE kind = 'webhook_delivery';
