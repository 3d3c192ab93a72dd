-- +goose Up

-- Keyed hashes of the addresses of whoever asked for silence: nobody under the same
-- address is asked back, whatever record an import or a program makes of them.
CREATE TABLE silent_address (
    hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    since_at BIGINT NOT NULL
);
