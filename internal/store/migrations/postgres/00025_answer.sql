-- +goose Up

CREATE TABLE offer (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    until_on TEXT COLLATE "C" NOT NULL,
    by_on TEXT COLLATE "C" NOT NULL,
    complaint_id TEXT COLLATE "C" NOT NULL,
    commitment_id TEXT COLLATE "C" NOT NULL,
    offered_by TEXT COLLATE "C" NOT NULL,
    offered_at BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    over_by TEXT COLLATE "C" NOT NULL,
    over_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE invitation (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    step_id TEXT COLLATE "C" NOT NULL UNIQUE,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    format TEXT COLLATE "C" NOT NULL,
    neutral BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    minutes BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX invitation_of_case ON invitation(case_id);
