-- +goose Up

CREATE TABLE obligation (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    step_id TEXT COLLATE "C" NOT NULL,
    asset_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    due TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    over_on TEXT COLLATE "C" NOT NULL,
    receipt TEXT COLLATE "C" NOT NULL,
    charge_minor BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    balance_id TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (step_id, asset_id)
);

CREATE INDEX obligation_of_case ON obligation(case_id);
CREATE INDEX obligation_of ON obligation(customer_id);
