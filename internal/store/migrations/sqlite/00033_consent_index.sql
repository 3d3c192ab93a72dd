-- +goose Up

-- The last word of a customer is looked for among all of theirs.
CREATE INDEX consent_customer ON consent (customer_id);
