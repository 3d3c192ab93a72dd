-- +goose Up

-- What happened after the end of a departure and should not have: a charge, a
-- subscription that runs again, use, a sign-in. The same number at the same
-- system is there once. What names somebody is blanked when they are erased.
CREATE TABLE stray (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES case_(id),
    customer_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    system TEXT COLLATE "C" NOT NULL,
    far TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    happened_at BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    back_minor BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    taken BIGINT NOT NULL,
    payment TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    step_key TEXT COLLATE "C" NOT NULL,
    balance_id TEXT COLLATE "C" NOT NULL,
    over_at BIGINT NOT NULL,
    over_by TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (system, kind, far)
);

CREATE INDEX stray_case ON stray(case_id);
CREATE INDEX stray_found ON stray(found_at);
CREATE INDEX stray_customer ON stray(customer_id);
