-- +goose Up

-- Letters that customers answered with, read in by somebody of the company; the
-- letter itself is sealed in body.
CREATE TABLE received (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sha256 TEXT COLLATE "C" NOT NULL UNIQUE,
    state TEXT COLLATE "C" NOT NULL,
    meaning TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    read_at BIGINT NOT NULL,
    read_by TEXT COLLATE "C" NOT NULL,
    over_at BIGINT NOT NULL,
    over_by TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX received_state ON received(state, read_at);
CREATE INDEX received_customer ON received(customer_id);
