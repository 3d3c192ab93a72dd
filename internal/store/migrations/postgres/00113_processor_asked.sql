-- +goose Up

-- What a processor is asked: to erase what it holds of a customer. Its receipt ends it,
-- known by its SHA-256. What is said of it is sealed with the key of the customer.
CREATE TABLE processor_asked (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    step_id TEXT COLLATE "C" NOT NULL,
    system TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    due_on TEXT COLLATE "C" NOT NULL,
    reminded BIGINT NOT NULL,
    erased_on TEXT COLLATE "C" NOT NULL,
    proof TEXT COLLATE "C" NOT NULL,
    key_sum TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    file_id TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE UNIQUE INDEX processor_asked_case ON processor_asked(case_id, step_id, system);
CREATE UNIQUE INDEX processor_asked_receipt ON processor_asked(sha256) WHERE sha256 <> '';
CREATE INDEX processor_asked_customer ON processor_asked(customer_id);
