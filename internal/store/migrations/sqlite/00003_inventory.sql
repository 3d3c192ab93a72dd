-- +goose Up

ALTER TABLE subscription ADD COLUMN term_end TEXT NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN renews_on TEXT NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN notice_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN lock_in_until TEXT NOT NULL DEFAULT '';

CREATE TABLE grant_ (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    system TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    depends_on TEXT NOT NULL,
    status TEXT NOT NULL,
    UNIQUE (system, account)
) STRICT;

CREATE TABLE asset (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    reference TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    UNIQUE (customer_id, reference)
) STRICT;

CREATE TABLE balance (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    reference TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    due_on TEXT NOT NULL,
    status TEXT NOT NULL
) STRICT;

CREATE INDEX grant_of ON grant_(customer_id);
CREATE INDEX balance_of ON balance(customer_id);
CREATE INDEX case_of_customer ON case_(customer_id, requested_at);
