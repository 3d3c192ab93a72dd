package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// DestroyKind is the kind of the jobs that destroy what stayed of somebody erased,
// when its day is over; their item is the id of what stayed.
const DestroyKind = "destroy_retained"

// RetainedTx keeps what stays of people who were erased.
type RetainedTx interface {
	// PutRetained stores a new one (Version 0), unless the departure has one of that
	// system and holding, or changes one by its Version.
	PutRetained(ctx context.Context, r erasure.Retained) error
	FindRetained(ctx context.Context, id erasure.ID) (erasure.Retained, error)
	RetainedOf(ctx context.Context, c offboarding.CaseID) ([]erasure.Retained, error)
	RetainedAbout(ctx context.Context, id customer.ID) ([]erasure.Retained, error)
	// RetainedSoon are so many that are there, those whose day comes first before.
	RetainedSoon(ctx context.Context, most int) ([]erasure.Retained, error)
}

// Far is what became of one holding of a far system, as a certificate tells it. It
// says nothing of the customer.
type Far struct {
	System   string             `json:"system"`
	Holding  string             `json:"holding"`
	Titles   map[string]string  `json:"titles"`
	Fields   []string           `json:"fields"`
	Category connector.Category `json:"category"`
	Role     connector.DataRole `json:"role"`
	Basis    connector.Basis    `json:"basis"`
	After    connector.After    `json:"after"`
	Rows     int                `json:"rows"`  // erased, blocked or kept
	Proof    string             `json:"proof"` // verified: counted again, and none was left in use; attested: somebody says so; none: the system did not answer
	Until    when.Date          `json:"until,omitzero"`
	Why      map[string]string  `json:"why,omitempty"`
	Ground   string             `json:"ground,omitempty"` // why it stays, as the law names grounds
}

// Stays reports whether it is there until a day.
func (f Far) Stays() bool { return f.After == connector.Block || f.After == connector.Keep }

// How a certificate knows of something.
const (
	ProofVerified = "verified"
	ProofAttested = "attested"
	ProofNone     = "none"
)

// retainedWords is what a retained thing says; it is sealed with the key of class blocked.
type retainedWords struct {
	Owner string    `json:"owner,omitempty"` // the name by which the far system knows them
	Sums  *keptSums `json:"sums,omitempty"`  // of our own record
	Holds []string  `json:"holds,omitempty"` // for what it is held, the last one last
	Asked string    `json:"asked,omitempty"` // for what it is asked for
}

// keptSums are the sums of our own record and whose they were.
type keptSums struct {
	Name      string             `json:"name"`
	Reference string             `json:"reference"`
	Country   string             `json:"country,omitempty"`
	Sums      []customer.Balance `json:"sums"`
}

// farErased are the holdings of far systems that a departure erased, blocked or
// left, as its works say.
func (a *App) farErased(ctx context.Context, tx Tx, c offboarding.Case) (list []Far, err error) {
	works, err := tx.WorksOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	for _, w := range works {
		k, known := a.kinds[w.Kind]
		if !known || !k.Spec().ErasesFar || w.VerifiedAt.IsZero() || c.Test {
			continue
		}
		system, name, _ := strings.Cut(w.Item, "/")
		f := Far{System: system, Holding: name}
		if _, h, ok := a.systems.Holding(w.Item); ok {
			f = farOf(system, h, c)
		}
		f.Proof = ProofVerified
		var before, after step.HeldSeen
		if err := json.Unmarshal([]byte(w.Evidence), &after); err != nil {
			return nil, fault.Wrap("app.farErased", err)
		}
		f.After = after.After // as it was when it was done
		f.Rows = after.Used
		if w.Before != "" {
			if err := json.Unmarshal([]byte(w.Before), &before); err != nil {
				return nil, fault.Wrap("app.farErased", err)
			}
			f.Rows = before.Used
		}
		list = append(list, f)
	}
	return list, nil
}

