-- +goose Up

-- How letters stood to the law when they were made: every rule with its result,
-- how many rules that block they break, and when somebody made up for it.
CREATE TABLE document_check (
    message_id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    paper TEXT NOT NULL,
    language TEXT NOT NULL,
    checked_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    lacking INTEGER NOT NULL,
    mended_at INTEGER NOT NULL,
    mended_by TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX document_check_case ON document_check(case_id);
CREATE INDEX document_check_request ON document_check(request_id);
CREATE INDEX document_check_customer ON document_check(customer_id);
CREATE INDEX document_check_lacking ON document_check(checked_at) WHERE lacking > 0 AND mended_at = 0;
