-- +goose Up

-- Copies of their data that customers ask for without leaving. They are no
-- departures, and stand in no table of those.
CREATE TABLE data_copy (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    state TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    days BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    over_at BIGINT NOT NULL,
    last_on TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX data_copy_customer ON data_copy(customer_id, asked_at);
CREATE UNIQUE INDEX one_live_copy ON data_copy(customer_id) WHERE state IN ('waiting', 'open');

-- Files and sendings hang on a departure or on a copy: on what case_id names.
ALTER TABLE bundle_file DROP CONSTRAINT bundle_file_case_id_fkey;
ALTER TABLE bucket_send DROP CONSTRAINT bucket_send_case_id_fkey;
