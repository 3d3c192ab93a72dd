package app

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// ExitInput is what somebody declared on the public page, as typed.
type ExitInput struct {
	Name         string
	AccountEmail string
	ReceiptEmail string // empty: AccountEmail
	Reference    string
	When         string // "", "now", "period_end"
	Act          string // cancel or withdraw; empty: cancel
	Kind         string // "", "ordinary", "for_cause"
	Ground       string // of a departure for cause
	Line         string // the number of a telephone line
	Language     string
	Nonce        string // of the form
	Network      string // block of addresses that it came from; empty if unknown
	Host         string // signed link of the host product, if it came by one
	Walk         *Walk  // the pages that it was made on; nil: none

	by string    // who sent it, where it was not the customer
	at time.Time // when it was received, where that was elsewhere and before
}

// acksPerDay bounds the acknowledgements to one typed address, and from one
// network: the form must not become a way to pester somebody.
const acksPerDay = 3

// RequestExit registers a declaration and queues its acknowledgement. It looks
// nobody up: the same rows are written for a customer and for a stranger. The
// same nonce again returns the request that it made before. With a signed host
// link the identity is proved: the request is verified and its case opened in
// the same transaction.
func (a *App) RequestExit(ctx context.Context, in ExitInput) (offboarding.Request, error) {
	in.at = time.Time{}
	r, _, err := a.request(ctx, in)
	return r, err
}

// farAhead is how far the clock of whoever took a declaration down may be ahead
// of ours before it is not believed.
const farAhead = 24 * time.Hour

// RegisterSpooled registers a declaration that was taken down while we were
// away, with the instant at which that was; its nonce is needed. It is
// registered once for each nonce, however often it is delivered; fresh says
// whether this was that time. Errors are fault.Invalid where it can never be
// registered.
func (a *App) RegisterSpooled(ctx context.Context, in ExitInput, at time.Time) (r offboarding.Request, fresh bool, err error) {
	now, wall, err := a.store.Now(ctx)
	if err != nil {
		return r, false, err
	}
	if in.Nonce == "" || in.Host != "" || at.IsZero() || at.Sub(wall) > farAhead {
		return r, false, fault.New(fault.Invalid, "spool.unreadable")
	}
	if in.Act == "withdraw" || in.declared() != (Declared{}) { // what no request has goes with the way, though nobody saw its pages
		in.Walk = &Walk{Exit: Exit{View: &flow.View{Variant: flow.Variant{Language: in.Language}}}}
	}
	in.at = at.Add(now.Sub(wall)) // while a clock is pushed for a rehearsal, it is elsewhere too
	return a.request(ctx, in)
}

// request is RequestExit, and reports whether the request was not there before.
func (a *App) request(ctx context.Context, in ExitInput) (r offboarding.Request, fresh bool, err error) {
	made, err := a.declare(in)
	if err != nil {
		return r, false, err
	}
	var host HostClaim
	if in.Host != "" {
		_, wall, err := a.store.Now(ctx)
		if err != nil {
			return r, false, err
		}
		if host, err = a.openHostLink(in.Host, wall); err != nil {
			return r, false, err
		}
		made.Channel = offboarding.Host
	}
	// Its key is made before the transaction: the only writer of a small database
	// does not wait for the other file then.
	if _, err := a.keys.KeyFor(ctx, string(made.ID), "account"); err != nil {
		return r, false, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		if made.ReceivedAt = in.at; in.at.IsZero() {
			made.ReceivedAt = tx.Now()
		}
		stored, inserted, err := tx.InsertRequest(ctx, made)
		if fault.CodeOf(err) == "request.code_taken" && in.at.IsZero() { // nobody was told that code yet
			made.Code = id.NewCode()
			stored, inserted, err = tx.InsertRequest(ctx, made)
		}
		if r, fresh = stored, inserted; err != nil || !inserted {
			return err
		}
		said := map[string]any{
			"code": r.Code, "channel": string(r.Channel), "name": r.Name, "account": r.AccountEmail,
			"receipt": r.ReceiptEmail, "reference": r.Reference, "when": string(r.When), "act": string(r.Act), "declared": in.declared(),
		}
		if !in.at.IsZero() {
			said["received"] = r.ReceivedAt.UTC().Format(time.RFC3339Nano)
		}
		if err := a.record(ctx, tx, fact{"request.received", cmp.Or(in.by, "customer"), string(r.ID), string(r.ID), said}); err != nil {
			return err
		}
		if err := a.keepWay(ctx, tx, r, in); err != nil {
			return err
		}
		if r.Channel == offboarding.Host {
			return a.registerHost(ctx, tx, &r, host)
		}
		return a.acknowledge(ctx, tx, r, in.Network)
	})
	return r, fresh && err == nil, err
}

