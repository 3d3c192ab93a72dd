-- +goose Up

-- Everybody who had a hand in a step, whatever became of what they did.
ALTER TABLE step ADD COLUMN hands TEXT NOT NULL DEFAULT 'null';
