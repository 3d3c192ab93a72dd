-- +goose Up

CREATE TABLE voice (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    customer_id TEXT NOT NULL REFERENCES customer(id),
    kind TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    until_on TEXT NOT NULL,
    withdrawn_at INTEGER NOT NULL,
    blob_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- One testimonial and one link of each departure.
CREATE UNIQUE INDEX voice_once ON voice(case_id, kind);
CREATE INDEX voice_given ON voice(given_at, id);
