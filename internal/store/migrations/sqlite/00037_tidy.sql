-- +goose Up

-- Whether an answer holds an idea: 1, 0, or -1 while nobody has looked. What it
-- says is sealed.
ALTER TABLE answer ADD COLUMN idea INTEGER NOT NULL DEFAULT -1;

CREATE INDEX answer_idea ON answer (form, done_at) WHERE idea <> 0;
CREATE INDEX answer_unlooked ON answer (id) WHERE idea < 0;
CREATE INDEX used_once_old ON used_once (expires_at);
CREATE INDEX audit_outside ON audit_entry (key_id) WHERE case_id = '';
