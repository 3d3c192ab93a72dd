-- +goose Up

-- What a bundle is made of, while it is made and as long as it is there: a file
-- that is packed, or is being packed, and a source that was read to its end. What
-- they are called is sealed. The pieces lie beside the database.
CREATE TABLE bundle_file (
    set_id TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    stage TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (set_id, n)
);

CREATE INDEX bundle_file_case ON bundle_file(case_id);
