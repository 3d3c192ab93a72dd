package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/when"
)

// RiskView is one customer as they are rated.
type RiskView struct {
	Customer customer.Customer
	Lines    []customer.Subscription // that have not ended
	Score    risk.Score
	Play     *PlayView // the newest that is not over; nil: none
	Worth    *Worth    // nil: nobody computed it, or it is not for whoever asks
}

// RiskList is a page of customers as they are rated.
type RiskList struct {
	Rows   []RiskView
	Counts map[risk.Band]int
	Rated  time.Time // when everybody was last rated; zero: never
	Names  map[string]string
	More   bool
}

// ListRisks returns customers of a band, most points first, as they were when
// they were last rated.
func (a *App) ListRisks(ctx context.Context, by Actor, band risk.Band, limit, offset int) (list RiskList, err error) {
	if err := by.CanRead("risk"); err != nil {
		return list, err
	}
	if !slices.Contains(risk.Bands, band) {
		return list, fault.New(fault.Invalid, "field.choice").On("band")
	}
	limit = min(max(limit, 1), pageMost)
	err = a.store.View(ctx, func(tx Tx) error {
		list = RiskList{}
		if list.Counts, err = tx.CountRisks(ctx); err != nil {
			return err
		}
		if at, known, err := tx.Setting(ctx, RatedSetting); err != nil {
			return err
		} else if known {
			if list.Rated, err = time.Parse(time.RFC3339, at); err != nil {
				return fault.Wrap("app.ListRisks", err)
			}
		}
		rows, err := tx.ListRisks(ctx, band, limit+1, max(offset, 0))
		if err != nil {
			return err
		}
		if list.More = len(rows) > limit; list.More {
			rows = rows[:limit]
		}
		if list.Names, err = names(ctx, tx); err != nil {
			return err
		}
		return a.fillRisks(ctx, tx, by, rows, &list)
	})
	return list, err
}

// fillRisks adds who the customers are, what they have and what is done.
func (a *App) fillRisks(ctx context.Context, tx Tx, by Actor, rows []Risk, list *RiskList) error {
	ids := make([]customer.ID, len(rows))
	list.Rows = make([]RiskView, len(rows))
	at := make(map[customer.ID]*RiskView, len(rows))
	for i, r := range rows {
		c, err := tx.FindCustomer(ctx, r.Customer)
		if err != nil {
			return err
		}
		list.Rows[i] = RiskView{Customer: c, Score: r.Score}
		ids[i], at[r.Customer] = r.Customer, &list.Rows[i]
	}
	lines, err := tx.SubscriptionsOf(ctx, ids...)
	if err != nil {
		return err
	}
	for _, s := range lines {
		if s.Status != customer.Ended {
			at[s.Customer].Lines = append(at[s.Customer].Lines, s)
		}
	}
	if err := worthIn(ctx, tx, by, ids, func(w Worth) { at[w.Customer].Worth = &w }); err != nil {
		return err
	}
	plays, err := a.plays(ctx, tx, ids...)
	for i, p := range plays {
		if row := at[p.Customer]; !p.Over() && (row.Play == nil || row.Play.OpenedAt.Before(p.OpenedAt)) {
			row.Play = &plays[i]
		}
	}
	return err
}

// CustomerRisk is how one customer is rated, was rated when they left, and
// what was done about it.
type CustomerRisk struct {
	Customer customer.Customer
	Now      *Risk // nil: not rated, or they are leaving
	Left     []Risk
	Plays    []PlayView // newest first
	Owners   []User     // who may own a play
	Names    map[string]string
	Today    when.Date
}

// Suits is the play that the rating calls for, of those that are not open
// already; empty if both are.
func (c CustomerRisk) Suits() play.Kind {
	open := map[play.Kind]bool{}
	for _, p := range c.Plays {
		open[p.Kind] = open[p.Kind] || !p.Over()
	}
	suits := play.CheckIn
	if c.Now != nil {
		suits = play.Suits(c.Now.Score.Signals)
	}
	for _, k := range append([]play.Kind{suits}, play.Kinds...) {
		if !open[k] {
			return k
		}
	}
	return ""
}

// Open reports whether a play of the kind is open.
func (c CustomerRisk) Open(k play.Kind) bool {
	return slices.ContainsFunc(c.Plays, func(p PlayView) bool { return p.Kind == k && !p.Over() })
}

// OpenCustomerRisk reads how one customer is rated.
func (a *App) OpenCustomerRisk(ctx context.Context, by Actor, cid customer.ID) (c CustomerRisk, err error) {
	if err := by.CanRead("risk"); err != nil {
		return c, err
	}
	err = a.store.View(ctx, func(tx Tx) error { c, err = a.customerRisk(ctx, tx, cid); return err })
	return c, err
}

func (a *App) customerRisk(ctx context.Context, tx Tx, cid customer.ID) (c CustomerRisk, err error) {
	c.Today = a.today(tx)
	if c.Customer, err = tx.FindCustomer(ctx, cid); err != nil {
		return c, err
	}
	list, err := tx.RisksOf(ctx, cid)
	if err != nil {
		return c, err
	}
	for i, r := range list {
		if r.Case == "" {
			c.Now = &list[i]
		} else {
			c.Left = append(c.Left, r)
		}
	}
	if c.Plays, err = a.plays(ctx, tx, cid); err != nil {
		return c, err
	}
	named, people, err := people(ctx, tx)
	c.Names = named
	for _, u := range people {
		if (Actor{Roles: u.Roles}).May("risk") {
			c.Owners = append(c.Owners, u)
		}
	}
	return c, err
}
