-- +goose Up

-- What a bundle is made of, while it is made and as long as it is there: a file
-- that is packed, or is being packed, and a source that was read to its end. What
-- they are called is sealed. The pieces lie beside the database.
CREATE TABLE bundle_file (
    set_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    case_id TEXT NOT NULL REFERENCES case_(id),
    stage TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (set_id, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX bundle_file_case ON bundle_file(case_id);
