-- +goose Up

-- What is tried on customers who leave. Source is the file as it was written,
-- definition what is counted by it, result what was concluded or why it stopped.
CREATE TABLE experiment (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    place TEXT NOT NULL,
    source TEXT NOT NULL,
    definition TEXT NOT NULL,
    result TEXT NOT NULL,
    planned INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    checked_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    until_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    ended_by TEXT NOT NULL,
    looked_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX experiment_state ON experiment(state);

-- In which departure which arm was given; seen_at is 0 until the customer saw where
-- the arms differ.
CREATE TABLE exposure (
    experiment_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    arm TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, case_id)
) STRICT;

CREATE INDEX exposure_customer ON exposure(customer_id);
CREATE INDEX exposure_case ON exposure(case_id);
CREATE INDEX exposure_seen ON exposure(experiment_id, seen_at);

-- What stays of those who were erased: counts and sums of one arm and one month.
CREATE TABLE experiment_gone (
    experiment_id TEXT NOT NULL,
    arm TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    tally TEXT NOT NULL,
    PRIMARY KEY (experiment_id, arm, from_at)
) STRICT;
