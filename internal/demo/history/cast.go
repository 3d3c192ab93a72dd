package history

import (
	"context"
	"fmt"
	"slices"

	"hastaluego/internal/app"
	"hastaluego/internal/calendar"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/when"
)

// fate is what becomes of a departure.
type fate string

const (
	leaves    fate = "leaves"    // to the end, in good time
	late      fate = "late"      // to the end, but people take too long
	neglected fate = "neglected" // somebody's step is left lying
	refused   fate = "refused"   // the billing system refuses, and nobody has decided yet
	retried   fate = "retried"   // the billing system refuses, and is asked again
	paused    fate = "paused"
	regrets   fate = "regrets" // undone by the customer before it takes effect
	disowned  fate = "disowned"
	silent    fate = "silent" // never confirmed
)

// part is one line of the script.
type part struct {
	age  int // days before the end of the history
	fate fate
	by   string // channel
	end  bool   // at the end of what is paid for
}

// departure is one customer who asks to leave.
type departure struct {
	part
	who      customer.Customer
	contact  customer.Contact
	sub      string // reference at the billing system
	business bool
	code     string
	page     string // token of the private page
	fetches  bool   // their data
}

// recent are the departures of the last weeks: one of everything that people
// meet when they open the inbox.
var recent = []part{
	{43, silent, "public", false},
	{24, retried, "staff", false},
	{19, paused, "staff", true},
	{17, neglected, "public", true},
	{15, late, "host", true},
	{13, neglected, "public", false},
	{12, leaves, "public", true},
	{11, regrets, "public", true},
	{9, refused, "host", false},
	{9, leaves, "staff", true},
	{8, refused, "public", false},
	{7, leaves, "public", false},
	{6, leaves, "host", true},
	{6, disowned, "public", true},
	{5, leaves, "public", true},
	{4, leaves, "public", false},
	{3, regrets, "host", true},
	{3, leaves, "public", true},
	{2, leaves, "staff", false},
	{2, silent, "public", true},
	{1, leaves, "public", true},
	{1, leaves, "host", false},
	{1, silent, "public", false},
}

// script is every departure of the year, the oldest first.
func (l *life) script() []part {
	var all []part
	for age := Days - 6; age > 46; age -= 7 + l.dice.IntN(4) {
		p := part{age, leaves, "public", l.dice.IntN(3) > 0}
		switch l.dice.IntN(10) {
		case 0, 1, 2:
			p.by = "host"
		case 3:
			p.by = "staff"
		}
		switch n := len(all); {
		case n%9 == 4:
			p.fate, p.end = regrets, true
		case n%13 == 6:
			p.fate, p.by = disowned, "public"
		case n%11 == 8:
			p.fate = retried
		case n%5 == 3:
			p.fate = late
		}
		all = append(all, p)
	}
	return append(all, recent...)
}

// furnish brings the people and the first customers, and decides who will
// leave.
func (l *life) furnish(ctx context.Context) error {
	for _, u := range l.Sample.Users {
		added, err := l.App.AddUser(ctx, "", app.UserInput{Login: u.Login, Name: u.Name, Password: l.Sample.Password, Roles: u.Roles})
		if err != nil {
			return err
		}
		l.people = append(l.people, app.Actor{ID: added.ID, Name: added.Name, Roles: added.Roles})
	}
	if err := l.ownPlaybook(ctx); err != nil {
		return err
	}
	l.coming = l.Sample.Crowd(l.To, l.zone)
	l.assign()
	slices.SortStableFunc(l.coming, func(a, b demo.Member) int { return b.Since.DaysUntil(a.Since) })
	named := l.Sample.Customers(l.To, l.zone)
	if err := l.bring(ctx, named); err != nil {
		return err
	}
	l.agenda.put(l.at(when.DateOf(l.To, l.zone).AddDays(-letGoDays), 10, 5), l.letGo)
	for i, s := range l.Sample.Strangers {
		l.agenda.put(l.at(when.DateOf(l.To, l.zone).AddDays(-5+3*i), 11, 7), func(ctx context.Context) error {
			_, err := l.App.RequestExit(ctx, app.ExitInput{
				Name: s.Name, AccountEmail: s.Email, Reference: s.Reference, Language: l.Sample.Company.Locale,
			})
			return err
		})
	}
	return nil
}

// assign gives every line of the script a customer who was there by then.
func (l *life) assign() {
	free := slices.Clone(l.coming)
	for _, p := range l.script() {
		day := when.DateOf(l.To, l.zone).AddDays(-p.age)
		i := slices.IndexFunc(free, func(m demo.Member) bool { return m.Since.AddDays(50).Before(day) })
		if i < 0 {
			continue
		}
		m := free[i]
		free = slices.Delete(free, i, i+1)
		d := &departure{
			part: p, who: m.Rows[0].Customer, contact: m.Rows[0].Contact, sub: m.Rows[0].Subscription.Reference,
			business: m.Rows[0].Customer.Segment == "business", fetches: l.dice.IntN(2) == 0,
		}
		for k := range m.Rows { // an invoice is of the month in which they leave
			if b := &m.Rows[k].Balance; !b.DueOn.IsZero() {
				b.DueOn = day.AddDays(5 + l.dice.IntN(20))
			}
		}
		l.cast = append(l.cast, d)
		hour := 8 + l.dice.IntN(13)
		if p.by == "staff" { // when somebody is there to answer
			hour, day = 10+l.dice.IntN(6), calendar.Weekdays.Next(day)
		}
		l.agenda.put(l.at(day, hour, l.dice.IntN(60)), func(ctx context.Context) error { return l.ask(ctx, d) })
	}
}

// welcome brings the customers who come by the day.
func (l *life) welcome(ctx context.Context, day when.Date) error {
	var rows []ingest.Row
	for len(l.coming) > 0 && !day.Before(l.coming[0].Since) {
		rows = append(rows, l.coming[0].Rows...)
		l.coming = l.coming[1:]
	}
	return l.bring(ctx, rows)
}

// bring stores customers and tells the billing system about their contracts.
func (l *life) bring(ctx context.Context, rows []ingest.Row) error {
	if len(rows) == 0 {
		return nil
	}
	if err := l.Billing.Seed(ctx, demo.Contracts(rows)); err != nil {
		return err
	}
	if err := l.Accounts(ctx, rows); err != nil {
		return err
	}
	return l.App.PutRows(ctx, rows)
}

// ownPlaybook is how the company came by a playbook of its own: one
// administrator proposed it, another one activated it.
func (l *life) ownPlaybook(ctx context.Context) error {
	source, err := l.Sample.Playbook()
	if err != nil {
		return err
	}
	admins := l.holders("admin")
	if len(admins) < 2 {
		return fmt.Errorf("history: the sample company needs two administrators, and has %d", len(admins))
	}
	version, err := l.App.ProposePlaybook(ctx, admins[0], source)
	if err != nil {
		return err
	}
	return l.App.ActivatePlaybook(ctx, admins[1], version)
}

// holders are the people with a role.
func (l *life) holders(role string) (out []app.Actor) {
	for _, p := range l.people {
		if p.Holds(role) {
			out = append(out, p)
		}
	}
	return out
}

// refuse makes the billing system refuse the departure's contract, or nothing.
func (l *life) refuse(ctx context.Context, d *departure) error {
	if d == nil {
		return l.Billing.SetFaults(ctx, peer.Faults{})
	}
	return l.Billing.SetFaults(ctx, peer.Faults{Status: 422, Reference: d.sub})
}
