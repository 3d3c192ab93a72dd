package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

const messageColumns = `id, paper, to_address, language, request_id, case_id, state, queued_at, sent_at, subject, header_id, last_error, body, key_id`

// toUsers are the classes of letters to a customer's own users.
const toUsers = `('` + app.UsersPaper + `', '` + app.UsersBackPaper + `')`

var (
	insertMessage = query(`
		INSERT INTO message (` + messageColumns + `, to_folded)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`)
	messageByID    = query(`SELECT ` + messageColumns + ` FROM message WHERE id = $1`)
	saveMessage    = query(`UPDATE message SET state = $1, sent_at = $2, subject = $3, last_error = $4, body = $5, key_id = $6, to_address = $7, to_folded = $8 WHERE id = $9`)
	messagesOf     = query(`SELECT ` + messageColumns + ` FROM message WHERE case_id = $1 AND paper NOT IN ` + toUsers + ` ORDER BY queued_at DESC, id DESC LIMIT $2`)
	userLetters    = query(`SELECT ` + messageColumns + ` FROM message WHERE case_id = $1 AND paper IN ` + toUsers + ` ORDER BY queued_at, id`)
	newestMessages = query(`SELECT ` + messageColumns + ` FROM message ORDER BY queued_at DESC, id DESC LIMIT $1`)
	acknowledged   = query(`SELECT COALESCE(MIN(sent_at), 0) FROM message WHERE request_id = $1 AND paper = 'ack' AND state = 'sent'`)
	countMessages  = query(`SELECT COUNT(*) FROM message WHERE to_folded = $1 AND paper = $2 AND queued_at > $3`)
)

func (t *tx) InsertMessage(ctx context.Context, m app.Message) error {
	_, err := t.exec(ctx, "store.InsertMessage", insertMessage, m.ID, m.Paper, m.To, m.Language, m.Request, m.Case, m.State,
		micros(m.QueuedAt), micros(m.SentAt), m.Subject, m.HeaderID, m.LastError, bytesOf(m.Body), m.KeyID, customer.FoldEmail(m.To))
	return err
}

// bytesOf is never nil: the columns are not.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func scanMessage(row scanner) (m app.Message, err error) {
	err = row.Scan(&m.ID, &m.Paper, &m.To, &m.Language, &m.Request, &m.Case, &m.State, instant{&m.QueuedAt}, instant{&m.SentAt},
		&m.Subject, &m.HeaderID, &m.LastError, &m.Body, &m.KeyID)
	return m, err
}

func (t *tx) FindMessage(ctx context.Context, id offboarding.MessageID) (app.Message, error) {
	m, err := scanMessage(t.row(ctx, messageByID, id))
	return m, t.s.translate("store.FindMessage", err)
}

func (t *tx) SaveMessage(ctx context.Context, m app.Message) error {
	return t.must(ctx, "store.SaveMessage", saveMessage, m.State, micros(m.SentAt), m.Subject, m.LastError, bytesOf(m.Body), m.KeyID,
		m.To, customer.FoldEmail(m.To), m.ID)
}

func (t *tx) Acknowledged(ctx context.Context, r offboarding.RequestID) (at time.Time, err error) {
	err = t.one(ctx, "store.Acknowledged", acknowledged, []any{r}, instant{&at})
	return at, err
}

func (t *tx) ListMessages(ctx context.Context, c offboarding.CaseID, limit int) (list []app.Message, err error) {
	q, args := newestMessages, []any{limit}
	if c != "" {
		q, args = messagesOf, []any{c, limit}
	}
	err = t.each(ctx, "store.ListMessages", q, args, func(row scanner) error {
		m, err := scanMessage(row)
		list = append(list, m)
		return err
	})
	return list, err
}

func (t *tx) UserLetters(ctx context.Context, c offboarding.CaseID) (list []app.Message, err error) {
	err = t.each(ctx, "store.UserLetters", userLetters, []any{c}, func(row scanner) error {
		m, err := scanMessage(row)
		list = append(list, m)
		return err
	})
	return list, err
}

func (t *tx) CountMessagesTo(ctx context.Context, paper, to string, since time.Time) (n int, err error) {
	err = t.one(ctx, "store.CountMessagesTo", countMessages, []any{customer.FoldEmail(to), paper, micros(since)}, &n)
	return n, err
}
