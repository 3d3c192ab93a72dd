package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/fault"
)

// onePersonSetting holds the mode in which one person works.
const onePersonSetting = "one_person"

// OnePerson is the mode in which one person works: what needs a second person
// is approved by the customer, or by a time that is waited for.
type OnePerson struct {
	On     bool      `json:"on"`
	Hours  int       `json:"hours"` // of business time that is waited
	Since  time.Time `json:"since"` // business time
	By     string    `json:"by"`
	Name   string    `json:"name"`
	Others []string  `json:"-"` // names of the people who work here, where there are several
}

// Holds reports whether nobody else is there who could be a second person.
func (o OnePerson) Holds() bool { return o.On && len(o.Others) == 0 }

// mode is what holds now: with a second person there it is as if it were off.
func (o OnePerson) mode() approval.Mode {
	return approval.Mode{On: o.Holds(), Hours: o.Hours, Since: o.Since}
}

// works reports whether somebody may decide about anything: auditors only look.
func (u User) works() bool {
	return u.Active && slices.ContainsFunc(u.Roles, func(r string) bool { return r != "auditor" })
}

func onePerson(ctx context.Context, tx Tx) (OnePerson, error) {
	o := OnePerson{Hours: approval.UsualHours}
	raw, set, err := tx.Setting(ctx, onePersonSetting)
	if err == nil && set {
		err = fault.Wrap("app.onePerson", json.Unmarshal([]byte(raw), &o))
	}
	if err != nil {
		return o, err
	}
	users, err := tx.ListUsers(ctx)
	var names []string
	for _, u := range users {
		if u.works() {
			names = append(names, u.Name)
		}
	}
	if len(names) > 1 {
		o.Others = names
	}
	return o, err
}

// OnePerson says whether one person works here. Everybody may know: the
// customers are told.
func (a *App) OnePerson(ctx context.Context) (o OnePerson, err error) {
	err = a.store.View(ctx, func(tx Tx) error { o, err = onePerson(ctx, tx); return err })
	return o, err
}

// SetOnePerson says that one person works here, or that there are several
// again. It cannot be said while somebody else works here. What waits for a
// second person at that moment stays under that rule, and a time that is being
// waited for ends without approving when there are several again.
func (a *App) SetOnePerson(ctx context.Context, by Actor, on bool, hours int) error {
	if err := by.may("settings"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	if hours == 0 {
		hours = approval.UsualHours
	}
	if on && (hours < approval.LeastHours || hours > approval.MostHours) {
		return fault.New(fault.Invalid, "one_person.hours", "least", approval.LeastHours, "most", approval.MostHours).On("hours")
	}
	return a.tx(ctx, func(tx Tx) error {
		was, err := onePerson(ctx, tx)
		if err != nil {
			return err
		}
		if was.On == on && (!on || was.Hours == hours) {
			return nil
		}
		if on && len(was.Others) > 0 {
			return fault.New(fault.Blocked, "one_person.others", "names", strings.Join(was.Others, ", "))
		}
		now := OnePerson{On: on, Hours: hours, Since: tx.Now(), By: by.real(), Name: by.Name}
		if was.On && on { // another time begins with what is asked from now on
			now.Since = was.Since
		}
		return a.putOnePerson(ctx, tx, by, now)
	})
}

func (a *App) putOnePerson(ctx context.Context, tx Tx, by Actor, o OnePerson) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return fault.Wrap("app.putOnePerson", err)
	}
	if err := tx.PutSetting(ctx, onePersonSetting, string(raw)); err != nil {
		return err
	}
	typ := "house.two_people"
	if o.On {
		typ = "house.one_person"
	}
	return a.record(ctx, tx, fact{typ, actorOr(by.ID), "", house, map[string]any{"hours": o.Hours}})
}

// DeclareOnePerson does what the configuration says about it, as long as nobody
// has said anything in the console. It says nothing where somebody else works.
func (a *App) DeclareOnePerson(ctx context.Context, hours int) error {
	return a.tx(ctx, func(tx Tx) error {
		_, set, err := tx.Setting(ctx, onePersonSetting)
		if err != nil || set {
			return err
		}
		was, err := onePerson(ctx, tx)
		if err != nil || len(was.Others) > 0 {
			return err
		}
		return a.putOnePerson(ctx, tx, Actor{}, OnePerson{On: true, Hours: hours, Since: tx.Now()})
	})
}
