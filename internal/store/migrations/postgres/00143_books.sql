-- +goose Up

-- What the billing system of a contract said last is open, with its SHA-256; or
-- why it said nothing that counts. It is deleted when the customer is erased.
CREATE TABLE books (
    subscription_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES subscription(id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    system TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    failed TEXT COLLATE "C" NOT NULL,
    billed_to TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    doc TEXT COLLATE "C" NOT NULL
);
CREATE INDEX books_customer ON books (customer_id);
