-- +goose Up

-- What a text that a customer wrote is about: as the model took it, and as somebody
-- who read it says. The text itself stands where it was written, sealed. Likely is
-- empty where nothing was written.
CREATE TABLE theme (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    model BIGINT NOT NULL,
    likely TEXT COLLATE "C" NOT NULL,
    permille BIGINT NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    said TEXT COLLATE "C" NOT NULL,
    said_by TEXT COLLATE "C" NOT NULL,
    said_at BIGINT NOT NULL
);

CREATE INDEX theme_case ON theme(case_id);
CREATE INDEX theme_customer ON theme(customer_id);
CREATE INDEX theme_said ON theme(said_at) WHERE said <> '';

-- The one model that groups them. Those before it are not kept.
CREATE TABLE theme_model (
    number BIGINT NOT NULL PRIMARY KEY,
    made_at BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    texts BIGINT NOT NULL,
    customers BIGINT NOT NULL,
    body BYTEA NOT NULL
);
