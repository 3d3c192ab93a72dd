-- +goose Up

-- What a processor is asked: to erase what it holds of a customer. Its receipt ends it,
-- known by its SHA-256. What is said of it is sealed with the key of the customer.
CREATE TABLE processor_asked (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES case_(id),
    step_id TEXT NOT NULL,
    system TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    due_on TEXT NOT NULL,
    reminded INTEGER NOT NULL,
    erased_on TEXT NOT NULL,
    proof TEXT NOT NULL,
    key_sum TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    file_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX processor_asked_case ON processor_asked(case_id, step_id, system);
CREATE UNIQUE INDEX processor_asked_receipt ON processor_asked(sha256) WHERE sha256 <> '';
CREATE INDEX processor_asked_customer ON processor_asked(customer_id);
