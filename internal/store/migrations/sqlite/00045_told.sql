-- +goose Up

-- How people of the company want to be told, and the hash of the token of their
-- calendar.
CREATE TABLE told_person (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES staff_user(id),
    body TEXT NOT NULL,
    feed TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX told_feed ON told_person(feed) WHERE feed <> '';

-- The channel of a person or of a role; its address is sealed.
CREATE TABLE told_channel (
    owner TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    url BLOB NOT NULL,
    key_id TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL
) STRICT;

-- What is told to whom: ids, looked up when it is told.
CREATE TABLE told (
    id TEXT NOT NULL PRIMARY KEY,
    key TEXT NOT NULL,
    told_to TEXT NOT NULL,
    kind TEXT NOT NULL,
    case_id TEXT NOT NULL,
    step TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    letter TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    sent_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX told_once ON told(key);
CREATE INDEX told_waiting ON told(told_to, id) WHERE letter = '';
CREATE INDEX told_letter ON told(letter) WHERE letter <> '';
CREATE INDEX told_sent ON told(told_to, sent_at) WHERE state = 'sent';
CREATE INDEX told_old ON told(queued_at, id);
CREATE INDEX step_of_person ON step(assignee, case_id) WHERE assignee <> '';
