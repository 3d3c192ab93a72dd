-- +goose Up

-- The law that a departure was decided under when it was registered: the day,
-- the packs with their versions, what was known, and the time limits that it
-- sets. What packs say later changes none of it.
CREATE TABLE law_case (
    case_id TEXT NOT NULL PRIMARY KEY REFERENCES case_(id),
    day TEXT NOT NULL,
    chosen TEXT NOT NULL,
    refs TEXT NOT NULL,
    facts TEXT NOT NULL,
    duties TEXT NOT NULL,
    decided_at INTEGER NOT NULL
) STRICT;

-- The text of every pack that something was decided by.
CREATE TABLE law_pack (
    digest TEXT NOT NULL PRIMARY KEY,
    pack TEXT NOT NULL,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;

-- Time limits of the law, of departures and of complaints of customers who do
-- not leave.
CREATE TABLE law_limit (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    about TEXT NOT NULL,
    param TEXT NOT NULL,
    rule TEXT NOT NULL,
    body TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    end_at INTEGER NOT NULL,
    zone TEXT NOT NULL,
    state TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    over_by TEXT NOT NULL,
    warned_at INTEGER NOT NULL,
    late_at INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (customer_id, case_id, param, about)
) STRICT;

CREATE INDEX law_limit_case ON law_limit(case_id);
CREATE INDEX law_limit_end ON law_limit(end_at);
