-- +goose Up

-- What comes for a contract beside its renewal, and has to be told in time: the
-- end of a trial, another price.
CREATE TABLE coming (
    subscription_id TEXT NOT NULL REFERENCES subscription(id),
    customer_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    day TEXT NOT NULL,
    minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (subscription_id, kind)
) STRICT;

CREATE INDEX coming_customer ON coming(customer_id);

-- What was told of it, or could not be: which windows of the law it was in.
CREATE TABLE law_notice (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    subscription_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    event_day TEXT NOT NULL,
    day TEXT NOT NULL,
    message_id TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    body TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    UNIQUE (subscription_id, kind, event_day, day)
) STRICT;

CREATE INDEX law_notice_customer ON law_notice(customer_id);
CREATE INDEX law_notice_message ON law_notice(message_id);

-- What was measured of the way out, by day: counts, and never of whom.
CREATE TABLE exit_count (
    day TEXT NOT NULL,
    name TEXT NOT NULL,
    n INTEGER NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (day, name)
) STRICT;
