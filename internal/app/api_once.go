package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// An act that a program may send again lives on the wall clock.
const (
	answerLife = 30 * 24 * time.Hour // how long an answer is kept
	onceLimit  = time.Minute         // how long one attempt may take
	onceHeld   = 2 * onceLimit       // then a second may take over from one that is gone
)

// Ticket names one act of one program, so that it happens once however often
// it is sent.
type Ticket struct {
	Key  string // id of the API key
	Name string // of the act, as the program calls it
	Hash string // of what is asked for
}

// Reply is what a program was told.
type Reply struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
}

// OnceRow is one act as it is kept: held while an attempt is under way, then
// with its answer. A row without SealedBy has no answer yet.
type OnceRow struct {
	Key       string
	NameHash  string
	Hash      string
	Holder    string    // the attempt that may finish it
	HeldUntil time.Time // wall
	ExpiresAt time.Time // wall
	Answer    []byte    // sealed
	SealedBy  string
}

// OnceTx keeps acts that happen once.
type OnceTx interface {
	// HoldOnce takes the act for an attempt: true if it is new, expired, or the
	// attempt that held it is over its time and left no answer. Expired rows go.
	HoldOnce(ctx context.Context, r OnceRow) (bool, error)
	FindOnce(ctx context.Context, key, nameHash string) (OnceRow, error)
	// AnswerOnce stores the answer if the attempt still holds the act.
	AnswerOnce(ctx context.Context, r OnceRow) (bool, error)
	// DropOnce lets go of an act that the attempt holds and did not finish.
	DropOnce(ctx context.Context, r OnceRow) error
}

// Once lets act happen at most once for the ticket, and returns what it
// answered; again is true for an answer of an earlier time. The act, whatever
// it writes, and its answer are one transaction: it runs on the context that
// it is given, and verbs of the App that are called with that context join
// it. An error of act undoes everything, so the same ticket may try again. The
// same ticket for something else is once.other (Invalid); while another
// attempt is under way it is once.in_flight (Conflict).
func (a *App) Once(ctx context.Context, t Ticket, act func(context.Context) (Reply, error)) (out Reply, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, onceLimit)
	defer cancel()
	// What was asked for may be easy to guess; without the key the hash tells nobody.
	mac := hmac.New(sha256.New, a.keys.HMACKey("once"))
	mac.Write([]byte(t.Hash))
	row := OnceRow{Key: t.Key, NameHash: hashToken(t.Name), Hash: hex.EncodeToString(mac.Sum(nil)), Holder: id.New("try")}
	var mine bool
	var old OnceRow
	err = a.store.Tx(ctx, func(tx Tx) (err error) {
		row.HeldUntil, row.ExpiresAt = tx.Wall().Add(onceHeld), tx.Wall().Add(answerLife)
		if mine, err = tx.HoldOnce(ctx, row); err != nil || mine {
			return err
		}
		old, err = tx.FindOnce(ctx, row.Key, row.NameHash)
		return err
	})
	switch {
	case err != nil: // perhaps it was committed all the same
		a.letGo(ctx, row)
		return out, false, err
	case mine:
		out, err = a.attempt(ctx, row, act)
		return out, false, err
	case old.Hash != row.Hash:
		return out, false, fault.New(fault.Invalid, "once.other")
	case old.SealedBy == "":
		return out, false, inFlight()
	default:
		out, err = a.openAnswer(ctx, old)
		return out, true, err
	}
}

func inFlight() error {
	e := fault.New(fault.Conflict, "once.in_flight")
	e.RetryAfter = time.Second
	return e
}

// attempt runs the act and keeps its answer in one transaction.
func (a *App) attempt(ctx context.Context, row OnceRow, act func(context.Context) (Reply, error)) (out Reply, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		if out, err = act(context.WithValue(ctx, joining{}, tx)); err != nil {
			return err
		}
		return a.keepAnswer(ctx, tx, row, out)
	})
	if err != nil {
		a.letGo(ctx, row)
	}
	return out, err
}

// letGo frees an act whose attempt came to nothing. Where that fails too, it
// is free when the attempt's time is over: only later, nothing else.
func (a *App) letGo(ctx context.Context, row OnceRow) {
	ctx = context.WithoutCancel(ctx)
	_ = a.store.Tx(ctx, func(tx Tx) error { return tx.DropOnce(ctx, row) })
}

// keepAnswer seals and stores an answer beside what it answers for.
func (a *App) keepAnswer(ctx context.Context, tx Tx, row OnceRow, out Reply) error {
	raw, err := json.Marshal(out)
	if err != nil {
		return fault.Wrap("app.Once", err)
	}
	if row.SealedBy, err = a.keys.KeyFor(ctx, house, "account"); err != nil {
		return err
	}
	if row.Answer, err = a.keys.Seal(ctx, row.SealedBy, raw, onceAAD(row)); err != nil {
		return err
	}
	ok, err := tx.AnswerOnce(ctx, row)
	if err == nil && !ok { // too slow: another attempt has taken over
		return inFlight()
	}
	return err
}

func (a *App) openAnswer(ctx context.Context, row OnceRow) (out Reply, err error) {
	raw, err := a.keys.Open(ctx, row.SealedBy, row.Answer, onceAAD(row))
	if err != nil {
		return out, err
	}
	return out, fault.Wrap("app.Once", json.Unmarshal(raw, &out))
}

func onceAAD(row OnceRow) []byte { return []byte("once:" + row.Key + ":" + row.NameHash) }

// joining is the key of the transaction that a context carries.
type joining struct{}

// joined is a Store whose transactions join the one that the context carries.
type joined struct{ Store }

func (s joined) Tx(ctx context.Context, fn func(Tx) error) error {
	if tx, ok := ctx.Value(joining{}).(Tx); ok {
		return fn(tx)
	}
	return s.Store.Tx(ctx, fn)
}

func (s joined) View(ctx context.Context, fn func(Tx) error) error {
	if tx, ok := ctx.Value(joining{}).(Tx); ok {
		return fn(tx)
	}
	return s.Store.View(ctx, fn)
}
