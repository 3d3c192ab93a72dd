-- +goose Up

CREATE TABLE answer (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    step_id TEXT COLLATE "C" NOT NULL UNIQUE,
    form TEXT COLLATE "C" NOT NULL,
    answered_by TEXT COLLATE "C" NOT NULL,
    saved_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX answer_of_case ON answer(case_id);
