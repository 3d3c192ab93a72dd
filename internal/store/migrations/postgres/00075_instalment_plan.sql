-- +goose Up

-- Agreements, or wishes for one, to pay what is owed in parts. A part is its day,
-- its sum in the smallest unit and the day on which it was paid.
CREATE TABLE instalment_plan (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    sum_minor BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    parts TEXT COLLATE "C" NOT NULL,
    balances TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    agreed_by TEXT COLLATE "C" NOT NULL,
    over_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX instalment_plan_case ON instalment_plan(case_id);
CREATE INDEX instalment_plan_customer ON instalment_plan(customer_id);
