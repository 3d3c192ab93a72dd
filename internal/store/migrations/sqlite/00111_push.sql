-- +goose Up

-- What host products push of customers that no far system of ours can read, and the
-- parts in which it comes. What came lies in pieces beside the database; a part that
-- is gone is one whose pieces are to be deleted.
CREATE TABLE push (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    format TEXT NOT NULL,
    titles TEXT NOT NULL,
    columns TEXT NOT NULL,
    state TEXT NOT NULL,
    parts INTEGER NOT NULL,
    highest INTEGER NOT NULL,
    total INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (customer_id, name, number)
) STRICT;

CREATE TABLE push_part (
    id TEXT NOT NULL PRIMARY KEY,
    push_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    last INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    pieces INTEGER NOT NULL,
    pushed_at INTEGER NOT NULL,
    gone_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (push_id, n)
) STRICT;

CREATE INDEX push_part_customer ON push_part(customer_id);
CREATE INDEX push_part_gone ON push_part(gone_at) WHERE gone_at > 0;
