-- +goose Up

-- Every import that stored something: who, when, from which file, and how many
-- rows. It can be undone once.
CREATE TABLE import_run (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    by_ TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    began_at BIGINT NOT NULL,
    rows_ BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    undone_at BIGINT NOT NULL,
    undone_by TEXT COLLATE "C" NOT NULL
);

-- What it made: customers, contracts of others, departures; with the version of
-- a customer as the import left them.
CREATE TABLE import_made (
    import_id TEXT COLLATE "C" NOT NULL REFERENCES import_run(id),
    kind TEXT COLLATE "C" NOT NULL,
    record_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (import_id, kind, record_id)
);

CREATE INDEX import_made_of ON import_made(record_id);
