-- +goose Up

ALTER TABLE case_ ADD COLUMN retrieval_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE step ADD COLUMN spec TEXT NOT NULL DEFAULT '{}';
ALTER TABLE step ADD COLUMN escalated TEXT NOT NULL DEFAULT '';

CREATE TABLE blob (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    case_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    name TEXT NOT NULL,
    media TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE INDEX blob_of_case ON blob(case_id, created_at);
