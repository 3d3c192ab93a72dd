package app

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
)

// PassOnKind is the kind of works that tell billing systems why a customer leaves
// who said so after the end was asked for there. Their item is the case.
const PassOnKind = "pass_on"

const (
	// passOnAgain is how long a reason waits for a system that does not answer, or
	// for an end that is being asked for; passOnTries is how often it is tried.
	passOnAgain = 5 * time.Minute
	passOnTries = 50
)

// passOnReason has a reason told to the billing systems that know of the end
// already. Those that do not are told with it.
func (a *App) passOnReason(ctx context.Context, tx Tx, g reason.Given) error {
	if g.Kind != reason.Stated || g.By == reason.Elsewhere || !a.systems.Explain() {
		return nil
	}
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: PassOnKind, Case: g.Case, Item: string(g.Case), System: house, Key: PassOnKind + ":" + string(g.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
	})
}

// passing is what is to be told, and where.
type passing struct {
	c       offboarding.Case
	code    string          // of what the customer said last, in the codes of billing systems
	said    map[string]bool // systems with codes of reasons that came from there
	at      []explained     // ends that were asked for
	pending bool            // one is being asked for
}

// explained is the end of one subscription at one system.
type explained struct {
	System    string `json:"system"`
	Reference string `json:"reference"`
	Code      string `json:"code,omitempty"` // that was told; the customer may say another between two tries
}

// same reports whether both are of one end, whatever was told.
func (x explained) same(o explained) bool { return x.System == o.System && x.Reference == o.Reference }

// toldTo is the evidence of such a work: who was told which code.
type toldTo struct {
	Code string      `json:"code,omitempty"` // of works before each had its own
	Told []explained `json:"told,omitempty"`
}

// toldOf is what earlier tries of a work have told.
func toldOf(w offboarding.Work) []explained {
	var t toldTo
	if json.Unmarshal([]byte(w.Evidence), &t) != nil { // there is none
		return nil
	}
	for i := range t.Told {
		t.Told[i].Code = cmp.Or(t.Told[i].Code, t.Code)
	}
	return t.Told
}

// passedOn reports whether we told a system that code as the reason of a departure:
// with the end, or after it.
func passedOn(ctx context.Context, tx Tx, c offboarding.CaseID, system, code string) (bool, error) {
	given, err := tx.ReasonsOf(ctx, c)
	if err != nil {
		return false, err
	}
	works, err := tx.WorksOf(ctx, c)
	return slices.ContainsFunc(works, func(w offboarding.Work) bool {
		switch w.Kind {
		case PassOnKind:
			return slices.ContainsFunc(toldOf(w), func(x explained) bool { return x.System == system && x.Code == code })
		case "cancel_billing":
			return w.System == system && !w.FirstCall.IsZero() && slices.ContainsFunc(given, func(g SealedReason) bool {
				r, known := reason.Builtin().Find(g.Code)
				return known && r.Billing == code && g.Kind == reason.Stated && g.By != reason.Elsewhere && (w.DoneAt.IsZero() || !g.At.After(w.DoneAt))
			})
		}
		return false
	}), err
}

// PassOnReason tells the billing systems that know of the end why the customer
// leaves: the code of it, never their words. What the system was told elsewhere by
// the customer stays. It looks first, so that what was told is not told again; a
// system that does not answer is tried again as long as the departure is open.
func (a *App) PassOnReason(ctx context.Context, w offboarding.Work) (r Result, err error) {
	var k passing
	err = a.store.View(ctx, func(tx Tx) error { k, err = a.toPassOn(ctx, tx, offboarding.CaseID(w.Item)); return err })
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return Result{Verdict: Accomplished}, nil
	} else if err != nil {
		return r, err
	}
	told, late := toldOf(w), k.pending
	for _, x := range k.at {
		if slices.ContainsFunc(told, x.same) {
			continue
		}
		did, err := a.explain(ctx, k, x, w)
		late = late || err != nil && (fault.KindOf(err) == fault.Transient || fault.KindOf(err) == fault.Uncertain)
		if did {
			x.Code = k.code
			told = append(told, x)
		}
	}
	at, _, err := a.store.Now(ctx)
	if err != nil {
		return r, err
	}
	r = Result{Verdict: Accomplished, Evidence: asJSON(toldTo{Told: told})}
	if late && w.Attempt < passOnTries {
		r.Verdict, r.Again = Later, at.Add(passOnAgain)
	}
	return r, nil
}

