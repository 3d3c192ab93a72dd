-- +goose Up

-- What happened after the end of a departure and should not have: a charge, a
-- subscription that runs again, use, a sign-in. The same number at the same
-- system is there once. What names somebody is blanked when they are erased.
CREATE TABLE stray (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_(id),
    customer_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    system TEXT NOT NULL,
    far TEXT NOT NULL,
    about TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    back_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    taken INTEGER NOT NULL,
    payment TEXT NOT NULL,
    state TEXT NOT NULL,
    step_key TEXT NOT NULL,
    balance_id TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    over_by TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (system, kind, far)
) STRICT;

CREATE INDEX stray_case ON stray(case_id);
CREATE INDEX stray_found ON stray(found_at);
CREATE INDEX stray_customer ON stray(customer_id);
