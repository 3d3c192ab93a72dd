-- +goose Up

-- When it came on record here; 0: before that was kept.
ALTER TABLE subscription ADD COLUMN recorded_at BIGINT NOT NULL DEFAULT 0;

-- What a subscription was until an instant, before it was changed.
CREATE TABLE subscription_past (
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscription(id),
    until BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    interval_ TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (subscription_id, until)
);

CREATE TABLE improvement (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    heading TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    due TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    over_on TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX improvement_due ON improvement(due, id);
CREATE INDEX case_gone ON case_(effective, id) WHERE effective_at > 0;
CREATE INDEX answer_form ON answer(form, done_at);
