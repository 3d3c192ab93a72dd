-- +goose Up

-- The law that a departure was decided under when it was registered: the day,
-- the packs with their versions, what was known, and the time limits that it
-- sets. What packs say later changes none of it.
CREATE TABLE law_case (
    case_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES case_(id),
    day TEXT COLLATE "C" NOT NULL,
    chosen TEXT COLLATE "C" NOT NULL,
    refs TEXT COLLATE "C" NOT NULL,
    facts TEXT COLLATE "C" NOT NULL,
    duties TEXT COLLATE "C" NOT NULL,
    decided_at BIGINT NOT NULL
);

-- The text of every pack that something was decided by.
CREATE TABLE law_pack (
    digest TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    pack TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    kept_at BIGINT NOT NULL
);

-- Time limits of the law, of departures and of complaints of customers who do
-- not leave.
CREATE TABLE law_limit (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    param TEXT COLLATE "C" NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    over_at BIGINT NOT NULL,
    over_by TEXT COLLATE "C" NOT NULL,
    warned_at BIGINT NOT NULL,
    late_at BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (customer_id, case_id, param, about)
);

CREATE INDEX law_limit_case ON law_limit(case_id);
CREATE INDEX law_limit_end ON law_limit(end_at);