// CheckExit reports what is wrong with a declaration, and registers nothing.
func (a *App) CheckExit(in ExitInput) error {
	_, err := a.declare(in)
	return err
}

// DeclareExit registers a declaration that somebody made elsewhere, in a form
// or an application of the company's own, as RequestExit does.
func (a *App) DeclareExit(ctx context.Context, by Actor, in ExitInput) (offboarding.Request, error) {
	if err := by.may("request"); err != nil {
		return offboarding.Request{}, err
	}
	in.by, in.Nonce, in.Network, in.Host = by.ID, "", "", ""
	return a.RequestExit(ctx, in)
}

// declare is ReadExit in a language that we speak.
func (a *App) declare(in ExitInput) (offboarding.Request, error) {
	in.Language = company.Spoken(in.Language, a.Company().Language)
	return ReadExit(in)
}

// ReadExit checks what was typed and makes a request of it that is not
// registered. What comes from a form has the code of its nonce.
func ReadExit(in ExitInput) (offboarding.Request, error) {
	var l fault.List
	text := func(field, s string, limit int) string {
		s, err := customer.CheckText(field, s, limit, false)
		if err != nil {
			l = append(l, err)
		}
		return s
	}
	email := func(field, s string) string {
		s, err := customer.CheckEmail(field, s)
		if err != nil {
			l = append(l, err)
		}
		return s
	}
	r := offboarding.Request{
		ID: offboarding.RequestID(id.New("req")), Code: id.NewCode(), State: offboarding.RequestReceived,
		Channel: offboarding.Public, Name: text("name", in.Name, 200), Reference: text("reference", in.Reference, 100),
		AccountEmail: email("account", in.AccountEmail), Language: in.Language, Nonce: in.Nonce,
	}
	r.ReceiptEmail = r.AccountEmail
	if in.ReceiptEmail != "" {
		r.ReceiptEmail = email("receipt", in.ReceiptEmail)
	}
	switch r.When = offboarding.Timing(in.When); r.When {
	case offboarding.Unsaid, offboarding.Now, offboarding.PeriodEnd:
	default:
		l = append(l, fault.New(fault.Invalid, "field.choice").On("when"))
	}
	switch in.Kind {
	case "", "ordinary", "for_cause":
	default:
		l = append(l, fault.New(fault.Invalid, "field.choice").On("kind"))
	}
	if _, err := customer.CheckText("ground", in.Ground, 1000, false); err != nil {
		l = append(l, err)
	}
	text("line", in.Line, 40)
	switch in.Act {
	case "", "cancel", string(offboarding.Termination):
		r.Act = offboarding.Termination
	case string(offboarding.Withdrawal):
		r.Act = offboarding.Withdrawal
	default:
		l = append(l, fault.New(fault.Invalid, "field.choice").On("act"))
	}
	if r.Nonce == "" {
		r.Nonce = string(r.ID) // a form without one is never the same as another
	} else {
		r.Code = id.CodeFor(r.Nonce)
		if _, err := customer.CheckText("nonce", r.Nonce, 64, false); err != nil {
			l = append(l, err)
		}
	}
	return r, l.Or()
}

// acknowledge queues the acknowledgement to the typed address and the search
// for the customer.
func (a *App) acknowledge(ctx context.Context, tx Tx, r offboarding.Request, network string) error {
	n, err := tx.CountMessagesTo(ctx, "ack", customer.FoldEmail(r.ReceiptEmail), tx.Now().Add(-24*time.Hour))
	if err != nil {
		return err
	}
	free, err := a.mayCause(ctx, tx, "ack", network, acksPerDay)
	if err != nil {
		return err
	}
	if n < acksPerDay && free {
		m := Message{
			ID: offboarding.MessageID(id.New("msg")), Paper: "ack", To: r.ReceiptEmail, Language: r.Language,
			Request: r.ID, State: "queued", QueuedAt: tx.Now(),
		}
		if err := a.queue(ctx, tx, m, string(r.ID), true); err != nil {
			return err
		}
	}
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: "match", Item: string(r.ID), System: house, Key: "match:" + string(r.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
	})
}

// mayCause takes one of the so many letters of a kind that a network, or an address, may
// cause in a day; false when they are used up. What is kept is a keyed hash, for a day.
func (a *App) mayCause(ctx context.Context, tx Tx, letter, who string, most int) (bool, error) {
	if who == "" {
		return true, nil
	}
	mac := hmac.New(sha256.New, a.keys.HMACKey("network"))
	mac.Write([]byte(tx.Wall().UTC().Format(time.DateOnly) + " " + who))
	hash := hex.EncodeToString(mac.Sum(nil))
	for k := range most {
		if free, err := tx.UseOnce(ctx, fmt.Sprintf("%s.%s.%d", letter, hash, k), tx.Wall().Add(24*time.Hour)); free || err != nil {
			return free, err
		}
	}
	return false, nil
}
