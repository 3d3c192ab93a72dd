-- +goose Up

-- Letters that customers answered with, read in by somebody of the company; the
-- letter itself is sealed in body.
CREATE TABLE received (
    id TEXT NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    meaning TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    read_by TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    over_by TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX received_state ON received(state, read_at);
CREATE INDEX received_customer ON received(customer_id);
