-- +goose Up

-- How people of the company want to be told, and the hash of the token of their
-- calendar.
CREATE TABLE told_person (
    user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES staff_user(id),
    body TEXT COLLATE "C" NOT NULL,
    feed TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX told_feed ON told_person(feed) WHERE feed <> '';

-- The channel of a person or of a role; its address is sealed.
CREATE TABLE told_channel (
    owner TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    host TEXT COLLATE "C" NOT NULL,
    url BYTEA NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL
);

-- What is told to whom: ids, looked up when it is told.
CREATE TABLE told (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL,
    told_to TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    queued_at BIGINT NOT NULL,
    letter TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    sent_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX told_once ON told(key);
CREATE INDEX told_waiting ON told(told_to, id) WHERE letter = '';
CREATE INDEX told_letter ON told(letter) WHERE letter <> '';
CREATE INDEX told_sent ON told(told_to, sent_at) WHERE state = 'sent';
CREATE INDEX told_old ON told(queued_at, id);
CREATE INDEX step_of_person ON step(assignee, case_id) WHERE assignee <> '';
