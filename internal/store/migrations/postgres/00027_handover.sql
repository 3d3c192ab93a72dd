-- +goose Up

CREATE TABLE handover_item (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    step_id TEXT COLLATE "C" NOT NULL,
    asset_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    way TEXT COLLATE "C" NOT NULL,
    given_at BIGINT NOT NULL,
    accepted_at BIGINT NOT NULL,
    accepted_by TEXT COLLATE "C" NOT NULL,
    rotation TEXT COLLATE "C" NOT NULL,
    rotate_by TEXT COLLATE "C" NOT NULL,
    rotated_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (step_id, asset_id)
);

CREATE INDEX handover_of_case ON handover_item(case_id);
CREATE INDEX handover_of ON handover_item(customer_id);

-- A credential on its way: body is empty once it was opened, expired or withdrawn.
CREATE TABLE envelope (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    item_id TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX envelope_of_case ON envelope(case_id);
CREATE INDEX envelope_by_token ON envelope(token_hash) WHERE token_hash <> '';

-- What was erased of a customer, and what stays: the content of their certificate, sealed.
CREATE TABLE erasure (
    case_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    erased_at BIGINT NOT NULL,
    destroyed_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

-- Keyed hashes of what erased people were known by: nothing brings them back unseen.
CREATE TABLE tombstone (
    hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    erased_at BIGINT NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL
);
