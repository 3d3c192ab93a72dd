-- +goose Up

-- What a text that a customer wrote is about: as the model took it, and as somebody
-- who read it says. The text itself stands where it was written, sealed. Likely is
-- empty where nothing was written.
CREATE TABLE theme (
    id TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    case_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    model INTEGER NOT NULL,
    likely TEXT NOT NULL,
    permille INTEGER NOT NULL,
    label TEXT NOT NULL,
    said TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_at INTEGER NOT NULL
) STRICT;

CREATE INDEX theme_case ON theme(case_id);
CREATE INDEX theme_customer ON theme(customer_id);
CREATE INDEX theme_said ON theme(said_at) WHERE said <> '';

-- The one model that groups them. Those before it are not kept.
CREATE TABLE theme_model (
    number INTEGER NOT NULL PRIMARY KEY,
    made_at INTEGER NOT NULL,
    digest TEXT NOT NULL,
    texts INTEGER NOT NULL,
    customers INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
