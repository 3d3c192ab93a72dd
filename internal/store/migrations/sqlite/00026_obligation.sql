-- +goose Up

CREATE TABLE obligation (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    case_id TEXT NOT NULL REFERENCES case_(id),
    step_id TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT NOT NULL,
    over_on TEXT NOT NULL,
    receipt TEXT NOT NULL,
    charge_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    balance_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (step_id, asset_id)
) STRICT;

CREATE INDEX obligation_of_case ON obligation(case_id);
CREATE INDEX obligation_of ON obligation(customer_id);