// retain writes down what stays: sums of our own record, sealed apart from what is
// destroyed now, and what far systems block or keep, with the name that they know.
// Each is destroyed when its day is over.
func (a *App) retain(ctx context.Context, tx Tx, c offboarding.Case, cert Certificate) error {
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	put := func(r erasure.Retained, says retainedWords) error {
		r.ID, r.Case, r.Customer = erasure.ID(id.New("ret")), string(c.ID), string(c.Customer)
		if err := a.sealKept(ctx, &r, says); err != nil {
			return err
		}
		if err := tx.PutRetained(ctx, r); err != nil {
			return err
		}
		return tx.InsertWork(ctx, destroyAt(r, r.Until.End(zone)))
	}
	if cert.Invoices > 0 {
		who, err := tx.FindCustomer(ctx, c.Customer)
		if err != nil {
			return err
		}
		sums, err := tx.BalancesOf(ctx, c.Customer)
		if err != nil {
			return err
		}
		r := erasure.Retained{System: erasure.House, Holding: erasure.Sums, Blocked: true, Until: cert.Until, Rows: len(sums)}
		if err := put(r, retainedWords{Sums: &keptSums{who.Name, who.Reference, who.Country, sums}}); err != nil {
			return err
		}
	}
	for _, f := range cert.Far {
		if !f.Stays() || f.Rows == 0 && f.Proof != ProofNone {
			continue
		}
		owner, err := ownerAt(ctx, tx, c.Customer, f.System)
		if err != nil {
			return err
		}
		r := erasure.Retained{System: f.System, Holding: f.Holding, Blocked: f.After == connector.Block, Until: f.Until, Rows: f.Rows}
		if err := put(r, retainedWords{Owner: owner}); err != nil {
			return err
		}
	}
	return nil
}

// destroyAt is the job that destroys it, at a time and not before its day. Each hold
// that is lifted makes another; whichever comes first does it.
func destroyAt(r erasure.Retained, at time.Time) offboarding.Work {
	return offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: DestroyKind, Case: offboarding.CaseID(r.Case), Item: string(r.ID), System: r.System,
		Key: DestroyKind + ":" + string(r.ID) + ":" + strconv.FormatInt(r.Version, 10), Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	}
}

func (a *App) sealKept(ctx context.Context, r *erasure.Retained, says retainedWords) (err error) {
	plain, err := json.Marshal(says)
	if err != nil {
		return fault.Wrap("app.sealKept", err)
	}
	if r.KeyID, err = a.keys.KeyFor(ctx, r.Customer, "blocked"); err != nil {
		return err
	}
	r.Body, err = a.keys.Seal(ctx, r.KeyID, plain, []byte(r.ID))
	return err
}

// openKept reads what a retained thing says. Nobody sees it but who may have it
// out, and the job that destroys it.
func (a *App) openKept(ctx context.Context, r erasure.Retained) (says retainedWords, err error) {
	plain, err := a.keys.Open(ctx, r.KeyID, r.Body, []byte(r.ID))
	if err != nil {
		return says, err
	}
	return says, fault.Wrap("app.openKept", json.Unmarshal(plain, &says))
}

// DestroyRetained destroys what stayed of somebody erased, when its day is over and
// nobody holds it, looks that it is gone, and with the last of it destroys the key
// and makes the second certificate. Tried again it goes on where it was.
func (a *App) DestroyRetained(ctx context.Context, w offboarding.Work) (Result, error) {
	var r erasure.Retained
	var wait time.Time
	err := a.store.View(ctx, func(tx Tx) (err error) {
		if r, err = tx.FindRetained(ctx, erasure.ID(w.Item)); err != nil || !r.DestroyedAt.IsZero() {
			return err
		}
		c, err := tx.FindCase(ctx, offboarding.CaseID(r.Case))
		if err != nil {
			return err
		}
		zone, err := zoneOf(c)
		switch today := when.DateOf(tx.Now(), zone); {
		case err != nil:
			return err
		case !r.Until.Before(today):
			wait = r.Until.End(zone)
		case !r.Due(today): // it is held
			wait = tx.Now().AddDate(0, 0, 1)
		}
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	if !wait.IsZero() {
		return Result{Verdict: Later, Again: wait}, nil
	}
	if r.DestroyedAt.IsZero() {
		if err := a.destroyThere(ctx, w, r); err != nil {
			return Result{}, err
		}
		if err := a.destroyed(ctx, r); err != nil {
			return Result{}, err
		}
	}
	return Result{Verdict: Accomplished}, a.complete(ctx, offboarding.CaseID(r.Case))
}

// destroyThere has the far system destroy what it kept, and counts what is left.
func (a *App) destroyThere(ctx context.Context, w offboarding.Work, r erasure.Retained) error {
	if r.System == erasure.House {
		return nil
	}
	x, h, ok := a.systems.Holding(step.HoldingItem(r.System, r.Holding))
	if !ok {
		return fault.New(fault.Blocked, "connector.unknown_holding", "system", r.System, "holding", r.Holding)
	}
	says, err := a.openKept(ctx, r)
	if err != nil {
		return err
	}
	in := connector.EraseInput{Holding: h.Name, Owner: says.Owner, Key: w.Key}
	if _, err := x.DestroyHeld(ctx, in); err != nil {
		return err
	}
	n, err := x.CountHeld(ctx, h.Name, says.Owner)
	if err != nil {
		return err
	}
	if r.Blocked && n.Blocked > 0 || !r.Blocked && n.Used > 0 {
		return fault.New(fault.Transient, "connector.not_so", "system", r.System)
	}
	return nil
}

// destroyed writes down that it is no more.
func (a *App) destroyed(ctx context.Context, r erasure.Retained) error {
	return a.tx(ctx, func(tx Tx) error {
		now, err := tx.FindRetained(ctx, r.ID)
		if err != nil || !now.DestroyedAt.IsZero() {
			return err
		}
		if err := now.Destroy(tx.Now()); err != nil {
			return err
		}
		if err := tx.PutRetained(ctx, now); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"retained.destroyed", "engine", r.Case, house, map[string]any{"retained": string(r.ID), "system": r.System, "holding": r.Holding, "records": r.Rows}})
	})
}

