-- +goose Up

CREATE TABLE customer (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    consumer BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL UNIQUE,
    country TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    segment TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    search TEXT COLLATE "C" NOT NULL
);

CREATE TABLE contact (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    email_folded TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    UNIQUE (customer_id, email_folded)
);

CREATE TABLE subscription (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    reference TEXT COLLATE "C" NOT NULL UNIQUE,
    product TEXT COLLATE "C" NOT NULL,
    plan TEXT COLLATE "C" NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    interval_ TEXT COLLATE "C" NOT NULL,
    start_on TEXT COLLATE "C" NOT NULL,
    paid_until TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL
);

CREATE TABLE request (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    state TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    account_email TEXT COLLATE "C" NOT NULL,
    receipt_email TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    timing TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    nonce TEXT COLLATE "C" NOT NULL UNIQUE,
    received_at BIGINT NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    subscriptions TEXT COLLATE "C" NOT NULL,
    matched_at BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    verified_by TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE case_ (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    request_id TEXT COLLATE "C" NOT NULL REFERENCES request(id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer(id),
    subscriptions TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    paused BIGINT NOT NULL,
    playbook TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    timing TEXT COLLATE "C" NOT NULL,
    effective TEXT COLLATE "C" NOT NULL,
    requested_at BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    closed_at BIGINT NOT NULL,
    search TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE case_subscription (
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscription(id),
    open BIGINT NOT NULL,
    PRIMARY KEY (case_id, subscription_id)
);

CREATE TABLE step (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    key TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    assignee TEXT COLLATE "C" NOT NULL,
    after TEXT COLLATE "C" NOT NULL,
    params TEXT COLLATE "C" NOT NULL,
    items TEXT COLLATE "C" NOT NULL,
    verifies BIGINT NOT NULL,
    human BIGINT NOT NULL,
    milestone TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    due BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    done_by TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    blocked TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (case_id, key)
);

CREATE TABLE work (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    step_id TEXT COLLATE "C" NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    system TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    phase TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    run_at BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    worker TEXT COLLATE "C" NOT NULL,
    call_hash TEXT COLLATE "C" NOT NULL,
    calling_at BIGINT NOT NULL,
    first_call BIGINT NOT NULL,
    evidence TEXT COLLATE "C" NOT NULL,
    done_at BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    undone_at BIGINT NOT NULL,
    last_error TEXT COLLATE "C" NOT NULL,
    undo TEXT COLLATE "C" NOT NULL
);

CREATE TABLE message (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    paper TEXT COLLATE "C" NOT NULL,
    to_address TEXT COLLATE "C" NOT NULL,
    to_folded TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    queued_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    header_id TEXT COLLATE "C" NOT NULL,
    last_error TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE link (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    purpose TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);

CREATE TABLE used_once (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE staff_user (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    login TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    active BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE session (
    token_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    data BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE setting (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE lease (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE stream (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
);

CREATE TABLE audit_entry (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    type TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    case_n BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    commitment BYTEA NOT NULL,
    sealed BYTEA,
    stored_at BIGINT NOT NULL
);

CREATE TABLE audit_pending (
    entry_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES audit_entry(id)
);

CREATE TABLE audit_leaf (
    idx BIGINT NOT NULL PRIMARY KEY,
    entry_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES audit_entry(id),
    leaf_hash BYTEA NOT NULL
);

CREATE TABLE audit_hash (
    place BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL
);

CREATE TABLE audit_head (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE checkpoint (
    size BIGINT NOT NULL PRIMARY KEY,
    text TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);

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

INSERT INTO audit_head (name, size, root, at) VALUES ('log', 0, ''::bytea, 0);

-- The log is append-only: only the sealed body may be taken away, when its key was destroyed.
-- +goose StatementBegin
CREATE FUNCTION audit_entry_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.sealed IS NOT NULL OR (OLD.id, OLD.type, OLD.at, OLD.actor, OLD.case_id, OLD.case_n, OLD.key_id, OLD.commitment)
       IS DISTINCT FROM (NEW.id, NEW.type, NEW.at, NEW.actor, NEW.case_id, NEW.case_n, NEW.key_id, NEW.commitment) THEN
        RAISE EXCEPTION 'audit_entry is append-only';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_entry_fixed BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_fixed();
