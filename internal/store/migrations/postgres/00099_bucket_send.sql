-- +goose Up

-- What a customer takes along, on its way into a store of their own. Where it goes
-- and with which key is sealed with the customer's key, and gone when it is over.
CREATE TABLE bucket_send (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL,
    blob_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    tries BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    over_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX bucket_send_case ON bucket_send(case_id, id);
CREATE INDEX bucket_send_customer ON bucket_send(customer_id);
