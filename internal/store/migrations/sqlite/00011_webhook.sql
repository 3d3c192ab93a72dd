-- +goose Up

CREATE TABLE webhook (
    id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    active INTEGER NOT NULL,
    off_why TEXT NOT NULL,
    secret BLOB NOT NULL,
    old_secret BLOB NOT NULL,
    old_until INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_event (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE INDEX webhook_active ON webhook(created_at, id) WHERE active = 1;
CREATE INDEX work_of_webhook ON work(system, id) WHERE kind = 'webhook_delivery';
