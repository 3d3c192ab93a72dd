package peer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"hastaluego/internal/when"
)

// Words of the API for the status of a subscription.
const (
	Active   = "active"
	Canceled = "canceled"
)

// Subscription is one subscription as the API shows it.
type Subscription struct {
	Reference   string     `json:"reference"`
	Status      string     `json:"status"`
	CancelAt    *time.Time `json:"cancel_at"` // set: it ends, or ended, then
	AmountMinor int64      `json:"amount_minor"`
	Currency    string     `json:"currency"`
	Plan        string     `json:"plan"`
}

// Effect is one change that was applied.
type Effect struct {
	N         int        `json:"n"` // from 1, without gaps
	Reference string     `json:"reference"`
	Kind      string     `json:"kind"` // cancel, resume, block, unblock, narrow, widen
	Key       string     `json:"key,omitempty"`
	At        time.Time  `json:"at"` // business time
	EndsAt    *time.Time `json:"ends_at,omitempty"`
}

// Charge is one charge of a subscription, or what is in the customer's favour.
type Charge struct {
	ID            string     `json:"id"`
	Subscription  string     `json:"subscription"`
	Customer      string     `json:"customer,omitempty"`
	Email         string     `json:"email,omitempty"`
	Status        string     `json:"status"` // paid, open, void
	AmountMinor   int64      `json:"amount_minor"`
	RefundedMinor int64      `json:"refunded_minor"`
	Currency      string     `json:"currency"`
	At            time.Time  `json:"at"` // empty when it is sent: now
	From          *time.Time `json:"from"`
	To            *time.Time `json:"to"`
}

// kept is an answer remembered under its idempotency key.
type kept struct {
	Print  string          `json:"print"` // of the request: kind, reference and hash of the body
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// line is one line of the journal: everything that one call changed, so that
// a call is in it whole or not at all.
type line struct {
	Seed   []Subscription `json:"seed,omitempty"`
	Open   []account      `json:"accounts,omitempty"`
	Charge *Charge        `json:"charge,omitempty"`
	Enter  *entered       `json:"entered,omitempty"`
	Ahead  *time.Duration `json:"ahead_ns,omitempty"` // business clock minus the machine's
	Effect *Effect        `json:"effect,omitempty"`
	Feint  bool           `json:"feint,omitempty"` // the effect is told, but what it should stop goes on
	Kept   *kept          `json:"kept,omitempty"`  // under the effect's key
}

// ledger is the state and its journal.
type ledger struct {
	clock  when.Clock
	honour bool

	mu      sync.Mutex
	file    *os.File
	broken  error // a write failed: what is on disk is unknown, so nothing more is accepted
	ahead   time.Duration
	subs    map[string]*Subscription
	doors   map[string]*account // accounts that can be signed in to
	effects []Effect
	charges []Charge
	answers map[string]kept
}

// openLedger replays the journal. A last line without its end was torn by a
// kill before it was answered: it is cut off. Any other unreadable line is an
// error.
func openLedger(path string, clock when.Clock, honour bool) (*ledger, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	l := &ledger{clock: clock, honour: honour, file: f, subs: map[string]*Subscription{}, doors: map[string]*account{}, answers: map[string]kept{}}
	if err := l.replay(); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("peer: journal %s: %w", path, err)
	}
	return l, nil
}

func (l *ledger) replay() error {
	r := bufio.NewReaderSize(l.file, 1<<16)
	var good int64
	for n := 1; ; n++ {
		b, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // what is left of b has no end
		}
		if err != nil {
			return err
		}
		var x line
		if err := json.Unmarshal(b, &x); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		l.apply(x)
		good += int64(len(b))
	}
	if err := l.file.Truncate(good); err != nil {
		return err
	}
	_, err := l.file.Seek(good, io.SeekStart)
	return err
}

func (l *ledger) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// write makes the line durable and then true. A clock that is moved need not
// outlive the machine: whoever moves it sets it again.
func (l *ledger) write(x line) error {
	if l.broken != nil {
		return l.broken
	}
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	if _, err = l.file.Write(append(b, '\n')); err == nil && x.Ahead == nil {
		err = l.file.Sync()
	}
	if err != nil {
		l.broken = err
		return err
	}
	l.apply(x)
	return nil
}

func (l *ledger) apply(x line) {
	for _, s := range x.Seed {
		if old, ok := l.subs[s.Reference]; ok {
			s.Status, s.CancelAt = old.Status, old.CancelAt
		}
		l.subs[s.Reference] = &s
	}
	for _, a := range x.Open {
		if old, ok := l.doors[a.Name]; ok {
			a.Blocked, a.LetsIn, a.Viewer, a.Last = old.Blocked, old.LetsIn, old.Viewer, old.Last
		}
		l.doors[a.Name] = &a
	}
	if x.Ahead != nil {
		l.ahead = *x.Ahead
	}
	if x.Charge != nil {
		l.charged(*x.Charge)
	}
	if x.Enter != nil {
		l.doors[x.Enter.Name].Last = &x.Enter.At
	}
	if e := x.Effect; e != nil {
		l.effects = append(l.effects, *e)
		s := l.subs[e.Reference]
		switch e.Kind {
		case "cancel":
			at := e.At
			if e.EndsAt != nil {
				at = *e.EndsAt
			}
			s.CancelAt = &at
		case "resume":
			s.Status, s.CancelAt = Active, nil
		case "block", "unblock", "narrow", "widen":
			a := l.doors[e.Reference]
			*a = a.turned(e.Kind)
			a.LetsIn = a.LetsIn || x.Feint
		}
		if x.Kept != nil {
			l.answers[e.Key] = *x.Kept
		}
	}
}

