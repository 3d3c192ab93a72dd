-- +goose Up

-- What the program sent with recorded sums alone was signed by nobody.
UPDATE statement SET state = 'sent' WHERE signed_by = 'engine' AND state = 'signed';
UPDATE statement SET signed_by = '', signed_at = 0 WHERE signed_by = 'engine';
