-- +goose Up

CREATE TABLE answer (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    step_id TEXT NOT NULL UNIQUE,
    form TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    saved_at INTEGER NOT NULL,
    done_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX answer_of_case ON answer(case_id);
