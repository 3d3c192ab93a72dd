package app

import (
	"context"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// UsersPage is what the customer sees of who is told.
type UsersPage struct {
	CasePage
	Told UsersView
}

// UsersView is how it stands with telling a customer's own users.
type UsersView struct {
	Planned bool               // somebody is to be told, or was
	Step    string             // by which: its key
	Day     when.Date          // on which they are told
	Users   []customer.Contact // who is told: as they are known now, or as they were written to
	Made    bool               // the letters are made
	Sent    int                // of them, those that went out
	Lacking int                // those that did not arrive, or may not go out
	Self    time.Time          // the customer said that they tell them; zero: they did not
	Open    bool               // they may still say so, or take it back
	Letter  *Paper             // what they are told; nil: nobody is
}

// usersView reads it for a plan.
func (a *App) usersView(ctx context.Context, tx Tx, p offboarding.Plan) (v UsersView, err error) {
	s, err := a.usersStep(ctx, tx, p)
	if err != nil || s == nil {
		return v, err
	}
	letters, err := tx.UserLetters(ctx, p.Case.ID)
	if err != nil {
		return v, err
	}
	v.Step, v.Self, v.Day = s.Key, p.Case.SelfTold, step.UsersDay(*s, p.Case.Effective)
	if today := a.today(tx); v.Day.Before(today) {
		v.Day = today
	}
	for _, l := range letters {
		if l.Paper != UsersPaper {
			continue
		}
		switch l.State {
		case "sent", "written":
			v.Sent++
		case "refused", "withheld":
			v.Lacking++
		}
		v.Made, v.Day = true, when.DateOf(l.QueuedAt, a.Company().Zone)
		v.Users = append(v.Users, customer.Contact{Email: l.To, Language: l.Language})
	}
	waits := !s.Over() && s.State != offboarding.StepDone && (p.Case.State == offboarding.CaseOpen || p.Case.State == offboarding.CaseRegistered)
	v.Open = waits && !v.Made
	if v.Open {
		if v.Users, err = usersOf(ctx, tx, p.Case.Customer); err != nil {
			return v, err
		}
	}
	v.Planned = waits || v.Made || !v.Self.IsZero()
	return v, nil
}

// OpenUsersPage reads who is told of a departure, for whoever holds its private page.
// Errors: NotFound where nobody is to be told.
func (a *App) OpenUsersPage(ctx context.Context, token, lang string) (out UsersPage, err error) {
	page, err := a.OpenCasePage(ctx, token, "case", lang)
	if err != nil {
		return out, err
	}
	if !page.Users.Planned || !page.ErasedOn.IsZero() {
		return out, fault.New(fault.NotFound, "not_found")
	}
	out = UsersPage{CasePage: page, Told: page.Users}
	err = a.store.View(ctx, func(tx Tx) error {
		letter := page.Paper
		letter.Kind = UsersPaper
		letter.Links = map[string]string{}
		letter.Users, err = a.userFacts(ctx, tx, letter)
		out.Told.Letter = &letter
		return err
	})
	return out, err
}

// SayUsersTold takes down that the customer tells their users themselves, or that we
// are to do it after all, until the first letter is made. Again, it changes nothing.
func (a *App) SayUsersTold(ctx context.Context, token string, self bool) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		if err := tx.HoldCase(ctx, l.Case); err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		v, err := a.usersView(ctx, tx, p)
		switch {
		case err != nil:
			return err
		case v.Self.IsZero() != self:
			return nil
		case !v.Open:
			return fault.New(fault.Blocked, "users.told")
		}
		typ := "users.by_us"
		if p.Case.SelfTold = (time.Time{}); self {
			typ, p.Case.SelfTold = "users.by_customer", tx.Now()
		}
		if err := a.record(ctx, tx, fact{typ, customerActor, string(p.Case.ID), string(p.Case.Customer), nil}); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, customerActor)
	})
}