// now is business time. The caller holds the lock.
func (l *ledger) now() time.Time { return l.clock.Wall().Add(l.ahead) }

// view is the subscription as it reads now: one whose end has come is
// canceled, without anybody having done anything. The caller holds the lock.
func (l *ledger) view(s *Subscription) Subscription {
	v := *s
	if v.CancelAt != nil && !v.CancelAt.After(l.now()) {
		v.Status = Canceled
	}
	return v
}

// read returns the subscription as it reads now.
func (l *ledger) read(reference string) (Subscription, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.subs[reference]
	if !ok {
		return Subscription{}, false
	}
	return l.view(s), true
}

// charged keeps a charge, or what became of it. The caller holds the lock.
func (l *ledger) charged(c Charge) {
	for i := range l.charges {
		if l.charges[i].ID == c.ID {
			l.charges[i] = c
			return
		}
	}
	l.charges = append(l.charges, c)
}

// charge charges a subscription, whatever stands there: that is how somebody is
// charged who left. With an ID that is known it changes that charge.
func (l *ledger) charge(c Charge) (Charge, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.ID == "" {
		c.ID = fmt.Sprintf("ch_%d", len(l.charges)+1)
	}
	if c.At.IsZero() {
		c.At = l.now().UTC()
	}
	return c, l.write(line{Charge: &c})
}

// chargesOf are those of a subscription, or of all ("") since an instant.
func (l *ledger) chargesOf(reference string, since time.Time) []Charge {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []Charge{}
	for _, c := range l.charges {
		if (reference == "" || c.Subscription == reference) && !c.At.Before(since) {
			out = append(out, c)
		}
	}
	return out
}

// seed adds subscriptions. One that is known takes the new amount, currency
// and plan, but keeps its status: seeding again at every start undoes nothing.
func (l *ledger) seed(subs []Subscription) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.write(line{Seed: subs})
}

// setClock moves business time to now; it goes on from there.
func (l *ledger) setClock(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	ahead := now.Sub(l.clock.Wall())
	return l.write(line{Ahead: &ahead})
}

// list returns the effects, of one subscription or (empty reference) of all.
func (l *ledger) list(reference string) []Effect {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []Effect{}
	for _, e := range l.effects {
		if reference == "" || e.Reference == reference {
			out = append(out, e)
		}
	}
	return out
}

// outcome is what a call is answered.
type outcome struct {
	status  int
	body    json.RawMessage
	applied bool // an effect was journalled in this call
}

func problem(status int, code string) outcome {
	b, _ := json.Marshal(map[string]string{"error": code})
	return outcome{status: status, body: b}
}

// act applies one change. With keys honoured, a known key is answered as it
// was (422 if the request differs), and what is already so is a 409. Without,
// every call is applied and journalled, however often it comes: that is how a
// careless far system behaves.
func (l *ledger) act(kind, reference, key, bodyHash string, endsAt *time.Time) outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.subs[reference]
	if !ok {
		return problem(404, "no_such_subscription")
	}
	fingerprint := kind + " " + reference + " " + bodyHash
	if out, known := l.known(key, fingerprint); known {
		return out
	}
	v := l.view(s)
	if l.honour {
		same := v.CancelAt != nil && (endsAt == nil || v.CancelAt.Equal(*endsAt))
		switch {
		case kind == "cancel" && (v.Status == Canceled || same && endsAt != nil):
			return problem(409, "already_canceled")
		case kind == "resume" && v.Status != Canceled && v.CancelAt == nil:
			return problem(409, "not_canceled")
		}
	}
	e := Effect{N: len(l.effects) + 1, Reference: reference, Kind: kind, Key: key, At: l.now(), EndsAt: endsAt}
	after := v
	if kind == "resume" {
		after.Status, after.CancelAt = Active, nil
	} else {
		at := e.At
		if endsAt != nil {
			at = *endsAt
		}
		if after.CancelAt = &at; !at.After(e.At) {
			after.Status = Canceled
		}
	}
	body, err := json.Marshal(struct {
		Subscription
		Effect string `json:"effect"`
	}{after, fmt.Sprintf("eff_%d", e.N)})
	if err != nil {
		return problem(500, "defect")
	}
	return l.keep(line{Effect: &e}, fingerprint, body)
}

// known answers a key that was heard before as it was answered then. The
// caller holds the lock.
func (l *ledger) known(key, fingerprint string) (outcome, bool) {
	k, ok := l.answers[key]
	switch {
	case !l.honour || key == "" || !ok:
		return outcome{}, false
	case k.Print != fingerprint:
		return problem(422, "key_reused"), true
	}
	return outcome{status: k.Status, body: k.Body}, true
}

// keep journals an effect and the answer to it. The caller holds the lock.
func (l *ledger) keep(x line, fingerprint string, body []byte) outcome {
	if l.honour && x.Effect.Key != "" {
		x.Kept = &kept{Print: fingerprint, Status: 200, Body: body}
	}
	if err := l.write(x); err != nil {
		return problem(500, "journal")
	}
	return outcome{status: 200, body: bytes.Clone(body), applied: true}
}
