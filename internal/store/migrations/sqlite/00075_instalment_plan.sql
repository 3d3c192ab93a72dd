-- +goose Up

-- Agreements, or wishes for one, to pay what is owed in parts. A part is its day,
-- its sum in the smallest unit and the day on which it was paid.
CREATE TABLE instalment_plan (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    customer_id TEXT NOT NULL,
    state TEXT NOT NULL,
    sum_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    parts TEXT NOT NULL,
    balances TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    agreed_by TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX instalment_plan_case ON instalment_plan(case_id);
CREATE INDEX instalment_plan_customer ON instalment_plan(customer_id);
