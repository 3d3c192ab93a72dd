-- +goose Up

-- The days on which customers who owe something said that they will pay.
CREATE TABLE payment_promise (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL,
    pay_on TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    over_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX payment_promise_case ON payment_promise(case_id);
CREATE INDEX payment_promise_customer ON payment_promise(customer_id);

-- Where the customer can pay a bill, at the billing system; empty: nowhere.
ALTER TABLE balance ADD COLUMN pay_url TEXT COLLATE "C" NOT NULL DEFAULT '';
