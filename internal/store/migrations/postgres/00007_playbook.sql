-- +goose Up

CREATE TABLE playbook_version (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    activated_at BIGINT NOT NULL,
    activated_by TEXT COLLATE "C" NOT NULL
);

CREATE UNIQUE INDEX one_active_playbook ON playbook_version(name) WHERE state = 'active';
