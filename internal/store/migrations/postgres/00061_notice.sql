-- +goose Up

-- What comes for a contract beside its renewal, and has to be told in time: the
-- end of a trial, another price.
CREATE TABLE coming (
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscription(id),
    customer_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    minor BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (subscription_id, kind)
);

CREATE INDEX coming_customer ON coming(customer_id);

-- What was told of it, or could not be: which windows of the law it was in.
CREATE TABLE law_notice (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL,
    subscription_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    event_day TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (subscription_id, kind, event_day, day)
);

CREATE INDEX law_notice_customer ON law_notice(customer_id);
CREATE INDEX law_notice_message ON law_notice(message_id);

-- What was measured of the way out, by day: counts, and never of whom.
CREATE TABLE exit_count (
    day TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (day, name)
);
