-- +goose Up

-- The way that a customer took on the pages: the version and variant of the
-- flow, where they said that they live, and, sealed in body, what its form asks
-- that other forms do not.
CREATE TABLE way (
    request_id TEXT NOT NULL PRIMARY KEY,
    flow TEXT NOT NULL,
    law TEXT NOT NULL,
    language TEXT NOT NULL,
    device TEXT NOT NULL,
    arm TEXT NOT NULL,
    segment TEXT NOT NULL,
    act TEXT NOT NULL,
    place TEXT NOT NULL,
    said TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- The nodes of the flow that they met, when first.
CREATE TABLE way_node (
    request_id TEXT NOT NULL,
    node TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (request_id, node)
) STRICT;
