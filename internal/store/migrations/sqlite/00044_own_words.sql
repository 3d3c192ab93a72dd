-- +goose Up

-- The company's own words over ours: every version, the newest of a key and a
-- language counts. Nothing is ours again.
CREATE TABLE own_word (
    version INTEGER NOT NULL PRIMARY KEY,
    language TEXT NOT NULL,
    key TEXT NOT NULL,
    words TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL
) STRICT;
CREATE INDEX own_word_key ON own_word(key, language, version);
