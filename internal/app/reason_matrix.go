package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/when"
)

// ReasonMatrixTx counts why customers left.
type ReasonMatrixTx interface {
	CountReasons(ctx context.Context, from, to time.Time) ([]reason.Tally, error)
	ReasonEditions(ctx context.Context) ([]reason.Edition, error)
	ReasonCases(ctx context.Context, p ReasonPick, limit int) ([]ReasonCase, error) // newest first
}

// ReasonPick says of which departures. A pointer to nothing asks for those of
// which that is not known, nil for all.
type ReasonPick struct {
	From, To                 time.Time
	Stated, Root             *string // editions
	StatedFamily, RootFamily *string // editions
	Attribution, Segment     *string
}

// ReasonCase is a departure that a cell of the matrix counts.
type ReasonCase struct {
	Case         offboarding.CaseID
	Code         string
	Customer     customer.ID
	Name         string
	RequestedAt  time.Time
	Segment      string
	Stated, Root string // editions
	Attribution  reason.Attribution
}

// ReasonMatrix is why customers left who asked for it from one day to another.
type ReasonMatrix struct {
	From, To when.Date // both in it
	reason.Matrix
}

// reasonMonths is of how many months the matrix is unless somebody says which.
const reasonMonths = 12

// reasonCasesMost is how many departures of a cell are named.
const reasonCasesMost = 200

// reasonTime fills in the days that nobody said, and says when they begin and end.
func (a *App) reasonTime(tx Tx, from, to when.Date) (when.Date, when.Date, time.Time, time.Time, error) {
	if to.IsZero() {
		to = a.today(tx)
	}
	if from.IsZero() {
		from = to.AddMonths(-reasonMonths)
	}
	if to.Before(from) {
		return from, to, time.Time{}, time.Time{}, fault.New(fault.Invalid, "reason.days").On("to")
	}
	zone := a.Company().Zone
	return from, to, from.Start(zone), to.AddDays(1).Start(zone), nil
}

// ReasonMatrix counts why customers left: of departures that were asked for
// between two days and not undone. Zero days: the last twelve months.
func (a *App) ReasonMatrix(ctx context.Context, by Actor, from, to when.Date) (m ReasonMatrix, err error) {
	if err := by.CanRead("reason"); err != nil {
		return m, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		m = ReasonMatrix{}
		var begin, end time.Time
		if m.From, m.To, begin, end, err = a.reasonTime(tx, from, to); err != nil {
			return err
		}
		tallies, err := tx.CountReasons(ctx, begin, end)
		if err != nil {
			return err
		}
		editions, err := tx.ReasonEditions(ctx)
		if err != nil {
			return err
		}
		m.Matrix = reason.NewMatrix(reason.Builtin(), tallies, editions)
		return nil
	})
	return m, err
}

// ReasonCases names the departures behind a cell of the matrix, newest first;
// more says that there are others.
func (a *App) ReasonCases(ctx context.Context, by Actor, from, to when.Date, p ReasonPick) (list []ReasonCase, more bool, err error) {
	if err := by.CanRead("reason"); err != nil {
		return nil, false, err
	}
	if err := by.CanRead("case"); err != nil {
		return nil, false, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list, more = nil, false
		if _, _, p.From, p.To, err = a.reasonTime(tx, from, to); err != nil {
			return err
		}
		for _, x := range sameEditions(p) {
			some, err := tx.ReasonCases(ctx, x, reasonCasesMost+1)
			if err != nil {
				return err
			}
			list = append(list, some...)
		}
		slices.SortFunc(list, func(a, b ReasonCase) int {
			return cmp.Or(b.RequestedAt.Compare(a.RequestedAt), cmp.Compare(b.Case, a.Case))
		})
		if more = len(list) > reasonCasesMost; more {
			list = list[:reasonCasesMost]
		}
		for i := range list {
			c, err := tx.FindCustomer(ctx, list[i].Customer)
			if err != nil {
				return err
			}
			list[i].Name, list[i].Stated, list[i].Root = c.Name, reason.Builtin().Same(list[i].Stated), reason.Builtin().Same(list[i].Root)
		}
		return nil
	})
	return list, more, err
}

// sameEditions asks also for the earlier editions that are counted with those of
// a pick.
func sameEditions(p ReasonPick) []ReasonPick {
	list := []ReasonPick{p}
	for _, at := range []func(*ReasonPick) **string{
		func(p *ReasonPick) **string { return &p.Stated }, func(p *ReasonPick) **string { return &p.Root },
		func(p *ReasonPick) **string { return &p.StatedFamily }, func(p *ReasonPick) **string { return &p.RootFamily },
	} {
		var all []ReasonPick
		for _, x := range list {
			asked := *at(&x)
			if asked == nil {
				all = append(all, x)
				continue
			}
			for _, e := range reason.Builtin().Editions(*asked) {
				y := x
				*at(&y) = &e
				all = append(all, y)
			}
		}
		list = all
	}
	return list
}
