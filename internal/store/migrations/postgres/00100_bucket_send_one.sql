-- +goose Up

-- One sending of a departure at a time, whoever asks at the same moment.
CREATE UNIQUE INDEX bucket_send_one ON bucket_send(case_id) WHERE state = 'sending';
