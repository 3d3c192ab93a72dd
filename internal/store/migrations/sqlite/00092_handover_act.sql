-- +goose Up

-- A handover on paper, as it stood when it was drawn up, and whether the client
-- accepted it. The papers are files of the departure; who accepted is in body.
CREATE TABLE handover_act (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    case_id TEXT NOT NULL REFERENCES case_(id),
    number INTEGER NOT NULL,
    language TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    file_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    proof_id TEXT NOT NULL,
    proof_sha256 TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (case_id, number)
) STRICT;

CREATE INDEX handover_act_of ON handover_act(customer_id);