// complete ends an erasure of which nothing is left any more: the key of what was
// blocked is destroyed, and the second certificate is an entry of the log.
func (a *App) complete(ctx context.Context, c offboarding.CaseID) error {
	var key, sum string
	err := a.store.View(ctx, func(tx Tx) error {
		e, err := tx.FindErasure(ctx, c)
		if err != nil || !e.CompletedAt.IsZero() {
			return err
		}
		all, err := tx.RetainedAbout(ctx, e.Customer)
		if err != nil || slices.ContainsFunc(all, func(r erasure.Retained) bool { return r.DestroyedAt.IsZero() }) {
			return err
		}
		cert, err := a.openCertificate(ctx, e)
		if err != nil {
			return err
		}
		raw, err := secondCertificate(cert, slices.DeleteFunc(slices.Clone(all), func(r erasure.Retained) bool { return r.Case != string(c) }))
		if err != nil {
			return err
		}
		hash := sha256.Sum256(raw)
		key, sum = all[0].KeyID, hex.EncodeToString(hash[:])
		return nil
	})
	if err != nil || sum == "" {
		return err
	}
	if err := a.keys.Destroy(ctx, key); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		e, err := tx.FindErasure(ctx, c)
		if err != nil || !e.CompletedAt.IsZero() {
			return err
		}
		if err := a.record(ctx, tx, fact{"key.destroyed", "engine", string(c), house, map[string]any{"key": key}}); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"certificate.completed", "engine", string(c), house, map[string]any{"sha256": sum}}); err != nil {
			return err
		}
		e.CompletedAt = tx.Now()
		if err := tx.PutErasure(ctx, e); err != nil {
			return err
		}
		return a.tellDestroyed(ctx, tx, e)
	})
}

// Completed is a second certificate: the first one, and when what stayed was
// destroyed. The log has the SHA-256 of its JSON.
type Completed struct {
	Certificate

	Destroyed []Stayed `json:"destroyed"`
}

// secondCertificate is one as it is written, of everything that stayed after a
// departure.
func secondCertificate(first Certificate, all []erasure.Retained) ([]byte, error) {
	raw, err := json.Marshal(Completed{first, stayed(all)})
	return raw, fault.Wrap("app.secondCertificate", err)
}

// Stayed is one thing that stays of somebody erased, or stayed until it was
// destroyed. It says nothing of whoever it was.
type Stayed struct {
	ID          erasure.ID `json:"id"`
	System      string     `json:"system"`
	Holding     string     `json:"holding"`
	Blocked     bool       `json:"blocked"`
	Until       when.Date  `json:"until"`
	Records     int        `json:"records"`
	Held        bool       `json:"held,omitempty"`
	DestroyedAt time.Time  `json:"destroyed_at,omitzero"`
}

func stayed(list []erasure.Retained) (out []Stayed) {
	for _, r := range list {
		out = append(out, Stayed{r.ID, r.System, r.Holding, r.Blocked, r.Until, r.Rows, r.HeldBy != "", r.DestroyedAt.UTC()})
	}
	return out
}

// RetainedView is what stays of somebody erased, for those who look after it.
type RetainedView struct {
	Stayed

	Titles  map[string]string // of a holding of a far system; nil where it no longer declares it
	Case    offboarding.CaseID
	Code    string
	HeldAt  time.Time
	HeldBy  string
	AskedAt time.Time
	AskedBy string
}

