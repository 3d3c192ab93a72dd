-- +goose Up

-- What stays of somebody who was erased, until its day: sums of our own record, or
-- what a far system blocks or keeps. What it says is sealed, and gone when it is
-- destroyed.
CREATE TABLE retained (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL,
    system TEXT COLLATE "C" NOT NULL,
    holding TEXT COLLATE "C" NOT NULL,
    blocked BIGINT NOT NULL,
    until_on TEXT COLLATE "C" NOT NULL,
    records BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    held_at BIGINT NOT NULL,
    held_by TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
    destroyed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (case_id, system, holding)
);

CREATE INDEX retained_customer ON retained(customer_id);
CREATE INDEX retained_until ON retained(destroyed_at, until_on);

-- When the last of it was destroyed, and the second certificate made; zero: not
-- yet.
ALTER TABLE erasure ADD COLUMN completed_at BIGINT NOT NULL DEFAULT 0;
