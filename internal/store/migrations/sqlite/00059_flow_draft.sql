-- +goose Up

-- What is written and not published yet. It may hold anything; what is
-- published of it is a flow_version.
CREATE TABLE flow_draft (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    source TEXT NOT NULL,
    signup TEXT NOT NULL,
    facts TEXT NOT NULL,
    base TEXT NOT NULL,
    note TEXT NOT NULL,
    hands TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX flow_draft_open ON flow_draft(changed_at) WHERE state = 'open';
