-- +goose Up

-- For what somebody lets their address be kept once they are erased, and then the
-- address itself, sealed under a key of its own. What it says is gone when it ended.
CREATE TABLE kept_contact (
    customer_id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    told INTEGER NOT NULL,
    back INTEGER NOT NULL,
    wording TEXT NOT NULL,
    language TEXT NOT NULL,
    said_at INTEGER NOT NULL,
    kept_at INTEGER NOT NULL,
    until_on TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    ended_at INTEGER NOT NULL,
    why TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX kept_contact_case ON kept_contact(case_id);
