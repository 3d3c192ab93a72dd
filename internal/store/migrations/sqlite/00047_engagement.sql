-- +goose Up

-- Work that was agreed is a contract like a product: how it is agreed (project,
-- retainer, hours; empty: a product) and when it is invoiced.
ALTER TABLE subscription ADD COLUMN engagement TEXT NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN billed TEXT NOT NULL DEFAULT '';

-- What was promised within it, until when, and when it was delivered.
CREATE TABLE deliverable (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    subscription_id TEXT NOT NULL REFERENCES subscription(id),
    title TEXT NOT NULL,
    due_on TEXT NOT NULL,
    delivered_on TEXT NOT NULL,
    UNIQUE (subscription_id, title)
) STRICT;

CREATE INDEX deliverable_of ON deliverable(customer_id);
