-- +goose Up

-- The statement of a departure: its lines and totals in doc, which is emptied
-- when the customer is erased, and what became of it.
CREATE TABLE statement (
    case_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES case_(id),
    state TEXT COLLATE "C" NOT NULL,
    doc TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    signed_at BIGINT NOT NULL,
    signed_by TEXT COLLATE "C" NOT NULL,
    answered_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
