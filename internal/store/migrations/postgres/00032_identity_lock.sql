-- +goose Up

-- The row that erasing writes and whoever brings in customers reads: the two wait for each other.
CREATE TABLE identity_lock (
    name TEXT NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
);

INSERT INTO identity_lock (name, n) VALUES ('erasing', 0);

CREATE INDEX request_of_customer ON request(customer_id) WHERE customer_id <> '';
CREATE INDEX message_of_request ON message(request_id);
