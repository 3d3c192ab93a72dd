-- +goose Up

CREATE TABLE voice (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    kind TEXT COLLATE "C" NOT NULL,
    given_at BIGINT NOT NULL,
    until_on TEXT COLLATE "C" NOT NULL,
    withdrawn_at BIGINT NOT NULL,
    blob_id TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

-- One testimonial and one link of each departure.
CREATE UNIQUE INDEX voice_once ON voice(case_id, kind);
CREATE INDEX voice_given ON voice(given_at, id);
