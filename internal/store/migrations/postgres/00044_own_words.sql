-- +goose Up

-- The company's own words over ours: every version, the newest of a key and a
-- language counts. Nothing is ours again.
CREATE TABLE own_word (
    version BIGINT NOT NULL PRIMARY KEY,
    language TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    words TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL
);
CREATE INDEX own_word_key ON own_word(key, language, version);
