-- +goose Up

-- Who made a customer up for a rehearsal; empty: a real one. Written once, with
-- the customer, and never changed.
ALTER TABLE customer ADD COLUMN test_by TEXT NOT NULL DEFAULT '';
CREATE INDEX customer_test ON customer(id) WHERE test_by <> '';

-- Whether a departure is that of such a customer.
ALTER TABLE case_ ADD COLUMN test INTEGER NOT NULL DEFAULT 0;
CREATE INDEX case_test ON case_(id) WHERE test = 1;

-- Whether an endpoint wants to hear of rehearsals too.
ALTER TABLE webhook ADD COLUMN tests INTEGER NOT NULL DEFAULT 0;
