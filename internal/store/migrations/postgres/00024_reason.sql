-- +goose Up

CREATE TABLE reason (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    kind TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    taxonomy TEXT COLLATE "C" NOT NULL,
    attribution TEXT COLLATE "C" NOT NULL,
    controllable BIGINT NOT NULL,
    bad_service BIGINT NOT NULL,
    given_by TEXT COLLATE "C" NOT NULL,
    given_at BIGINT NOT NULL,
    complaint_id TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL
);

CREATE INDEX reason_of_case ON reason(case_id, given_at);
