-- +goose Up

CREATE TABLE complaint (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    received TEXT NOT NULL,
    answer_by TEXT NOT NULL,
    state TEXT NOT NULL,
    answer_on TEXT NOT NULL,
    over_on TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX complaint_of ON complaint(customer_id, received);
CREATE INDEX complaint_open ON complaint(answer_by) WHERE state IN ('open', 'promised');

CREATE TABLE commitment (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    case_id TEXT NOT NULL,
    complaint_id TEXT NOT NULL,
    side TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT NOT NULL,
    over_on TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX commitment_of ON commitment(customer_id, due);
CREATE INDEX commitment_pending ON commitment(due) WHERE state = 'pending';
