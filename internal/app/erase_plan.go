package app

import (
	"context"
	"errors"
	"maps"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// ErasurePlan is what erasing the customer of a departure would do, before
// anything is done.
type ErasurePlan struct {
	Code   string         `json:"code"`
	Erased bool           `json:"erased,omitempty"`  // it was done already
	Waits  string         `json:"waits,omitempty"`   // code of why it would be refused now
	Tables map[string]int `json:"tables"`            // of our own record: rows that would be deleted or blanked
	Sums   int            `json:"sums"`              // that would be put away, until
	Until  when.Date      `json:"until,omitzero"`    //
	Far    []FarPlan      `json:"far,omitempty"`     // what far systems hold
	By     []string       `json:"by_hand,omitempty"` // items that people would erase
	// Processors are those that would be asked, or were. How much they hold they alone
	// know.
	Processors []ProcessorPlan `json:"processors,omitempty"`
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
		for _, s := range p.Steps {
			k, known := a.kinds[s.Kind]
			switch {
			case known && k.Spec().Forgets:
				balances, err := tx.BalancesOf(ctx, p.Case.Customer)
				if err != nil {
					return err
				}
				if plan.Sums = len(balances); plan.Sums > 0 {
					plan.Until = when.Date{Year: p.Case.Effective.Year + days(s, "keep_years", 0), Month: time.December, Day: 31}
				}
			case known && k.Spec().ErasesFar && k.Spec().Human:
				plan.Processors = append(plan.Processors, a.processorsPlanned(k, p.Case, s)...)
			case known && k.Spec().ErasesFar:
				if plan.Far, err = a.farPlanned(ctx, tx, p.Case, k.Jobs(step.Subject{Case: p.Case, Step: s}), owners); err != nil {
					return err
				}
			case known && k.Spec().Erases && k.Spec().Human:
				for _, it := range s.Items {
					plan.By = append(plan.By, it.Key)
				}
			}
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
