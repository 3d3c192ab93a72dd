-- +goose Up

-- What a court or another authority orders about a departure. Two people put it in
-- force; while it is, nothing is erased. What it says is sealed with the key of the
-- customer.
CREATE TABLE authority_order (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    customer_id TEXT NOT NULL,
    state TEXT NOT NULL,
    withhold INTEGER NOT NULL,
    tell INTEGER NOT NULL,
    until_on TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    agreed_by TEXT NOT NULL,
    agreed_at INTEGER NOT NULL,
    over_by TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX authority_order_case ON authority_order(case_id, id);
CREATE INDEX authority_order_customer ON authority_order(customer_id);
