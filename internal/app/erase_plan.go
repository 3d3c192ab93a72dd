package app

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// ErasurePlan is what erasing the customer of a departure would do, before
// anything is done.
type ErasurePlan struct {
	Code   string         `json:"code"`
	Erased bool           `json:"erased,omitempty"` // it was done already
	Waits  string         `json:"waits,omitempty"`  // code of why it would be refused now
	Held   []HeldBy       `json:"held,omitempty"`   // orders of authorities: while they are in force, nothing is erased
	Tables map[string]int `json:"tables"`           // of our own record: rows that would be deleted or blanked
	Keys   int            `json:"keys"`             // that sealed something of theirs, and would be destroyed
	Log    int            `json:"log"`              // entries of the log, which say nothing of them any more
	// Backups is the day on which the last backup with their data expires.
	Backups when.Date         `json:"backups,omitzero"`
	Sums    int               `json:"sums"` // that would be put away, until
	Until   when.Date         `json:"until,omitzero"`
	Why     map[string]string `json:"why,omitempty"`     // language → the law
	Grounds map[string]string `json:"grounds,omitempty"` // why each thing of ours that stays may
	Far     []FarPlan         `json:"far,omitempty"`     // what far systems hold
	By      []HandPlan        `json:"by_hand,omitempty"` // what people would erase
	// Processors are those that would be asked, or were. How much they hold they alone
	// know.
	Processors []ProcessorPlan `json:"processors,omitempty"`
}

// HeldBy is an order of an authority that keeps anything from being erased.
type HeldBy struct {
	Until    when.Date `json:"until,omitzero"` // zero: until it is lifted
	Withhold bool      `json:"withhold"`       // the customer may not have their data either
}

// HandPlan is what a person would erase and say so.
type HandPlan struct {
	Step   string            `json:"step"`
	Item   string            `json:"item"`
	Titles map[string]string `json:"titles,omitempty"`
}

// FarPlan is what would become of one holding of a far system.
type FarPlan struct {
	Far

	Blocked int    `json:"blocked,omitempty"` // records that are blocked already
	Error   string `json:"error,omitempty"`   // code of why it cannot be counted now
}

// ProcessorPlan is a processor that would be asked to erase.
type ProcessorPlan struct {
	System    string `json:"system"`
	Processor string `json:"processor"`
	Holdings  []Far  `json:"holdings"`
}

// processorsPlanned are those that a step would have erase.
func (a *App) processorsPlanned(k step.Kind, c offboarding.Case, s offboarding.Step) (out []ProcessorPlan) {
	lister, ok := k.(step.Lister)
	if !ok || c.Test {
		return nil
	}
	for _, it := range lister.Items(step.Subject{Case: c, Step: s}) {
		proc, _ := a.systems.Processor(it.Key)
		x := ProcessorPlan{System: it.Key, Processor: proc.Title}
		for _, h := range proc.Holdings {
			x.Holdings = append(x.Holdings, farOf(it.Key, h, c))
		}
		out = append(out, x)
	}
	return out
}

// errDry takes back what a dry run did.
var errDry = errors.New("app: nothing is done")

