package app

import (
	"context"
	"crypto/subtle"

	"hastaluego/internal/envelope"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// SecretInput is a secret that is given in an envelope. A browser seals it itself;
// what it did not seal is sealed here at once, and nobody keeps what it was.
type SecretInput struct {
	Sealed, Lock string // what a browser sealed, and the lock that it made from its key
	Secret       string // in plain, where no browser sealed it; never stored, never logged
	Key          string // that opens it; never stored, never logged
	Age          string // public key of age of the client, instead of Key
}

// secretMost is how long all that an envelope holds may be, in characters; of a file
// for a password manager, fileMost: it says more of each entry.
const (
	secretMost = 20_000
	fileMost   = 100_000
)

// closed is a secret as it is kept.
type closed struct {
	kind handover.EnvelopeKind
	lock string
	body []byte
}

// close seals what is given. Errors: Invalid, at the fields secret, key and age.
func (in SecretInput) close() (closed, error) {
	most := secretMost
	if in.Age != "" {
		most = fileMost
	}
	secret, e := checkSecret(in.Secret, most)
	if e != nil {
		return closed{}, e
	}
	if in.Sealed != "" {
		body, ok := envelope.Browsers(in.Sealed, in.Lock, 4*secretMost)
		if !ok || secret != "" {
			return closed{}, fault.New(fault.Invalid, "field.text").On("secret")
		}
		return closed{handover.ByBrowser, in.Lock, body}, nil
	}
	if secret == "" {
		return closed{}, fault.New(fault.Invalid, "field.required").On("secret")
	}
	if in.Age != "" {
		body, err := envelope.SealTo(in.Age, []byte(secret))
		if err != nil {
			return closed{}, fault.New(fault.Invalid, "data.recipient").On("age")
		}
		return closed{kind: handover.ByAge, body: body}, nil
	}
	key, ok := envelope.ParseKey(in.Key)
	if !ok {
		return closed{}, fault.New(fault.Invalid, "envelope.no_key").On("secret")
	}
	body, err := envelope.Seal(key, []byte(secret))
	if err != nil {
		return closed{}, fault.Wrap("app.close", err)
	}
	return closed{handover.ByKey, envelope.Lock(envelope.Proof(key)), body}, nil
}

// EnvelopeKind is the kind of the jobs of the house that destroy what nobody opened
// in time.
const EnvelopeKind = "envelope"

// sealEnvelope puts what is sealed into an envelope, sets its clock and queues the
// letter that carries its link.
func (a *App) sealEnvelope(ctx context.Context, tx Tx, c offboarding.Case, s offboarding.Step, x handover.Item, what closed) (err error) {
	m := a.letter(tx, "envelope", c)
	if err := a.address(ctx, tx, &m, c); err != nil {
		return err
	}
	e := SealedEnvelope{Sheet: handover.Sheet{
		ID: handover.EnvelopeID(id.New("env")), Case: c.ID, Item: x.ID, Kind: what.kind, State: handover.Sealed,
		Expires: a.today(tx).AddDays(days(s, "envelope_days", 7)).End(a.Company().Zone),
	}, Message: m.ID, Lock: what.lock}
	// Once more with the key of the client: what a backup keeps of it goes with that.
	if e.KeyID, e.Body, err = a.sealFor(ctx, string(c.Customer), string(e.ID), what.body); err != nil {
		return err
	}
	if err := tx.PutEnvelope(ctx, e); err != nil {
		return err
	}
	if err := tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: EnvelopeKind, Case: c.ID, Item: string(e.ID), System: house, Key: EnvelopeKind + ":" + string(e.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: e.Expires,
	}); err != nil {
		return err
	}
	if err := a.toldOf(ctx, tx, "envelope.sealed", "engine", e, map[string]any{"sealed": string(e.Kind)}); err != nil {
		return err
	}
	return a.queue(ctx, tx, m, string(c.Customer), true)
}

// toldOf writes to the log what became of an envelope.
func (a *App) toldOf(ctx context.Context, tx Tx, typ, actor string, e SealedEnvelope, more map[string]any) error {
	item, err := tx.FindHandover(ctx, e.Item)
	if err != nil {
		return err
	}
	args := map[string]any{"envelope": string(e.ID), "item": string(e.Item), "name": item.Name}
	for k, v := range more {
		args[k] = v
	}
	return a.record(ctx, tx, fact{typ, actor, string(e.Case), string(item.Customer), args})
}

// closeEnvelopes ends the sealed envelopes of which that holds, and destroys what is
// in them; closed is how many those were.
func (a *App) closeEnvelopes(ctx context.Context, tx Tx, c offboarding.CaseID, to handover.EnvelopeState, actor string, which func(handover.Sheet) bool) (closed int, err error) {
	list, err := tx.EnvelopesOf(ctx, c)
	if err != nil {
		return 0, err
	}
	typ := "envelope.withdrawn"
	if to == handover.Expired {
		typ = "envelope.expired"
	}
	for _, e := range list {
		if !which(e.Sheet) || !e.Close(to) {
			continue
		}
		e.Body = nil // whoever comes with its link reads what became of it
		if err := tx.PutEnvelope(ctx, e); err != nil {
			return closed, err
		}
		if err := a.toldOf(ctx, tx, typ, actor, e, nil); err != nil {
			return closed, err
		}
		closed++
	}
	return closed, nil
}

// withdraw destroys what is in the sealed envelopes of an item.
func (a *App) withdraw(ctx context.Context, tx Tx, c offboarding.CaseID, item handover.ID, actor string) (int, error) {
	return a.closeEnvelopes(ctx, tx, c, handover.Withdrawn, actor, func(s handover.Sheet) bool { return s.Item == item })
}

