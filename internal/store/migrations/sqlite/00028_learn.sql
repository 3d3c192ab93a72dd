-- +goose Up

-- When it came on record here; 0: before that was kept.
ALTER TABLE subscription ADD COLUMN recorded_at INTEGER NOT NULL DEFAULT 0;

-- What a subscription was until an instant, before it was changed.
CREATE TABLE subscription_past (
    subscription_id TEXT NOT NULL REFERENCES subscription(id),
    until INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    interval_ TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (subscription_id, until)
) STRICT;

CREATE TABLE improvement (
    id TEXT NOT NULL PRIMARY KEY,
    heading TEXT NOT NULL,
    owner TEXT NOT NULL,
    due TEXT NOT NULL,
    case_id TEXT NOT NULL,
    state TEXT NOT NULL,
    over_on TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    key_id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX improvement_due ON improvement(due, id);
CREATE INDEX case_gone ON case_(effective, id) WHERE effective_at > 0;
CREATE INDEX answer_form ON answer(form, done_at);
