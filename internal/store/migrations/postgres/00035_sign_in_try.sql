-- +goose Up

-- Wrong passwords, by keyed hash of the login, whether anybody has it or not,
-- and of the network.
CREATE TABLE sign_in_try (
    hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    rests_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sign_in_try_old ON sign_in_try (expires_at);
