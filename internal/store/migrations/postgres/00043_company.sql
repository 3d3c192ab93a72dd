-- +goose Up

-- Who the house belongs to, as customers meet it: every version, the newest
-- counts. Without one the configuration counts.
CREATE TABLE company_version (
    version BIGINT NOT NULL PRIMARY KEY,
    profile TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL
);

-- Pictures that versions name, by the digest of what is in them.
CREATE TABLE company_logo (
    digest TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    media TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL
);
