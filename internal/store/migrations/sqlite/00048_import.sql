-- +goose Up

-- Every import that stored something: who, when, from which file, and how many
-- rows. It can be undone once.
CREATE TABLE import_run (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    by_ TEXT NOT NULL,
    file TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    rows_ INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    undone_at INTEGER NOT NULL,
    undone_by TEXT NOT NULL
) STRICT;

-- What it made: customers, contracts of others, departures; with the version of
-- a customer as the import left them.
CREATE TABLE import_made (
    import_id TEXT NOT NULL REFERENCES import_run(id),
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (import_id, kind, record_id)
) STRICT;

CREATE INDEX import_made_of ON import_made(record_id);
