-- +goose Up

CREATE TABLE consent (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    case_id TEXT NOT NULL REFERENCES case_(id),
    purpose TEXT NOT NULL,
    given INTEGER NOT NULL,
    wording TEXT NOT NULL,
    language TEXT NOT NULL,
    answered_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (case_id, purpose)
) STRICT;

CREATE TABLE silence (
    customer_id TEXT NOT NULL PRIMARY KEY REFERENCES customer(id),
    since INTEGER NOT NULL,
    lifted_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE winback_letter (
    id TEXT NOT NULL PRIMARY KEY,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- Which letter a message carries; one per departure.
CREATE TABLE winback_sent (
    message_id TEXT NOT NULL PRIMARY KEY,
    letter_id TEXT NOT NULL REFERENCES winback_letter(id),
    case_id TEXT NOT NULL UNIQUE REFERENCES case_(id)
) STRICT;