// ListRetained is what is there of people who were erased, by the day on which it
// goes; of a departure where one is named, also what is no more.
func (a *App) ListRetained(ctx context.Context, by Actor, c offboarding.CaseID) (list []RetainedView, err error) {
	if err := by.CanRead("erase"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list = nil
		var all []erasure.Retained
		var err error
		if c == "" {
			all, err = tx.RetainedSoon(ctx, 500)
		} else {
			all, err = tx.RetainedOf(ctx, c)
		}
		if err != nil {
			return err
		}
		list, err = a.viewRetained(ctx, tx, all)
		return err
	})
	return list, err
}

func (a *App) viewRetained(ctx context.Context, tx Tx, all []erasure.Retained) (list []RetainedView, err error) {
	for _, r := range all {
		x, err := tx.FindCase(ctx, offboarding.CaseID(r.Case))
		if err != nil {
			return nil, err
		}
		v := RetainedView{Stayed: stayed([]erasure.Retained{r})[0], Case: x.ID, Code: x.Code, HeldAt: r.HeldAt, HeldBy: r.HeldBy, AskedAt: r.AskedAt, AskedBy: r.AskedBy}
		if _, h, ok := a.systems.Holding(step.HoldingItem(r.System, r.Holding)); ok {
			v.Titles = h.Titles
		}
		list = append(list, v)
	}
	return list, nil
}

// HoldRetained keeps something beyond its day, for a claim or by order; what for
// is a reference that names nobody. Whoever has a right to it is asked for a second
// time when it is had out.
func (a *App) HoldRetained(ctx context.Context, by Actor, c offboarding.CaseID, rid erasure.ID, what string) error {
	clean, err := required("reference", what, 200)
	if err != nil {
		return err
	}
	typ := "retained.held"
	return a.onRetained(ctx, by, c, rid, typ, func(tx Tx, r *erasure.Retained, says *retainedWords) error {
		says.Holds = append(says.Holds, clean)
		return r.Hold(by.ID, tx.Now())
	})
}

// LiftHold ends it: the day counts again.
func (a *App) LiftHold(ctx context.Context, by Actor, c offboarding.CaseID, rid erasure.ID) error {
	typ := "retained.lifted"
	return a.onRetained(ctx, by, c, rid, typ, func(tx Tx, r *erasure.Retained, _ *retainedWords) error {
		if err := r.Lift(); err != nil {
			return err
		}
		// A job of its own: the one that waits may be looking at the hold right now.
		return tx.InsertWork(ctx, destroyAt(*r, tx.Now()))
	})
}

// AskRelease asks a second person to have out what is blocked: for a court, a
// prosecutor or an authority, by their reference.
func (a *App) AskRelease(ctx context.Context, by Actor, c offboarding.CaseID, rid erasure.ID, reference string) error {
	clean, err := required("reference", reference, 200)
	if err != nil {
		return err
	}
	typ := "retained.asked"
	return a.onRetained(ctx, by, c, rid, typ, func(tx Tx, r *erasure.Retained, says *retainedWords) error {
		says.Asked = clean
		return r.Ask(by.ID, tx.Now())
	})
}

// Release lets out what a first person asked for, once: it is read by whoever
// agrees, and by nobody after them.
func (a *App) Release(ctx context.Context, by Actor, c offboarding.CaseID, rid erasure.ID) (out []byte, err error) {
	typ := "retained.released"
	err = a.onRetained(ctx, by, c, rid, typ, func(tx Tx, r *erasure.Retained, says *retainedWords) error {
		if err := r.Release(by.ID, tx.Now()); err != nil {
			return err
		}
		var err error
		out, err = json.MarshalIndent(struct {
			For  string    `json:"for"`
			Sums *keptSums `json:"sums"`
		}{says.Asked, says.Sums}, "", "  ")
		says.Asked = ""
		return fault.Wrap("app.Release", err)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// onRetained changes something that stays, with an entry of the log.
func (a *App) onRetained(ctx context.Context, by Actor, c offboarding.CaseID, rid erasure.ID, typ string, change func(Tx, *erasure.Retained, *retainedWords) error) error {
	if err := by.may("erase"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		r, err := tx.FindRetained(ctx, rid)
		if err != nil {
			return err
		}
		switch {
		case r.Case != string(c):
			return fault.New(fault.NotFound, "not_found")
		case !r.DestroyedAt.IsZero():
			return fault.New(fault.Blocked, "retained.destroyed")
		}
		says, err := a.openKept(ctx, r)
		if err != nil {
			return err
		}
		if err := change(tx, &r, &says); err != nil {
			return err
		}
		if err := a.sealKept(ctx, &r, says); err != nil {
			return err
		}
		if err := tx.PutRetained(ctx, r); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{typ, by.ID, r.Case, house, map[string]any{"retained": string(r.ID), "system": r.System, "holding": r.Holding}})
	})
}
