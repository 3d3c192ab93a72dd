-- +goose Up

CREATE TABLE offer (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL UNIQUE REFERENCES case_(id),
    customer_id TEXT NOT NULL REFERENCES customer(id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    until_on TEXT NOT NULL,
    by_on TEXT NOT NULL,
    complaint_id TEXT NOT NULL,
    commitment_id TEXT NOT NULL,
    offered_by TEXT NOT NULL,
    offered_at INTEGER NOT NULL,
    answered_at INTEGER NOT NULL,
    over_by TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE invitation (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    step_id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    format TEXT NOT NULL,
    neutral INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    state TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX invitation_of_case ON invitation(case_id);
