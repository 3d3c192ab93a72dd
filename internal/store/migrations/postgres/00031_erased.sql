-- +goose Up

-- Whoever was erased is asked nothing in any of their departures.
CREATE INDEX erasure_of_customer ON erasure(customer_id);
