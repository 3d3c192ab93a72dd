-- +goose Up

-- What an import changed of customers who were there before: what it was, and
-- what the import left, so that undoing it loses nothing. It goes with them.
CREATE TABLE import_change (
    import_id TEXT NOT NULL REFERENCES import_run(id),
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    was TEXT NOT NULL,
    now_ TEXT NOT NULL,
    PRIMARY KEY (import_id, kind, record_id)
) STRICT;

CREATE INDEX import_change_customer ON import_change(customer_id);
