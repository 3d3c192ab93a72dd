-- +goose Up

-- How much each person has to do is counted whenever a step is given away.
CREATE INDEX step_load ON step(assignee) WHERE assignee <> '' AND state IN ('ready', 'running', 'undoing', 'blocked');
