-- +goose Up

CREATE TABLE playbook_version (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    activated_at INTEGER NOT NULL,
    activated_by TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX one_active_playbook ON playbook_version(name) WHERE state = 'active';
