-- +goose Up

-- Flows that customers meet, as they were published: written once and never
-- changed. The one with the highest number is in force; where there is none,
-- the flow that comes with the program is.
CREATE TABLE flow_version (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    signup TEXT NOT NULL,
    facts TEXT NOT NULL,
    hash TEXT NOT NULL,
    made_of TEXT NOT NULL,
    note TEXT NOT NULL,
    hands TEXT NOT NULL,
    law_day TEXT NOT NULL,
    packs TEXT NOT NULL,
    at INTEGER NOT NULL,
    by_ TEXT NOT NULL
) STRICT;