// EnvelopeDue destroys what nobody took out of an envelope in time.
func (a *App) EnvelopeDue(ctx context.Context, c offboarding.CaseID, envelope handover.EnvelopeID) error {
	return a.tx(ctx, func(tx Tx) error {
		_, err := a.closeEnvelopes(ctx, tx, c, handover.Expired, "engine", func(s handover.Sheet) bool {
			return s.ID == envelope && !tx.Now().Before(s.Expires)
		})
		return err
	})
}

// BurnEnvelope destroys what waits in the envelopes of an item, for somebody of the
// company: it went to the wrong person, or is not needed any more.
func (a *App) BurnEnvelope(ctx context.Context, by Actor, c offboarding.CaseID, step string, item handover.ID) error {
	return a.onStep(ctx, by, c, step, func(tx Tx, p *offboarding.Plan) error {
		list, err := a.handoverOf(ctx, tx, *p.Step(step))
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.ID == item {
				return a.burn(ctx, tx, c, x, by.ID)
			}
		}
		return fault.New(fault.NotFound, "not_found")
	})
}

// BurnByClient is BurnEnvelope for the client, on their page.
func (a *App) BurnByClient(ctx context.Context, token string, item handover.ID) error {
	return a.byClient(ctx, token, func(tx Tx, list []handover.Item) error {
		for _, x := range list {
			if x.ID == item {
				return a.burn(ctx, tx, x.Case, x, "customer")
			}
		}
		return fault.New(fault.NotFound, "not_found")
	})
}

func (a *App) burn(ctx context.Context, tx Tx, c offboarding.CaseID, x handover.Item, actor string) error {
	n, err := a.withdraw(ctx, tx, c, x.ID, actor)
	if err == nil && n == 0 {
		err = fault.New(fault.Blocked, "envelope.none", "name", x.Name)
	}
	return err
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

// OpenInput shows that somebody may open an envelope: its key or, from a browser
// that keeps the key to itself, the proof of it.
type OpenInput struct{ Key, Proof string }

// proof is empty where what was typed can be no key: that is a slip, and no guess.
func (in OpenInput) proof(k handover.EnvelopeKind) string {
	if k == handover.ByBrowser {
		return in.Proof
	}
	if key, ok := envelope.ParseKey(in.Key); ok {
		return envelope.Proof(key)
	}
	return ""
}

// OpenedEnvelope is what was in an envelope: in plain or, where nobody here can read
// it, as it was sealed.
type OpenedEnvelope struct {
	Secret string // of kind ByAge: sealed, as text
	Sealed []byte // of kind ByBrowser
}

// OpenEnvelope opens an envelope: what is in it is returned once, destroyed in the
// same moment, and the log says that it was opened. A wrong key is counted, told on
// the departure, and the last that it bears destroys what is in it. Errors: Invalid
// at the field key (field.required, envelope.malformed, envelope.wrong_key), Gone.
func (a *App) OpenEnvelope(ctx context.Context, token string, in OpenInput) (p EnvelopePage, out OpenedEnvelope, err error) {
	var refused error
	err = a.tx(ctx, func(tx Tx) error {
		var e SealedEnvelope
		refused, out = nil, OpenedEnvelope{}
		if p, e, err = a.envelope(ctx, tx, token); err != nil {
			return err
		}
		proof := in.proof(e.Kind)
		if e.Kind.Keyed() && e.State == handover.Sealed && proof == "" {
			code := "envelope.malformed"
			if in.Key == "" {
				code = "field.required"
			}
			return fault.New(fault.Invalid, code).On("key")
		}
		right := !e.Kind.Keyed() || subtle.ConstantTimeCompare([]byte(envelope.Lock(proof)), []byte(e.Lock)) == 1
		guesses := e.Guesses
		refused = e.Open(right, tx.Now())
		p.Sheet = e.Sheet
		switch {
		case refused != nil && e.Guesses > guesses:
			return a.guessed(ctx, tx, e)
		case refused != nil:
			return nil
		}
		body, err := a.keys.Open(ctx, e.KeyID, e.Body, []byte(e.ID))
		if err != nil {
			return err
		}
		switch e.Kind {
		case handover.ByBrowser:
			out.Sealed = body
		case handover.ByKey:
			key, _ := envelope.ParseKey(in.Key)
			if body, err = envelope.Open(key, body); err != nil {
				return fault.Wrap("app.OpenEnvelope", err)
			}
			fallthrough
		default:
			out.Secret = string(body)
		}
		e.Body = nil
		if err := tx.PutEnvelope(ctx, e); err != nil {
			return err
		}
		if err := a.toldOf(ctx, tx, "envelope.opened", "customer", e, nil); err != nil {
			return err
		}
		return a.reissuedArrived(ctx, tx, e.Item)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return p, OpenedEnvelope{}, err
	}
	return p, out, nil
}

// guessed keeps that a wrong key was tried. The last one destroys what is in the
// envelope, and whoever hands over is told.
func (a *App) guessed(ctx context.Context, tx Tx, e SealedEnvelope) error {
	locked := e.State == handover.Locked
	if locked {
		e.Body = nil
	}
	if err := tx.PutEnvelope(ctx, e); err != nil {
		return err
	}
	if err := a.toldOf(ctx, tx, "envelope.guessed", "customer", e, map[string]any{"guesses": e.Guesses}); err != nil || !locked {
		return err
	}
	if err := a.toldOf(ctx, tx, "envelope.locked", "customer", e, nil); err != nil {
		return err
	}
	item, err := tx.FindHandover(ctx, e.Item)
	if err != nil {
		return err
	}
	p, err := tx.FindPlan(ctx, e.Case)
	if err != nil {
		return err
	}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.ID == item.Step {
			return a.tellTask(ctx, tx, s, "envelope "+string(e.ID))
		}
	}
	return nil
}
