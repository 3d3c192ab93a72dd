-- +goose Up

-- What the inbox selects by: the segment that the customer had when the case was opened.
ALTER TABLE case_ ADD COLUMN segment TEXT NOT NULL DEFAULT '';
UPDATE case_ SET segment = (SELECT c.segment FROM customer c WHERE c.id = case_.customer_id);
CREATE INDEX case_newest ON case_(requested_at, id);
CREATE INDEX step_waiting ON step(case_id, due) WHERE state IN ('ready', 'undoing', 'blocked');

CREATE TABLE note (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX note_of_case ON note(case_id, created_at);

-- Sessions that were begun before can be nobody's: everybody signs in again.
ALTER TABLE session ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
DELETE FROM session;
CREATE INDEX session_of ON session(user_id);

CREATE TABLE staff_link (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES staff_user(id),
    purpose TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_link_of ON staff_link(user_id);

CREATE INDEX message_newest ON message(queued_at, id);
CREATE INDEX entry_of_type ON audit_entry(type, id);
CREATE INDEX entry_of_person ON audit_entry(actor, id) WHERE actor NOT IN ('engine', 'system', 'customer');
