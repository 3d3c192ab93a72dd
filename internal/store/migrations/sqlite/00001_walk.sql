-- +goose Up

CREATE TABLE customer (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    consumer INTEGER NOT NULL,
    name TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    country TEXT NOT NULL,
    region TEXT NOT NULL,
    language TEXT NOT NULL,
    segment TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    search TEXT NOT NULL
) STRICT;

CREATE TABLE contact (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    role TEXT NOT NULL,
    language TEXT NOT NULL,
    UNIQUE (customer_id, email_folded)
) STRICT;

CREATE TABLE subscription (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customer(id),
    reference TEXT NOT NULL UNIQUE,
    product TEXT NOT NULL,
    plan TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    interval_ TEXT NOT NULL,
    start_on TEXT NOT NULL,
    paid_until TEXT NOT NULL,
    status TEXT NOT NULL
) STRICT;

CREATE TABLE request (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    account_email TEXT NOT NULL,
    receipt_email TEXT NOT NULL,
    reference TEXT NOT NULL,
    timing TEXT NOT NULL,
    language TEXT NOT NULL,
    nonce TEXT NOT NULL UNIQUE,
    received_at INTEGER NOT NULL,
    customer_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    subscriptions TEXT NOT NULL,
    matched_at INTEGER NOT NULL,
    verified_at INTEGER NOT NULL,
    verified_by TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE case_ (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL REFERENCES request(id),
    customer_id TEXT NOT NULL REFERENCES customer(id),
    subscriptions TEXT NOT NULL,
    state TEXT NOT NULL,
    paused INTEGER NOT NULL,
    playbook TEXT NOT NULL,
    language TEXT NOT NULL,
    zone TEXT NOT NULL,
    timing TEXT NOT NULL,
    effective TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    closed_at INTEGER NOT NULL,
    search TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE case_subscription (
    case_id TEXT NOT NULL REFERENCES case_(id),
    subscription_id TEXT NOT NULL REFERENCES subscription(id),
    open INTEGER NOT NULL,
    PRIMARY KEY (case_id, subscription_id)
) STRICT;

CREATE TABLE step (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    role TEXT NOT NULL,
    assignee TEXT NOT NULL,
    after TEXT NOT NULL,
    params TEXT NOT NULL,
    items TEXT NOT NULL,
    verifies INTEGER NOT NULL,
    human INTEGER NOT NULL,
    milestone TEXT NOT NULL,
    state TEXT NOT NULL,
    due INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    done_at INTEGER NOT NULL,
    verified_at INTEGER NOT NULL,
    done_by TEXT NOT NULL,
    note TEXT NOT NULL,
    blocked TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (case_id, key)
) STRICT;

CREATE TABLE work (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    case_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    item TEXT NOT NULL,
    system TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    phase TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    worker TEXT NOT NULL,
    call_hash TEXT NOT NULL,
    calling_at INTEGER NOT NULL,
    first_call INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    done_at INTEGER NOT NULL,
    verified_at INTEGER NOT NULL,
    undone_at INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    undo TEXT NOT NULL
) STRICT;

CREATE TABLE message (
    id TEXT NOT NULL PRIMARY KEY,
    paper TEXT NOT NULL,
    to_address TEXT NOT NULL,
    to_folded TEXT NOT NULL,
    language TEXT NOT NULL,
    request_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    state TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    subject TEXT NOT NULL,
    header_id TEXT NOT NULL,
    last_error TEXT NOT NULL,
    body BLOB NOT NULL,
    key_id TEXT NOT NULL
) STRICT;

CREATE TABLE link (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL,
    request_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT;

CREATE TABLE used_once (
    id TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE staff_user (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    active INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    data BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE stream (
    id TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_entry (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    case_id TEXT NOT NULL,
    case_n INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    commitment BLOB NOT NULL,
    sealed BLOB,
    stored_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_pending (
    entry_id TEXT NOT NULL PRIMARY KEY REFERENCES audit_entry(id)
) STRICT;

CREATE TABLE audit_leaf (
    idx INTEGER NOT NULL PRIMARY KEY,
    entry_id TEXT NOT NULL UNIQUE REFERENCES audit_entry(id),
    leaf_hash BLOB NOT NULL
) STRICT;

CREATE TABLE audit_hash (
    place INTEGER NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE audit_head (
    name TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE checkpoint (
    size INTEGER NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX contact_by_email ON contact(email_folded);
CREATE INDEX subscription_of ON subscription(customer_id);
CREATE INDEX customer_by_name ON customer(name, id);
CREATE INDEX request_waiting ON request(received_at) WHERE state = 'received';
CREATE INDEX case_by_state ON case_(state, requested_at);
CREATE UNIQUE INDEX one_open_case ON case_subscription(subscription_id) WHERE open = 1;
CREATE INDEX work_due ON work(system, run_at) WHERE state = 'ready';
CREATE INDEX work_lease ON work(lease_until) WHERE state = 'running';
CREATE INDEX work_of_case ON work(case_id);
CREATE INDEX message_of_case ON message(case_id, queued_at);
CREATE INDEX message_to ON message(to_folded, paper, queued_at);
CREATE INDEX entry_of_stream ON audit_entry(case_id, case_n);

INSERT INTO audit_head (name, size, root, at) VALUES ('log', 0, x'', 0);

-- The log is append-only: only the sealed body may be taken away, when its key was destroyed.
-- +goose StatementBegin
CREATE TRIGGER audit_entry_fixed BEFORE UPDATE ON audit_entry
WHEN NEW.sealed IS NOT NULL OR OLD.id <> NEW.id OR OLD.type <> NEW.type OR OLD.at <> NEW.at OR OLD.actor <> NEW.actor
  OR OLD.case_id <> NEW.case_id OR OLD.case_n <> NEW.case_n OR OLD.key_id <> NEW.key_id OR OLD.commitment <> NEW.commitment
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
-- +goose StatementEnd
