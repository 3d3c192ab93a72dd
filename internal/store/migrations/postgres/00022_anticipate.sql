-- +goose Up

-- What a metric of a customer was on a day, in thousandths.
CREATE TABLE reading (
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    metric TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (customer_id, metric, day)
);

-- The newest day of each metric, of anybody.
CREATE TABLE reading_newest (
    metric TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    day TEXT COLLATE "C" NOT NULL
);

-- How each customer is rated now (case_id is empty), and as they left.
CREATE TABLE risk (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    case_id TEXT COLLATE "C" NOT NULL,
    band TEXT COLLATE "C" NOT NULL,
    points BIGINT NOT NULL,
    scored_at BIGINT NOT NULL,
    score TEXT COLLATE "C" NOT NULL,
    UNIQUE (customer_id, case_id)
);

CREATE INDEX risk_now ON risk(band, points, customer_id) WHERE case_id = '';

CREATE TABLE play (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    kind TEXT COLLATE "C" NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    due TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_by TEXT COLLATE "C" NOT NULL,
    over_at BIGINT NOT NULL,
    score TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX play_of ON play(customer_id, opened_at);
CREATE UNIQUE INDEX play_once ON play(customer_id, kind) WHERE stage <> 'finished';
