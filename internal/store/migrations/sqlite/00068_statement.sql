-- +goose Up

-- The statement of a departure: its lines and totals in doc, which is emptied
-- when the customer is erased, and what became of it.
CREATE TABLE statement (
    case_id TEXT NOT NULL PRIMARY KEY REFERENCES case_(id),
    state TEXT NOT NULL,
    doc TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    signed_at INTEGER NOT NULL,
    signed_by TEXT NOT NULL,
    answered_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
