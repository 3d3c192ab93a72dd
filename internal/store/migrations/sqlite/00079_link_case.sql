-- +goose Up

-- The private page of a departure asks which link to its data is alive.
CREATE INDEX link_case ON link(case_id, purpose);
