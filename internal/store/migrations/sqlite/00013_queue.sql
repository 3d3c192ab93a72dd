-- +goose Up

-- One index for each line in which works wait, by far system.
DROP INDEX work_due;
DROP INDEX work_lease;
CREATE INDEX work_due ON work(system, run_at, id) WHERE state = 'ready' AND retry_at = 0;
CREATE INDEX work_retry ON work(system, retry_at, id) WHERE state = 'ready' AND retry_at > 0;
CREATE INDEX work_leased ON work(system, lease_until, id) WHERE state = 'running';
CREATE INDEX case_paused ON case_(id) WHERE paused = 1;
