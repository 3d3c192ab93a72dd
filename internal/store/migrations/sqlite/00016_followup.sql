-- +goose Up

CREATE INDEX request_of_case ON request(case_id) WHERE case_id <> '';
CREATE INDEX step_waits ON step(case_id) WHERE human = 1 AND state = 'ready';
