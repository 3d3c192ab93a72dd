-- +goose Up

-- Contracts that the company ends, many in one act; its words are in body.
CREATE TABLE ending (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL,
    pick TEXT COLLATE "C" NOT NULL,
    ends_on TEXT COLLATE "C" NOT NULL,
    per_minute BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    decided_at BIGINT NOT NULL,
    decided_by TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    cursor_ TEXT COLLATE "C" NOT NULL,
    opened BIGINT NOT NULL,
    passed BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX ending_new ON ending(made_at, id);

-- The last day that the company set, and the ending that a request is part of.
ALTER TABLE request ADD COLUMN ends_on TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE request ADD COLUMN ending TEXT COLLATE "C" NOT NULL DEFAULT '';
