-- +goose Up

-- Wrong passwords, by keyed hash of the login, whether anybody has it or not,
-- and of the network.
CREATE TABLE sign_in_try (
    hash TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    rests_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_try_old ON sign_in_try (expires_at);
