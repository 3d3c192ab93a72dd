-- +goose Up

-- Which legal act a request declares, and what became of a withdrawal: whether
-- the right stood, by which rule, and what comes back until when. Sums and
-- rules stand in doc; nobody is named.
ALTER TABLE request ADD COLUMN act TEXT COLLATE "C" NOT NULL DEFAULT 'terminate';

CREATE TABLE withdrawal (
    case_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    request_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    declared_at BIGINT NOT NULL,
    until_ BIGINT NOT NULL,
    refund_by BIGINT NOT NULL,
    doc TEXT COLLATE "C" NOT NULL
);
