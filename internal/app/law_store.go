package app

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// LawDecision is the law that a departure was decided under when it was
// registered. The zero LawDecision: it is from before that was kept.
type LawDecision struct {
	Case   offboarding.CaseID
	Day    when.Date // of the law: on which the customer asked
	Chosen []ChosenPack
	Refs   []jurisdiction.Ref // of all packs, with those that the chosen ones extend
	Facts  jurisdiction.Facts // nil once the customer was erased
	Duties []limit.Duty       // what was to be watched of it
	At     time.Time
}

// ChosenPack is a pack that holds for a departure, and why.
type ChosenPack struct {
	Pack     string `json:"pack"`
	Why      string `json:"why"`
	OnlyData bool   `json:"only_data,omitempty"`
}

// KeptPack is the text of a pack that something was decided by.
type KeptPack struct {
	jurisdiction.Ref
	Source string
	At     time.Time
}

// LawTx keeps what departures were decided under, and their time limits.
type LawTx interface {
	// InsertLaw stores the law of a departure; what is there stays.
	InsertLaw(ctx context.Context, d LawDecision) error
	// LawOf returns it; the zero LawDecision where there is none.
	LawOf(ctx context.Context, c offboarding.CaseID) (LawDecision, error)
	KeepPacks(ctx context.Context, list ...KeptPack) error
	KeptDigests(ctx context.Context) (map[string]bool, error)
	FindPack(ctx context.Context, digest string) (KeptPack, error)

	// PutLimit stores a limit: a new one where its Version is 0, which is left
	// alone where there is one of its customer, case, parameter and record.
	PutLimit(ctx context.Context, l limit.Limit) error
	FindLimit(ctx context.Context, id string) (limit.Limit, error)
	LimitsOf(ctx context.Context, c offboarding.CaseID) ([]limit.Limit, error)        // by end
	LimitsAbout(ctx context.Context, c customer.ID) ([]limit.Limit, error)            // of all their departures, by end
	CountLimits(ctx context.Context, from, until time.Time) ([]LimitCount, error)     // whose end lies between
	LateLimits(ctx context.Context, now time.Time, most int) ([]limit.Limit, error)   // that ran out and are not done, the oldest first
	ComingLimits(ctx context.Context, now time.Time, most int) ([]limit.Limit, error) // that run, the soonest first
	// DropLimitJob takes the job that rings for a limit off the queue.
	DropLimitJob(ctx context.Context, key string) error
}

// LimitCount is how many limits of a rule stand how.
type LimitCount struct {
	Param, Rule string
	State       limit.State
	Done        bool // missed, and done afterwards
	N           int
}

// decideLaw keeps the law of a departure that is being registered.
func (a *App) decideLaw(ctx context.Context, tx Tx, c offboarding.Case, r offboarding.Request) (d LawDecision, err error) {
	if d, err = tx.LawOf(ctx, c.ID); err != nil || d.Case != "" {
		return d, err
	}
	v, err := a.caseLaw(ctx, tx, c, r)
	if err != nil {
		return d, err
	}
	l, law, err := a.lawNow(v)
	if err != nil {
		return d, err
	}
	d = LawDecision{Case: c.ID, Day: law.Day, Facts: law.Facts, Refs: l.Refs(law.Chosen), Duties: limit.Duties(law), At: tx.Now()}
	for _, p := range law.Chosen.Packs {
		d.Chosen = append(d.Chosen, ChosenPack{p.Pack.ID, p.Why, p.OnlyData})
	}
	if err := keepPacks(ctx, tx, l, d.Refs); err != nil {
		return d, err
	}
	if err := tx.InsertLaw(ctx, d); err != nil {
		return d, err
	}
	refs := make([]string, len(d.Refs))
	for i, ref := range d.Refs {
		refs[i] = ref.String()
	}
	return d, a.record(ctx, tx, fact{"law.decided", "engine", string(c.ID), string(c.Customer), map[string]any{"packs": strings.Join(refs, " "), "day": d.Day.String()}})
}

// caseLaw gathers what the law of a departure depends on.
func (a *App) caseLaw(ctx context.Context, tx Tx, c offboarding.Case, r offboarding.Request) (v CaseView, err error) {
	v = CaseView{Plan: offboarding.Plan{Case: c}, Request: r}
	if v.Customer, err = tx.FindCustomer(ctx, c.Customer); err != nil {
		return v, err
	}
	w, withdrawn, err := standing(ctx, tx, c.ID)
	if err != nil {
		return v, err
	}
	if withdrawn {
		v.Withdrawal = &w
	}
	if v.Way, _, err = tx.WayOf(ctx, r.ID); err != nil {
		return v, err
	}
	subs, err := tx.SubscriptionsOf(ctx, c.Customer)
	v.Lines = pick(subs, c.Subscriptions)
	return v, err
}

// keepPacks keeps the text of those packs that were not kept yet.
func keepPacks(ctx context.Context, tx Tx, l *jurisdiction.Library, refs []jurisdiction.Ref) error {
	kept, err := tx.KeptDigests(ctx)
	if err != nil {
		return err
	}
	var list []KeptPack
	for _, r := range refs {
		if !kept[r.Digest] {
			list = append(list, KeptPack{r, string(l.Pack(r.Pack).File().Source), tx.Now()})
		}
	}
	return tx.KeepPacks(ctx, list...)
}

// libraryOf is the packs that a departure was decided under: those of today, or
// those that were kept where they have changed since.
func (a *App) libraryOf(ctx context.Context, tx Tx, refs []jurisdiction.Ref) (*jurisdiction.Library, error) {
	if a.Law().Holds(refs) {
		return a.Law(), nil
	}
	raw, err := json.Marshal(refs)
	if err != nil {
		return nil, fault.Wrap("app.libraryOf", err)
	}
	if l, known := a.laws.Load(string(raw)); known {
		return l.(*jurisdiction.Library), nil
	}
	var files []jurisdiction.File
	for _, r := range refs {
		p, err := tx.FindPack(ctx, r.Digest)
		if err != nil {
			return nil, err
		}
		files = append(files, jurisdiction.File{Name: r.Pack + ".yaml", Source: []byte(p.Source)})
	}
	l, err := jurisdiction.Load(files)
	if err == nil {
		a.laws.Store(string(raw), l)
	}
	return l, err
}

// decided is the law of a departure as it was decided.
func (a *App) decided(ctx context.Context, tx Tx, d LawDecision) (*jurisdiction.Effective, error) {
	l, err := a.libraryOf(ctx, tx, d.Refs)
	if err != nil {
		return nil, err
	}
	var s jurisdiction.Selection
	for _, c := range d.Chosen {
		if p := l.Pack(c.Pack); p != nil {
			s.Packs = append(s.Packs, jurisdiction.Chosen{Pack: p, Why: c.Why, OnlyData: c.OnlyData})
		}
	}
	return l.Effective(s, d.Facts, d.Day)
}
