-- +goose Up

-- What a court or another authority orders about a departure. Two people put it in
-- force; while it is, nothing is erased. What it says is sealed with the key of the
-- customer.
CREATE TABLE authority_order (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    withhold BIGINT NOT NULL,
    tell BIGINT NOT NULL,
    until_on TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    agreed_by TEXT COLLATE "C" NOT NULL,
    agreed_at BIGINT NOT NULL,
    over_by TEXT COLLATE "C" NOT NULL,
    over_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX authority_order_case ON authority_order(case_id, id);
CREATE INDEX authority_order_customer ON authority_order(customer_id);
