-- +goose Up

-- Customers whose ids end alike are a tile of the figures. Its version grows
-- with every change that can move one.
CREATE TABLE figure_tile (
    tile TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX subscription_tile ON subscription (substr(customer_id, length(customer_id) - 1));
CREATE INDEX case_tile ON case_ (substr(customer_id, length(customer_id) - 1));

INSERT INTO figure_tile (tile, version) SELECT DISTINCT substr(id, length(id) - 1), 1 FROM customer;
