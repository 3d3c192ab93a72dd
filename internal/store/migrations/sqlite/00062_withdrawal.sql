-- +goose Up

-- Which legal act a request declares, and what became of a withdrawal: whether
-- the right stood, by which rule, and what comes back until when. Sums and
-- rules stand in doc; nobody is named.
ALTER TABLE request ADD COLUMN act TEXT NOT NULL DEFAULT 'terminate';

CREATE TABLE withdrawal (
    case_id TEXT NOT NULL PRIMARY KEY,
    request_id TEXT NOT NULL,
    state TEXT NOT NULL,
    declared_at INTEGER NOT NULL,
    until_ INTEGER NOT NULL,
    refund_by INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;
