-- +goose Up

-- Copies of their data that customers ask for without leaving. They are no
-- departures, and stand in no table of those.
CREATE TABLE data_copy (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    account TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    language TEXT NOT NULL,
    zone TEXT NOT NULL,
    days INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    over_at INTEGER NOT NULL,
    last_on TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX data_copy_customer ON data_copy(customer_id, asked_at);
CREATE UNIQUE INDEX one_live_copy ON data_copy(customer_id) WHERE state IN ('waiting', 'open');

-- Files and sendings hang on a departure or on a copy: on what case_id names.
CREATE TABLE bundle_file_of_any (
    set_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (set_id, n)
) STRICT, WITHOUT ROWID;
INSERT INTO bundle_file_of_any SELECT set_id, n, case_id, stage, key_id, body FROM bundle_file;
DROP TABLE bundle_file;
ALTER TABLE bundle_file_of_any RENAME TO bundle_file;
CREATE INDEX bundle_file_case ON bundle_file(case_id);

CREATE TABLE bucket_send_of_any (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    blob_id TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    tries INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    over_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO bucket_send_of_any SELECT id, case_id, customer_id, blob_id, state, code, tries, asked_at, over_at, key_id, body, version FROM bucket_send;
DROP TABLE bucket_send;
ALTER TABLE bucket_send_of_any RENAME TO bucket_send;
CREATE INDEX bucket_send_case ON bucket_send(case_id, id);
CREATE INDEX bucket_send_customer ON bucket_send(customer_id);
CREATE UNIQUE INDEX bucket_send_one ON bucket_send(case_id) WHERE state = 'sending';
