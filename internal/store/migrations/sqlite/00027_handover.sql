-- +goose Up

CREATE TABLE handover_item (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    case_id TEXT NOT NULL REFERENCES case_(id),
    step_id TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    way TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    accepted_by TEXT NOT NULL,
    rotation TEXT NOT NULL,
    rotate_by TEXT NOT NULL,
    rotated_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (step_id, asset_id)
) STRICT;

CREATE INDEX handover_of_case ON handover_item(case_id);
CREATE INDEX handover_of ON handover_item(customer_id);

-- A credential on its way: body is empty once it was opened, expired or withdrawn.
CREATE TABLE envelope (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    item_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX envelope_of_case ON envelope(case_id);
CREATE INDEX envelope_by_token ON envelope(token_hash) WHERE token_hash <> '';

-- What was erased of a customer, and what stays: the content of their certificate, sealed.
CREATE TABLE erasure (
    case_id TEXT NOT NULL PRIMARY KEY REFERENCES case_(id),
    customer_id TEXT NOT NULL REFERENCES customer(id),
    erased_at INTEGER NOT NULL,
    destroyed_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- Keyed hashes of what erased people were known by: nothing brings them back unseen.
CREATE TABLE tombstone (
    hash TEXT NOT NULL PRIMARY KEY,
    erased_at INTEGER NOT NULL,
    case_id TEXT NOT NULL
) STRICT;
