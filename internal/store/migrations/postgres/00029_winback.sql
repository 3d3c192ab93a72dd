-- +goose Up

CREATE TABLE consent (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    purpose TEXT COLLATE "C" NOT NULL,
    given BIGINT NOT NULL,
    wording TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    answered_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (case_id, purpose)
);

CREATE TABLE silence (
    customer_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES customer(id),
    since BIGINT NOT NULL,
    lifted_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE winback_letter (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL
);

-- Which letter a message carries; one per departure.
CREATE TABLE winback_sent (
    message_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    letter_id TEXT COLLATE "C" NOT NULL REFERENCES winback_letter(id),
    case_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES case_(id)
);