// followPassOn logs whom a try told that earlier ones had not, with its result: who
// dies between the two would log it again.
func (a *App) followPassOn(ctx context.Context, tx Tx, before, w offboarding.Work) error {
	had, now := toldOf(before), toldOf(w)
	if len(now) == len(had) {
		return nil
	}
	c, err := tx.FindCase(ctx, w.Case)
	if err != nil {
		return err
	}
	for _, x := range now[len(had):] {
		if err := a.record(ctx, tx, fact{"reason.passed_on", "engine", string(c.ID), string(c.Customer), map[string]any{"system": x.System, "reason": x.Code}}); err != nil {
			return err
		}
	}
	return nil
}

// explain tells one system, unless it knows; did says that it was told now, or by
// an earlier try whose record was lost.
func (a *App) explain(ctx context.Context, k passing, x explained, w offboarding.Work) (did bool, err error) {
	sys, ok := a.systems.Find(x.System)
	if !ok || sys.Explainer == nil || sys.Billing == nil {
		return false, nil
	}
	st, err := sys.Billing.ReadSubscription(ctx, x.Reference)
	switch {
	case err != nil:
		return false, err
	case st.Reason.Code == k.code:
		return w.Attempt > 1, nil
	case k.said[x.System+" "+st.Reason.Code]:
		return false, nil
	}
	_, err = sys.Explainer.StateReason(ctx, connector.ReasonInput{Reference: x.Reference, Reason: connector.StatedReason{Code: k.code}, Key: w.Key + ":" + x.Reference})
	return err == nil, err
}

// toPassOn reads what is to be told, and where.
func (a *App) toPassOn(ctx context.Context, tx Tx, cid offboarding.CaseID) (k passing, err error) {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil || p.Case.Test || p.Case.State != offboarding.CaseOpen {
		return k, err
	}
	k.c = p.Case
	list, err := a.reasons(ctx, tx, cid)
	if err != nil {
		return k, err
	}
	k.said = map[string]bool{}
	for _, g := range list { // newest first
		if g.By == reason.Elsewhere {
			k.said[g.Evidence] = true
		} else if r, known := reason.Builtin().Find(g.Code); known && g.Kind == reason.Stated && k.code == "" {
			k.code = r.Billing
		}
	}
	if k.code == "" {
		return k, nil
	}
	subs, err := tx.SubscriptionsOf(ctx, k.c.Customer)
	if err != nil {
		return k, err
	}
	works, err := tx.WorksOf(ctx, cid)
	for _, w := range works {
		i := slices.IndexFunc(subs, func(s customer.Subscription) bool { return string(s.ID) == w.Item })
		if w.Kind != "cancel_billing" || i < 0 || strings.Contains(string(w.Phase), "undo") {
			continue
		}
		switch w.State {
		case offboarding.WorkDone, offboarding.WorkVerified, offboarding.WorkAttested:
			k.at = append(k.at, explained{System: w.System, Reference: subs[i].Reference})
		case offboarding.WorkReady, offboarding.WorkRunning, offboarding.WorkUncertain:
			if w.Phase == offboarding.Verify {
				k.at = append(k.at, explained{System: w.System, Reference: subs[i].Reference})
			} else if !w.FirstCall.IsZero() || w.State != offboarding.WorkReady {
				k.pending = true
			}
		}
	}
	return k, err
}