// PlanErasure counts, in our own record and at every far system with a data map,
// what erasing would reach. It changes nothing: our own record is counted by
// erasing it and taking that back.
func (a *App) PlanErasure(ctx context.Context, by Actor, c offboarding.CaseID) (plan ErasurePlan, err error) {
	if err := by.CanRead("erase"); err != nil {
		return plan, err
	}
	owners := map[string]string{}
	err = a.store.Tx(ctx, func(tx Tx) error {
		plan = ErasurePlan{Tables: map[string]int{}}
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		plan.Code = p.Case.Code
		if at, err := tx.ErasedAt(ctx, p.Case.Customer); err != nil || !at.IsZero() {
			plan.Erased = !at.IsZero()
			return err
		}
		if err := a.mayErase(ctx, tx, p.Case); err != nil {
			if fault.KindOf(err) != fault.Blocked {
				return err
			}
			plan.Waits = fault.CodeOf(err)
		}
		if err := holdsErasing(ctx, tx, p.Case, &plan); err != nil {
			return err
		}
		ours := false
		for _, s := range p.Steps {
			k, known := a.kinds[s.Kind]
			switch {
			case s.State == offboarding.StepSkipped:
			case known && k.Spec().Forgets:
				ours = true
				cert, subjects, err := a.certify(ctx, tx, p.Case, s)
				if err != nil {
					return err
				}
				plan.Keys, plan.Log, plan.Backups, plan.Grounds = len(subjects), cert.Entries, cert.Backups, cert.Grounds
				if plan.Sums = cert.Invoices; plan.Sums > 0 {
					plan.Until, plan.Why = cert.Until, cert.Why
				}
			case known && k.Spec().ErasesFar && k.Spec().Human:
				plan.Processors = append(plan.Processors, a.processorsPlanned(k, p.Case, s)...)
			case known && k.Spec().ErasesFar:
				some, err := a.farPlanned(ctx, tx, p.Case, k.Jobs(step.Subject{Case: p.Case, Step: s}), owners)
				if err != nil {
					return err
				}
				plan.Far = append(plan.Far, some...)
			case known && k.Spec().Erases && k.Spec().Human:
				for _, it := range s.Items {
					plan.By = append(plan.By, HandPlan{s.Key, it.Key, it.Title})
				}
			}
		}
		if !ours { // its plan leaves our own record as it is
			return nil
		}
		return a.countOurs(ctx, tx, p.Case, &plan)
	})
	if err != nil && !errors.Is(err, errDry) {
		return plan, err
	}
	for i := range plan.Far { // far systems are asked while nobody waits for our record
		f := &plan.Far[i]
		x, h, ok := a.systems.Holding(step.HoldingItem(f.System, f.Holding))
		if !ok {
			continue
		}
		n, err := x.CountHeld(ctx, h.Name, owners[f.System])
		f.Rows, f.Blocked, f.Error = n.Used, n.Blocked, ""
		if err != nil {
			f.Error = fault.CodeOf(err)
		}
	}
	return plan, nil
}

// holdsErasing says which orders keep the customer from being erased now.
func holdsErasing(ctx context.Context, tx Tx, c offboarding.Case, plan *ErasurePlan) error {
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	list, err := tx.OrdersOf(ctx, c.Customer)
	for _, o := range list {
		if o.Holds(when.DateOf(tx.Now(), zone)) {
			plan.Held = append(plan.Held, HeldBy{o.Until, o.Withhold})
		}
	}
	if plan.Waits == "" && len(plan.Held) > 0 {
		plan.Waits = "order.keeps"
	}
	return err
}

// countOurs erases our own record, says how many rows of which tables that was,
// and ends with errDry.
func (a *App) countOurs(ctx context.Context, tx Tx, c offboarding.Case, plan *ErasurePlan) error {
	counts, err := tx.EraseCustomer(ctx, c.Customer, c.Code)
	if err != nil {
		return err
	}
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	plan.Tables = counts
	return errDry
}

// farPlanned are the holdings that jobs would erase.
func (a *App) farPlanned(ctx context.Context, tx Tx, c offboarding.Case, jobs []step.Job, owners map[string]string) (list []FarPlan, err error) {
	if c.Test {
		return nil, nil
	}
	for _, j := range jobs {
		_, h, ok := a.systems.Holding(j.Item)
		if !ok {
			continue
		}
		if owners[j.System] == "" {
			if owners[j.System], err = ownerAt(ctx, tx, c.Customer, j.System); err != nil {
				return nil, err
			}
		}
		list = append(list, FarPlan{Far: farOf(j.System, h, c)})
	}
	return list, nil
}

