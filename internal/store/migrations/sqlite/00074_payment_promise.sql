-- +goose Up

-- The days on which customers who owe something said that they will pay.
CREATE TABLE payment_promise (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    customer_id TEXT NOT NULL,
    pay_on TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX payment_promise_case ON payment_promise(case_id);
CREATE INDEX payment_promise_customer ON payment_promise(customer_id);

-- Where the customer can pay a bill, at the billing system; empty: nowhere.
ALTER TABLE balance ADD COLUMN pay_url TEXT NOT NULL DEFAULT '';
