-- +goose Up

-- What was proposed to a customer before, in any departure of theirs.
CREATE INDEX offer_customer ON offer(customer_id);
