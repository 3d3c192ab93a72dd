-- +goose Up

-- How the company lets go of customers of a segment. Body holds what they read, what
-- new terms are, and what was found.
CREATE TABLE lane (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    way TEXT NOT NULL,
    segment TEXT NOT NULL,
    rule TEXT NOT NULL,
    people INTEGER NOT NULL,
    of_all INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    stopped_at INTEGER NOT NULL,
    stopped_by TEXT NOT NULL,
    looked_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX lane_state ON lane(state);

-- A customer in a lane. Body holds why them, sealed with their key.
CREATE TABLE lane_member (
    id TEXT NOT NULL PRIMARY KEY,
    lane_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    state TEXT NOT NULL,
    chosen_at INTEGER NOT NULL,
    chosen_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    ending_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    contracts TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    answered_at INTEGER NOT NULL,
    over_at INTEGER NOT NULL,
    over_by TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (lane_id, customer_id)
) STRICT;

CREATE INDEX lane_member_customer ON lane_member(customer_id);
CREATE INDEX lane_member_case ON lane_member(case_id);
CREATE INDEX lane_member_ending ON lane_member(ending_id);
CREATE INDEX lane_member_token ON lane_member(token_hash);
