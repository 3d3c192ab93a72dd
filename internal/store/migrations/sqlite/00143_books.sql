-- +goose Up

-- What the billing system of a contract said last is open, with its SHA-256; or
-- why it said nothing that counts. It is deleted when the customer is erased.
CREATE TABLE books (
    subscription_id TEXT NOT NULL PRIMARY KEY REFERENCES subscription(id),
    customer_id TEXT NOT NULL REFERENCES customer(id),
    system TEXT NOT NULL,
    at INTEGER NOT NULL,
    failed TEXT NOT NULL,
    billed_to TEXT NOT NULL,
    digest TEXT NOT NULL,
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX books_customer ON books (customer_id);
