-- +goose Up

-- The way that a customer took on the pages: the version and variant of the
-- flow, where they said that they live, and, sealed in body, what its form asks
-- that other forms do not.
CREATE TABLE way (
    request_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    flow TEXT COLLATE "C" NOT NULL,
    law TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    arm TEXT COLLATE "C" NOT NULL,
    segment TEXT COLLATE "C" NOT NULL,
    act TEXT COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    said TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL
);

-- The nodes of the flow that they met, when first.
CREATE TABLE way_node (
    request_id TEXT COLLATE "C" NOT NULL,
    node TEXT COLLATE "C" NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (request_id, node)
);
