-- +goose Up

-- Flows that customers meet, as they were published: written once and never
-- changed. The one with the highest number is in force; where there is none,
-- the flow that comes with the program is.
CREATE TABLE flow_version (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    signup TEXT COLLATE "C" NOT NULL,
    facts TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    made_of TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    hands TEXT COLLATE "C" NOT NULL,
    law_day TEXT COLLATE "C" NOT NULL,
    packs TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    by_ TEXT COLLATE "C" NOT NULL
);
