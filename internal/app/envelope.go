package app

import (
	"context"

	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// sealEnvelope puts a secret into an envelope and queues the letter that
// carries its link.
func (a *App) sealEnvelope(ctx context.Context, tx Tx, c offboarding.Case, s offboarding.Step, x handover.Item, secret string) (err error) {
	m := a.letter(tx, "envelope", c)
	if err := a.address(ctx, tx, &m, c); err != nil {
		return err
	}
	e := SealedEnvelope{Sheet: handover.Sheet{
		ID: handover.EnvelopeID(id.New("env")), Case: c.ID, Item: x.ID, State: handover.Sealed, Expires: a.today(tx).AddDays(days(s, "envelope_days", 7)).End(a.Company().Zone),
	}, Message: m.ID}
	if e.KeyID, e.Body, err = a.sealFor(ctx, string(c.Customer), string(e.ID), []byte(secret)); err != nil {
		return err
	}
	if err := tx.PutEnvelope(ctx, e); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"envelope.sealed", "engine", string(c.ID), string(c.Customer), map[string]any{
		"envelope": string(e.ID), "item": string(x.ID), "name": x.Name,
	}}); err != nil {
		return err
	}
	return a.queue(ctx, tx, m, string(c.Customer), true)
}

// withdraw destroys what is in the sealed envelopes of an item.
func (a *App) withdraw(ctx context.Context, tx Tx, c offboarding.CaseID, item handover.ID) error {
	list, err := tx.EnvelopesOf(ctx, c)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Item != item || e.State != handover.Sealed {
			continue
		}
		e.State, e.Body, e.TokenHash = handover.Withdrawn, nil, ""
		if err := tx.PutEnvelope(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// addressEnvelope makes the link of the envelope that a letter carries: whoever
// has it may open it. A letter that is made again has a new link, and the old
// one is dead.
func (a *App) addressEnvelope(ctx context.Context, tx Tx, m Message) (string, error) {
	list, err := tx.EnvelopesOf(ctx, m.Case)
	if err != nil {
		return "", err
	}
	token := id.Token()
	for _, e := range list {
		if e.Message != m.ID || e.State != handover.Sealed {
			continue
		}
		e.TokenHash = hashToken(token)
		return token, tx.PutEnvelope(ctx, e)
	}
	return token, nil // withdrawn meanwhile: a link that opens nothing
}

// EnvelopePage is what whoever has the link of an envelope sees before it is
// opened.
type EnvelopePage struct {
	Sheet    handover.Sheet
	Name     string // of the credential
	Code     string // of the departure
	Language string
}

// FindEnvelope looks at an envelope without opening it.
func (a *App) FindEnvelope(ctx context.Context, token string) (p EnvelopePage, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		p, _, err = a.envelope(ctx, tx, token)
		return err
	})
	return p, err
}

func (a *App) envelope(ctx context.Context, tx Tx, token string) (p EnvelopePage, e SealedEnvelope, err error) {
	e, err = tx.FindEnvelope(ctx, hashToken(token))
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return p, e, fault.New(fault.NotFound, "link.unknown")
	} else if err != nil {
		return p, e, err
	}
	item, err := tx.FindHandover(ctx, e.Item)
	if err != nil {
		return p, e, err
	}
	c, err := tx.FindCase(ctx, e.Case)
	if e.State == handover.Sealed && !tx.Now().Before(e.Expires) {
		e.State = handover.Expired
	}
	return EnvelopePage{Sheet: e.Sheet, Name: item.Name, Code: c.Code, Language: c.Language}, e, err
}

// OpenEnvelope opens an envelope: what is in it is returned once, destroyed in
// the same moment, and the log says that it was opened.
func (a *App) OpenEnvelope(ctx context.Context, token string) (p EnvelopePage, secret string, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		var e SealedEnvelope
		if p, e, err = a.envelope(ctx, tx, token); err != nil {
			return err
		}
		if err := e.Open(tx.Now()); err != nil {
			return err
		}
		plain, err := a.keys.Open(ctx, e.KeyID, e.Body, []byte(e.ID))
		if err != nil {
			return err
		}
		secret = string(plain)
		e.Body = nil
		if err := tx.PutEnvelope(ctx, e); err != nil {
			return err
		}
		p.Sheet = e.Sheet
		c, err := tx.FindCase(ctx, e.Case)
		if err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"envelope.opened", "customer", string(e.Case), string(c.Customer), map[string]any{
			"envelope": string(e.ID), "item": string(e.Item), "name": p.Name,
		}})
	})
	if err != nil {
		return p, "", err
	}
	return p, secret, nil
}
