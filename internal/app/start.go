package app

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/reason"
)

// Settings of the start: answers so far, whether it was finished, and the hash
// of the token with which the first person comes in.
const (
	startDraft = "start.draft"
	startDone  = "start.done"
	startFirst = "start.first"
)

// Start is the questions of the start with their answers so far.
type Start struct {
	Setup     company.Setup
	Done      bool // finished before: it may be gone through again
	OnePerson OnePerson
}

// OpenStart reads the answers so far, else what the company is now.
func (a *App) OpenStart(ctx context.Context, by Actor) (s Start, err error) {
	if err := by.may("company"); err != nil {
		return s, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		now, err := a.setupNow(ctx, tx)
		if err != nil {
			return err
		}
		s = Start{Setup: company.Setup{Company: now.Company}}
		done, _, err := tx.Setting(ctx, startDone)
		if err != nil {
			return err
		}
		s.Done = done != ""
		if s.OnePerson, err = onePerson(ctx, tx); err != nil {
			return err
		}
		raw, _, err := tx.Setting(ctx, startDraft)
		if err != nil || raw == "" {
			return err
		}
		var d draft
		if err := json.Unmarshal([]byte(raw), &d); err != nil {
			return fault.Wrap("app.OpenStart", err)
		}
		s.Setup = d.Answers.Over(d.Base, now)
		return nil
	})
	return s, err
}

// draft is answers that change nothing yet, with what held when they were given.
type draft struct{ Base, Answers company.Setup }

// setupNow is what the settings say of what the start asks for.
func (a *App) setupNow(ctx context.Context, tx Tx) (s company.Setup, err error) {
	if s.Company, err = a.profile(ctx, tx); err != nil {
		return s, err
	}
	o, err := onePerson(ctx, tx)
	s.Alone = o.On
	return s, err
}

// DraftStart keeps answers, which change nothing yet. What is changed in the
// settings from now on wins over them.
func (a *App) DraftStart(ctx context.Context, by Actor, s company.Setup) error {
	if err := by.may("company"); err != nil {
		return err
	}
	return a.store.Tx(ctx, func(tx Tx) error {
		now, err := a.setupNow(ctx, tx)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(draft{now, s})
		if err != nil {
			return fault.Wrap("app.DraftStart", err)
		}
		return tx.PutSetting(ctx, startDraft, string(raw))
	})
}

// StartWaits reports whether the person can answer the questions of the start
// and nobody ever did.
func (a *App) StartWaits(ctx context.Context, by Actor) (waits bool, err error) {
	if !by.May("company") {
		return false, nil
	}
	err = a.store.View(ctx, func(tx Tx) error {
		done, _, err := tx.Setting(ctx, startDone)
		if err != nil {
			return err
		}
		profile, _, err := tx.CompanyHead(ctx)
		waits = done == "" && profile == 0
		return err
	})
	return waits, err
}

// CheckChoices refuses what is not among what there is to choose.
func (a *App) CheckChoices(p company.Profile) (l fault.List) {
	if p.Playbook != "" {
		if _, err := a.builtin(p.Playbook); err != nil {
			l = append(l, fault.New(fault.Invalid, "start.playbook").On("playbook").At("app.CheckChoices", err))
		}
	}
	if e := a.checkPack(p.Pack); e != nil {
		l = append(l, e)
	}
	for _, code := range p.Reasons {
		if r, ok := reason.Builtin().Find(code); !ok || !r.Top() {
			l = append(l, fault.New(fault.Invalid, "field.choice").On("reasons"))
			break
		}
	}
	return l
}

// CheckPeople returns who is to be invited, without empty lines, and what is
// wrong beside each; fields end with the number of the line.
func CheckPeople(list []company.Person) (out []company.Person, wrong fault.List) {
	for i, p := range list {
		p.Name, p.Login = strings.TrimSpace(p.Name), strings.ToLower(strings.TrimSpace(p.Login))
		if p.Name == "" && p.Login == "" {
			continue
		}
		n := "_" + strconv.Itoa(i)
		_, e := cleanName(p.Name)
		if e != nil {
			wrong = append(wrong, e.On("name"+n))
		}
		if _, e := customer.CheckText("login", p.Login, 100, false); e != nil || p.Login == "" {
			wrong = append(wrong, fault.New(fault.Invalid, "field.required").On("login"+n))
		}
		if e := checkRoles(p.Roles); e != nil {
			wrong = append(wrong, e.On("roles"+n))
		}
		out = append(out, p)
	}
	return out, wrong
}

