-- +goose Up

-- What is written and not published yet. It may hold anything; what is
-- published of it is a flow_version.
CREATE TABLE flow_draft (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    signup TEXT COLLATE "C" NOT NULL,
    facts TEXT COLLATE "C" NOT NULL,
    base TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    hands TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX flow_draft_open ON flow_draft(changed_at) WHERE state = 'open';
