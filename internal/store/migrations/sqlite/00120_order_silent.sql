-- +goose Up

-- 1: the customer may not even know that there is the order.
ALTER TABLE authority_order ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
