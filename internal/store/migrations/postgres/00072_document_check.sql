-- +goose Up

-- How letters stood to the law when they were made: every rule with its result,
-- how many rules that block they break, and when somebody made up for it.
CREATE TABLE document_check (
    message_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    paper TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    checked_at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    lacking BIGINT NOT NULL,
    mended_at BIGINT NOT NULL,
    mended_by TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX document_check_case ON document_check(case_id);
CREATE INDEX document_check_request ON document_check(request_id);
CREATE INDEX document_check_customer ON document_check(customer_id);
CREATE INDEX document_check_lacking ON document_check(checked_at) WHERE lacking > 0 AND mended_at = 0;
