-- +goose Up

ALTER TABLE customer ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- The name as it is sorted: folded. Empty until the program has made it.
ALTER TABLE customer ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE external_id (
    system TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    PRIMARY KEY (system, value)
);

-- The words that a customer is found by, by how they begin.
CREATE TABLE customer_word (
    word TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    PRIMARY KEY (word, customer_id)
);

CREATE TABLE customer_segment (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE INDEX external_id_of ON external_id(customer_id);
-- It holds all that lists are filtered by, so that a rare filter reads no row.
CREATE INDEX customer_by_key ON customer(name_key, id, segment, country, kind);
DROP INDEX customer_by_name;
