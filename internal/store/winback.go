package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/suppression"
	"hastaluego/internal/winback"
)

const consentColumns = `id, customer_id, case_id, purpose, given, wording, language, answered_at, revoked_at, version`

var (
	insertConsent = query(`
		INSERT INTO consent (` + consentColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)
		ON CONFLICT (case_id, purpose) DO NOTHING`)
	saveConsent           = query(`UPDATE consent SET revoked_at = $1, version = version + 1 WHERE id = $2 AND version = $3`)
	insertSilentAddresses = many(`INSERT INTO silent_address (hash, since_at) VALUES `, 2, ` ON CONFLICT (hash) DO NOTHING`)
	deleteSilentAddress   = query(`DELETE FROM silent_address WHERE hash = $1`)
	silentAddresses       = many(`SELECT hash FROM silent_address WHERE hash IN (`, 1, `)`)

	consentOf = query(`SELECT ` + consentColumns + ` FROM consent WHERE case_id = $1 AND purpose = $2`)
	// Who was erased is there while their address is kept for the letter. A consent
	// holds that was given and neither taken back nor followed by
	// another no of the same customer.
	listGone = query(`
		WITH gone AS (
			SELECT k.id, COALESCE(c.answered_at, a.said_at, 0) AS allowed_at,
			       ROW_NUMBER() OVER (PARTITION BY k.customer_id ORDER BY CASE WHEN c.id IS NULL AND a.case_id IS NULL THEN 1 ELSE 0 END, k.effective DESC, k.id DESC) AS n
			  FROM case_ k
			  LEFT JOIN kept_contact a ON a.case_id = k.id AND a.back = 1 AND a.kept_at > 0 AND a.ended_at = 0
			  LEFT JOIN consent c ON c.case_id = k.id AND c.purpose = $1 AND c.given = 1 AND c.revoked_at = 0
			       AND NOT EXISTS (SELECT 1 FROM consent x WHERE x.customer_id = c.customer_id AND x.purpose = c.purpose
			                          AND (x.given = 0 AND x.answered_at > c.answered_at OR x.revoked_at > c.answered_at))
			 WHERE k.test = 0 AND k.effective_at > 0 AND k.state IN ('open', 'closed')
			   AND (a.case_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM erasure e WHERE e.customer_id = k.customer_id))
		)
		SELECT ` + of("k", caseColumns) + `, g.allowed_at
		  FROM gone g JOIN case_ k ON k.id = g.id
		 WHERE g.n = 1 AND k.effective >= $2 AND ($3 = '' OR k.effective <= $3)
		   AND ($4 = '' OR k.effective < $4 OR k.effective = $4 AND k.id < $5)
		 ORDER BY k.effective DESC, k.id DESC LIMIT $6`)

	insertSilence = query(`INSERT INTO silence (customer_id, since, lifted_at, version) VALUES ($1, $2, $3, 1) ON CONFLICT (customer_id) DO NOTHING`)
	saveSilence   = query(`UPDATE silence SET since = $1, lifted_at = $2, version = version + 1 WHERE customer_id = $3 AND version = $4`)
	silenceOf     = query(`SELECT customer_id, since, lifted_at, version FROM silence WHERE customer_id = $1`)

	insertWinbackLetter = query(`INSERT INTO winback_letter (id, made_at, made_by, key_id, body) VALUES ($1, $2, $3, $4, $5)`)
	insertWinbackSent   = query(`INSERT INTO winback_sent (message_id, letter_id, case_id) VALUES ($1, $2, $3) ON CONFLICT (case_id) DO NOTHING`)
	winbackLetterOf     = query(`
		SELECT l.id, l.made_at, l.made_by, l.key_id, l.body
		  FROM winback_sent s JOIN winback_letter l ON l.id = s.letter_id WHERE s.message_id = $1`)
	winbackSentSince = query(`
		SELECT COUNT(*) FROM winback_sent s JOIN message m ON m.id = s.message_id JOIN case_ k ON k.id = s.case_id
		 WHERE k.customer_id = $1 AND m.queued_at >= $2`)
)

func (t *tx) PutConsent(ctx context.Context, c winback.Consent) error {
	if c.Version > 0 {
		return t.must(ctx, "store.PutConsent", saveConsent, micros(c.Revoked), c.ID, c.Version)
	}
	return t.must(ctx, "store.PutConsent", insertConsent, c.ID, c.Customer, c.Case, c.Purpose, bit(c.Given), c.Wording, c.Language, micros(c.At), micros(c.Revoked))
}

func (t *tx) ConsentOf(ctx context.Context, id offboarding.CaseID, p winback.Purpose) (c winback.Consent, found bool, err error) {
	err = t.one(ctx, "store.ConsentOf", consentOf, []any{id, p}, &c.ID, &c.Customer, &c.Case, &c.Purpose, flag{&c.Given}, &c.Wording, &c.Language,
		instant{&c.At}, instant{&c.Revoked}, &c.Version)
	if fault.KindOf(err) == fault.NotFound {
		return winback.Consent{}, false, nil
	}
	return c, err == nil, err
}

func (t *tx) ListGone(ctx context.Context, p winback.Purpose, page app.GonePage) (list []app.Gone, err error) {
	args := []any{p, page.From.String(), page.To.String(), page.After.Effective.String(), page.After.ID, page.Limit}
	err = t.each(ctx, "store.ListGone", listGone, args, func(row scanner) error {
		var g app.Gone
		g.Case, err = scanCase(row, instant{&g.Allowed})
		list = append(list, g)
		return err
	})
	return list, err
}

func (t *tx) PutSilence(ctx context.Context, s suppression.Silence) error {
	if s.Version > 0 {
		return t.must(ctx, "store.PutSilence", saveSilence, micros(s.Since), micros(s.Lifted), s.Customer, s.Version)
	}
	return t.must(ctx, "store.PutSilence", insertSilence, s.Customer, micros(s.Since), micros(s.Lifted))
}

func (t *tx) SilenceOf(ctx context.Context, id customer.ID) (s suppression.Silence, err error) {
	err = t.one(ctx, "store.SilenceOf", silenceOf, []any{id}, &s.Customer, instant{&s.Since}, instant{&s.Lifted}, &s.Version)
	if fault.KindOf(err) == fault.NotFound {
		return suppression.Silence{Customer: id}, nil
	}
	return s, err
}

func (t *tx) InsertSilentAddresses(ctx context.Context, hashes ...string) error {
	_, err := t.insert(ctx, "store.InsertSilentAddresses", insertSilentAddresses, len(hashes), func(args []any, i int) []any {
		return append(args, hashes[i], micros(t.now))
	})
	return err
}

func (t *tx) DeleteSilentAddresses(ctx context.Context, hashes ...string) error {
	for _, h := range hashes {
		if _, err := t.exec(ctx, "store.DeleteSilentAddresses", deleteSilentAddress, h); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) AnySilentAddress(ctx context.Context, hashes ...string) (found bool, err error) {
	err = t.pick(ctx, "store.AnySilentAddress", silentAddresses, len(hashes), keys(hashes), func(row scanner) error {
		var h string
		found = true
		return row.Scan(&h)
	})
	return found, err
}

func (t *tx) InsertWinbackLetter(ctx context.Context, l app.WinbackLetter) error {
	_, err := t.exec(ctx, "store.InsertWinbackLetter", insertWinbackLetter, l.ID, micros(l.MadeAt), l.MadeBy, l.KeyID, bytesOf(l.Body))
	return err
}

func (t *tx) InsertWinbackSent(ctx context.Context, m offboarding.MessageID, l winback.LetterID, c offboarding.CaseID) (bool, error) {
	n, err := t.exec(ctx, "store.InsertWinbackSent", insertWinbackSent, m, l, c)
	return n == 1, err
}

func (t *tx) WinbackLetterOf(ctx context.Context, m offboarding.MessageID) (l app.WinbackLetter, err error) {
	err = t.one(ctx, "store.WinbackLetterOf", winbackLetterOf, []any{m}, &l.ID, instant{&l.MadeAt}, &l.MadeBy, &l.KeyID, &l.Body)
	return l, err
}

func (t *tx) WinbackSentSince(ctx context.Context, c customer.ID, at time.Time) (bool, error) {
	var n int
	err := t.one(ctx, "store.WinbackSentSince", winbackSentSince, []any{c, micros(at)}, &n)
	return n > 0, err
}
