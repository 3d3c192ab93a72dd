-- +goose Up

-- For what somebody lets their address be kept once they are erased, and then the
-- address itself, sealed under a key of its own. What it says is gone when it ended.
CREATE TABLE kept_contact (
    customer_id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    told BIGINT NOT NULL,
    back BIGINT NOT NULL,
    wording TEXT NOT NULL,
    language TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    kept_at BIGINT NOT NULL,
    until_on TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BYTEA NOT NULL,
    ended_at BIGINT NOT NULL,
    why TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX kept_contact_case ON kept_contact(case_id);
