-- +goose Up

-- Work that was agreed is a contract like a product: how it is agreed (project,
-- retainer, hours; empty: a product) and when it is invoiced.
ALTER TABLE subscription ADD COLUMN engagement TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN billed TEXT COLLATE "C" NOT NULL DEFAULT '';

-- What was promised within it, until when, and when it was delivered.
CREATE TABLE deliverable (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscription(id),
    title TEXT COLLATE "C" NOT NULL,
    due_on TEXT COLLATE "C" NOT NULL,
    delivered_on TEXT COLLATE "C" NOT NULL,
    UNIQUE (subscription_id, title)
);

CREATE INDEX deliverable_of ON deliverable(customer_id);
