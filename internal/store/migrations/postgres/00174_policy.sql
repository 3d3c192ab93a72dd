-- +goose Up

-- Policies of offers, as they were published: written once and never changed, with the
-- files of the offers as they were then. The one with the highest number is in force;
-- where there is none, the one that the server was started with is.
CREATE TABLE policy_edition (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    version TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    files TEXT COLLATE "C" NOT NULL,
    made_of TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    hands TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    by_ TEXT COLLATE "C" NOT NULL
);
CREATE INDEX policy_edition_version ON policy_edition(version);

-- What is written and not published yet. It may hold anything.
CREATE TABLE policy_draft (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    files TEXT COLLATE "C" NOT NULL,
    base TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    hands TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX policy_draft_open ON policy_draft(changed_at) WHERE state = 'open';
