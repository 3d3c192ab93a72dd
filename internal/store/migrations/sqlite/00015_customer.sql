-- +goose Up

ALTER TABLE customer ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
-- The name as it is sorted: folded. Empty until the program has made it.
ALTER TABLE customer ADD COLUMN name_key TEXT NOT NULL DEFAULT '';

CREATE TABLE external_id (
    system TEXT NOT NULL,
    value TEXT NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    PRIMARY KEY (system, value)
) STRICT;

-- The words that a customer is found by, by how they begin.
CREATE TABLE customer_word (
    word TEXT NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    PRIMARY KEY (word, customer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE customer_segment (
    name TEXT NOT NULL PRIMARY KEY
) STRICT;

CREATE INDEX external_id_of ON external_id(customer_id);
-- It holds all that lists are filtered by, so that a rare filter reads no row.
CREATE INDEX customer_by_key ON customer(name_key, id, segment, country, kind);
DROP INDEX customer_by_name;
