-- +goose Up

-- Acts that were put to the customer, or to a time that is waited for, where
-- one person works.
CREATE TABLE approval (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    about TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    step_key TEXT COLLATE "C" NOT NULL,
    way TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
    until_at BIGINT NOT NULL,
    over_at BIGINT NOT NULL,
    over_by TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

CREATE UNIQUE INDEX approval_asked ON approval(subject) WHERE state = 'asked';
CREATE INDEX approval_case ON approval(case_id, asked_at);
