-- +goose Up

-- Whether our own people hold the access, at the client's systems.
ALTER TABLE grant_ ADD COLUMN ours INTEGER NOT NULL DEFAULT 0;
