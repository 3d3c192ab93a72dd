-- +goose Up

CREATE TABLE reason (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    customer_id TEXT NOT NULL REFERENCES customer(id),
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    taxonomy TEXT NOT NULL,
    attribution TEXT NOT NULL,
    controllable INTEGER NOT NULL,
    bad_service INTEGER NOT NULL,
    given_by TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    complaint_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE INDEX reason_of_case ON reason(case_id, given_at);