// Invited is somebody who was added, with the token of the link with which they
// choose a password.
type Invited struct{ Name, Login, Token string }

// CheckAlone refuses that one person works here while others are invited.
func CheckAlone(s company.Setup, people []company.Person) (wrong fault.List) {
	if s.Alone && len(people) > 0 {
		wrong = append(wrong, fault.New(fault.Invalid, "start.alone").On("alone"))
	}
	return wrong
}

// ApplySetup makes the answers true: the profile, people who are not there yet,
// that one person works here, and a rehearsal; everybody reads why. Again it
// changes only what differs.
func (a *App) ApplySetup(ctx context.Context, by Actor, s company.Setup, why string) (invited []Invited, err error) {
	if err := by.may("company"); err != nil {
		return nil, err
	}
	list, wrong := CheckPeople(s.People)
	if wrong = append(wrong, CheckAlone(s, list)...); len(wrong) > 0 {
		return nil, wrong
	}
	if s.Alone { // before anything else: it is refused where others work
		o, err := a.OnePerson(ctx)
		if err == nil && !o.On {
			err = a.SetOnePerson(ctx, by, true, 0)
		}
		if err != nil {
			return nil, err
		}
	}
	version, err := a.SetCompany(ctx, by, CompanyInput{Profile: s.Company, Version: -1})
	if err != nil {
		return nil, err
	}
	users, err := a.Users(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if slices.ContainsFunc(users, func(u User) bool { return u.Login == p.Login }) {
			continue
		}
		u, token, err := a.AddPerson(ctx, by, UserInput{Login: p.Login, Name: p.Name, Roles: p.Roles})
		if err != nil {
			return invited, err
		}
		invited = append(invited, Invited{u.Name, u.Login, token})
	}
	if s.Rehearse {
		now, err := a.Held(ctx)
		if err != nil {
			return invited, err
		}
		if now.What == HoldNothing {
			if err := a.SetHold(ctx, by, HoldOutside, why); err != nil {
				return invited, err
			}
		}
	}
	return invited, a.tx(ctx, func(tx Tx) error {
		if err := tx.PutSetting(ctx, startDone, by.ID); err != nil {
			return err
		}
		if err := tx.PutSetting(ctx, startDraft, ""); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"setup.applied", actorOr(by.ID), "", house, map[string]any{"version": version, "people": len(invited), "alone": s.Alone, "rehearse": s.Rehearse}})
	})
}

// FirstLink returns the token of the link with which the first person comes in;
// empty once anybody is there. A newer one replaces it.
func (a *App) FirstLink(ctx context.Context) (token string, err error) {
	err = a.store.Tx(ctx, func(tx Tx) error {
		users, err := tx.ListUsers(ctx)
		if err != nil || len(users) > 0 {
			return err
		}
		token = id.Token()
		return tx.PutSetting(ctx, startFirst, hashToken(token))
	})
	return token, err
}

// firstRoles are those of the first person: everything but looking over their
// own shoulder. What needs two people still needs two.
var firstRoles = []string{"agent", "finance", "privacy", "success", "admin"}

// CheckFirst is fault.Gone unless the token lets the first person in.
func (a *App) CheckFirst(ctx context.Context, token string) error {
	return a.store.View(ctx, func(tx Tx) error { return first(ctx, tx, token) })
}

func first(ctx context.Context, tx Tx, token string) error {
	users, err := tx.ListUsers(ctx)
	if err != nil {
		return err
	}
	hash, _, err := tx.Setting(ctx, startFirst)
	if err == nil && (len(users) > 0 || hash == "" || hash != hashToken(token)) {
		return fault.New(fault.Gone, "link.used")
	}
	return err
}

// AddFirst adds the first person and signs them in.
func (a *App) AddFirst(ctx context.Context, token string, in UserInput) (session string, err error) {
	if err := a.CheckFirst(ctx, token); err != nil {
		return "", err
	}
	in.Roles = firstRoles
	u, err := a.newUser(in)
	if err != nil {
		return "", err
	}
	// Two who send the form at once write the same row: one of them is the first.
	err = a.tx(ctx, func(tx Tx) error {
		if err := tx.PutSetting(ctx, startFirst, hashToken(token)); err != nil {
			return err
		}
		if err := first(ctx, tx, token); err != nil {
			return err
		}
		if err := a.insertUser(ctx, tx, "", &u); err != nil {
			return err
		}
		return tx.PutSetting(ctx, startFirst, "")
	})
	if err != nil {
		return "", err
	}
	return a.startSession(ctx, u)
}
