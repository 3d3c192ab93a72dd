-- +goose Up

-- What a customer takes along, on its way into a store of their own. Where it goes
-- and with which key is sealed with the customer's key, and gone when it is over.
CREATE TABLE bucket_send (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    customer_id TEXT NOT NULL,
    blob_id TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    tries INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    over_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX bucket_send_case ON bucket_send(case_id, id);
CREATE INDEX bucket_send_customer ON bucket_send(customer_id);