// farOf is a holding as a certificate tells it, before anything was counted.
func farOf(system string, h connector.Holding, c offboarding.Case) Far {
	f := Far{System: system, Holding: h.Name, Titles: h.Titles, Fields: h.Fields, Category: h.Category, Role: h.Role, Basis: h.Basis, After: h.After}
	if h.Stays() {
		f.Until, f.Why = when.Date{Year: c.Effective.Year + h.Years, Month: time.December, Day: 31}, h.Why
	}
	return f
}

// Fate is what would become of something when a customer is erased.
type Fate string

// The fates: those of a data map, and what others do.
const (
	FateErase     = Fate(connector.Erase)
	FateAnonymise = Fate(connector.Anonymise)
	FateBlock     = Fate(connector.Block)
	FateKeep      = Fate(connector.Keep)
	FateAsk       = Fate("ask")    // a processor is asked, and ends with its receipt
	FateHand      = Fate("person") // somebody does it and says so
)

// Fates are all of them, in the order in which people are told.
var Fates = []Fate{FateErase, FateAnonymise, FateBlock, FateKeep, FateAsk, FateHand}

// PlanLine is what would become of one thing, wherever it is.
type PlanLine struct {
	Fate    Fate
	System  string // erasure.House: our own record
	What    string // a table of ours, a holding, an item of a step
	Titles  map[string]string
	Fields  []string
	Records int  // how many there are
	Counted bool // false: nobody can count them from here, or not now
	Blocked int  // records that are blocked already
	Basis   string
	Until   when.Date // zero: it is gone at once, or has no end
	Why     map[string]string
	Asked   string // the processor that is asked
	Error   string // code of why they cannot be counted now
}

// What stays of our own record beside the sums.
const (
	PlanLog         = "log"
	PlanFingerprint = "fingerprint"
)

// Lines tells everything that the plan reaches, by its fate.
func (p ErasurePlan) Lines() (list []PlanLine) {
	if p.Erased {
		return nil
	}
	ours := PlanLine{System: erasure.House, Counted: true}
	for _, table := range slices.Sorted(maps.Keys(p.Tables)) {
		l := ours
		l.Fate, l.What, l.Records = FateErase, table, p.Tables[table]
		list = append(list, l)
	}
	if p.Sums > 0 {
		l := ours
		l.Fate, l.What, l.Records, l.Basis, l.Until, l.Why = FateBlock, erasure.Sums, p.Sums, p.Grounds["invoices"], p.Until, p.Why
		list = append(list, l)
	}
	if p.Keys > 0 { // our own record is erased
		l := ours
		l.Fate, l.What, l.Records, l.Basis = FateKeep, PlanLog, p.Log, p.Grounds["log"]
		list = append(list, l)
		l.What, l.Records, l.Counted, l.Basis = PlanFingerprint, 0, false, p.Grounds["again"]
		list = append(list, l)
	}
	for _, f := range p.Far {
		list = append(list, PlanLine{
			Fate: Fate(f.After), System: f.System, What: f.Holding, Titles: f.Titles, Fields: f.Fields, Records: f.Rows, Counted: f.Error == "", Blocked: f.Blocked,
			Basis: string(f.Basis), Until: f.Until, Why: f.Why, Error: f.Error,
		})
	}
	for _, x := range p.Processors {
		for _, h := range x.Holdings {
			list = append(list, PlanLine{
				Fate: FateAsk, System: x.System, What: h.Holding, Titles: h.Titles, Fields: h.Fields, Basis: string(h.Basis), Until: h.Until, Why: h.Why, Asked: x.Processor,
			})
		}
	}
	for _, h := range p.By {
		list = append(list, PlanLine{Fate: FateHand, What: h.Item, Titles: h.Titles})
	}
	slices.SortStableFunc(list, func(x, y PlanLine) int { return cmp.Compare(slices.Index(Fates, x.Fate), slices.Index(Fates, y.Fate)) })
	return list
}
