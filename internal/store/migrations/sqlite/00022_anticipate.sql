-- +goose Up

-- What a metric of a customer was on a day, in thousandths.
CREATE TABLE reading (
    customer_id TEXT NOT NULL REFERENCES customer(id),
    metric TEXT NOT NULL,
    day TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (customer_id, metric, day)
) STRICT, WITHOUT ROWID;

-- The newest day of each metric, of anybody.
CREATE TABLE reading_newest (
    metric TEXT NOT NULL PRIMARY KEY,
    day TEXT NOT NULL
) STRICT;

-- How each customer is rated now (case_id is empty), and as they left.
CREATE TABLE risk (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    case_id TEXT NOT NULL,
    band TEXT NOT NULL,
    points INTEGER NOT NULL,
    scored_at INTEGER NOT NULL,
    score TEXT NOT NULL,
    UNIQUE (customer_id, case_id)
) STRICT;

CREATE INDEX risk_now ON risk(band, points, customer_id) WHERE case_id = '';

CREATE TABLE play (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    kind TEXT NOT NULL,
    stage TEXT NOT NULL,
    owner TEXT NOT NULL,
    due TEXT NOT NULL,
    outcome TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    score TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX play_of ON play(customer_id, opened_at);
CREATE UNIQUE INDEX play_once ON play(customer_id, kind) WHERE stage <> 'finished';
