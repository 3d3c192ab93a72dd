-- +goose Up

-- Policies of offers, as they were published: written once and never changed, with the
-- files of the offers as they were then. The one with the highest number is in force;
-- where there is none, the one that the server was started with is.
CREATE TABLE policy_edition (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    files TEXT NOT NULL,
    made_of TEXT NOT NULL,
    note TEXT NOT NULL,
    hands TEXT NOT NULL,
    at INTEGER NOT NULL,
    by_ TEXT NOT NULL
) STRICT;
CREATE INDEX policy_edition_version ON policy_edition(version);

-- What is written and not published yet. It may hold anything.
CREATE TABLE policy_draft (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    source TEXT NOT NULL,
    files TEXT NOT NULL,
    base TEXT NOT NULL,
    note TEXT NOT NULL,
    hands TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX policy_draft_open ON policy_draft(changed_at) WHERE state = 'open';
