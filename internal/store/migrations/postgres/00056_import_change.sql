-- +goose Up

-- What an import changed of customers who were there before: what it was, and
-- what the import left, so that undoing it loses nothing. It goes with them.
CREATE TABLE import_change (
    import_id TEXT COLLATE "C" NOT NULL REFERENCES import_run(id),
    kind TEXT COLLATE "C" NOT NULL,
    record_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    was TEXT COLLATE "C" NOT NULL,
    now_ TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (import_id, kind, record_id)
);

CREATE INDEX import_change_customer ON import_change(customer_id);
