-- +goose Up

-- Acts that were put to the customer, or to a time that is waited for, where
-- one person works.
CREATE TABLE approval (
    id TEXT NOT NULL PRIMARY KEY,
    about TEXT NOT NULL,
    subject TEXT NOT NULL,
    case_id TEXT NOT NULL,
    step_key TEXT NOT NULL,
    way TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    asked_by TEXT NOT NULL,
    until_at INTEGER NOT NULL,
    over_at INTEGER NOT NULL,
    over_by TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX approval_asked ON approval(subject) WHERE state = 'asked';
CREATE INDEX approval_case ON approval(case_id, asked_at);
