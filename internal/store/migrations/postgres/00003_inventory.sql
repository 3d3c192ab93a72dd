-- +goose Up

ALTER TABLE subscription ADD COLUMN term_end TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN renews_on TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN notice_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN lock_in_until TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE grant_ (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    system TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    depends_on TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    UNIQUE (system, account)
);

CREATE TABLE asset (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    reference TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    location TEXT COLLATE "C" NOT NULL,
    UNIQUE (customer_id, reference)
);

CREATE TABLE balance (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    reference TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    due_on TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL
);

CREATE INDEX grant_of ON grant_(customer_id);
CREATE INDEX balance_of ON balance(customer_id);
CREATE INDEX case_of_customer ON case_(customer_id, requested_at);
