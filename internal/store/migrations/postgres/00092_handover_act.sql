-- +goose Up

-- A handover on paper, as it stood when it was drawn up, and whether the client
-- accepted it. The papers are files of the departure; who accepted is in body.
CREATE TABLE handover_act (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    number BIGINT NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    file_id TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    accepted_at BIGINT NOT NULL,
    proof_id TEXT COLLATE "C" NOT NULL,
    proof_sha256 TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (case_id, number)
);

CREATE INDEX handover_act_of ON handover_act(customer_id);
