-- +goose Up

-- What host products push of customers that no far system of ours can read, and the
-- parts in which it comes. What came lies in pieces beside the database; a part that
-- is gone is one whose pieces are to be deleted.
CREATE TABLE push (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    titles TEXT COLLATE "C" NOT NULL,
    columns TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    parts BIGINT NOT NULL,
    highest BIGINT NOT NULL,
    total BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (customer_id, name, number)
);

CREATE TABLE push_part (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    push_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    last BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    row_count BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    pieces BIGINT NOT NULL,
    pushed_at BIGINT NOT NULL,
    gone_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    UNIQUE (push_id, n)
);

CREATE INDEX push_part_customer ON push_part(customer_id);
CREATE INDEX push_part_gone ON push_part(gone_at) WHERE gone_at > 0;
