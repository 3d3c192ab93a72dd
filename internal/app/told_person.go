package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/notification"
)

// ToldView is how somebody wants to be told, and what there is to choose from.
type ToldView struct {
	notification.Preference
	Fed     bool   // they have a calendar
	Channel string // host of their channel; empty: none
	Others  []User // who may stand in for them
}

// ToldSettings reads how the person wants to be told.
func (a *App) ToldSettings(ctx context.Context, by Actor) (v ToldView, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		v = ToldView{}
		p, users, err := a.toldPerson(ctx, tx, by.ID)
		if err != nil {
			return err
		}
		v.Preference, v.Fed = p.Preference, p.Feed != ""
		for _, u := range users {
			if u.Active && u.ID != by.ID {
				v.Others = append(v.Others, u)
			}
		}
		chans, err := channels(ctx, tx)
		v.Channel = chans[by.ID].Host
		return err
	})
	return v, err
}

// toldPerson is what is stored of a person, or the default.
func (a *App) toldPerson(ctx context.Context, tx Tx, user string) (p ToldPerson, users []User, err error) {
	if users, err = tx.ListUsers(ctx); err != nil {
		return p, nil, err
	}
	said, err := tx.ToldPeople(ctx)
	if err != nil {
		return p, nil, err
	}
	i := slices.IndexFunc(users, func(u User) bool { return u.ID == user })
	if i < 0 {
		return p, nil, fault.New(fault.NotFound, "not_found")
	}
	p = ToldPerson{User: user, Preference: a.toldDefault(users[i])}
	for _, s := range said {
		if s.User == user {
			p = s
		}
	}
	return p, users, nil
}

// ownTold refuses whoever looks as somebody else: how people are told is said by
// themselves.
func ownTold(by Actor) error {
	if by.RealID != "" {
		return fault.New(fault.Forbidden, "told.own_only")
	}
	return by.person()
}

// SetTold keeps how the person wants to be told. languages are those that there
// are.
func (a *App) SetTold(ctx context.Context, by Actor, in notification.Preference, languages []string) error {
	if err := ownTold(by); err != nil {
		return err
	}
	in.Address = strings.TrimSpace(in.Address)
	wrong := in.Check(languages)
	return a.tx(ctx, func(tx Tx) error {
		p, users, err := a.toldPerson(ctx, tx, by.ID)
		if err != nil {
			return err
		}
		wrong := slices.Clone(wrong)
		if in.Stands != "" && !slices.ContainsFunc(users, func(u User) bool { return u.ID == in.Stands && u.Active && u.ID != by.ID }) {
			wrong = append(wrong, fault.New(fault.Invalid, "field.choice").On("stands"))
		}
		if len(wrong) > 0 {
			return wrong
		}
		p.Preference = in
		if err := tx.PutToldPerson(ctx, p); err != nil {
			return err
		}
		me := notification.Person{ID: by.ID, Preference: in}
		if err := a.digestLater(ctx, tx, me); err != nil {
			return err
		}
		at, day := me.NextDigest(tx.Now())
		if err := tx.MoveTimer(ctx, DigestKind+":"+by.ID+":"+day.String(), at); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.told_how", by.ID, "", house, map[string]any{
			"mail": in.Address != "", "off": in.Off, "away": in.Away.String(), "back": in.Back.String(), "stands": in.Stands,
		}})
	})
}

// SetChannel lets a person, or a role where owner is one, be told in a channel
// of another program too; an empty address ends that.
func (a *App) SetChannel(ctx context.Context, by Actor, owner, address string) error {
	if owner == by.ID {
		if err := ownTold(by); err != nil {
			return err
		}
	} else if err := by.may("settings"); err != nil {
		return err
	} else if !slices.Contains(Roles, owner) {
		return fault.New(fault.Invalid, "field.choice").On("owner")
	}
	c := ToldChannel{Owner: owner, MadeBy: by.ID}
	if strings.TrimSpace(address) != "" {
		u, wrong := a.hookURL(address)
		if wrong != nil {
			return wrong
		}
		var err error
		c.Host = u.Host
		if c.KeyID, err = a.keys.KeyFor(ctx, house, "account"); err != nil {
			return err
		}
		if c.URL, err = a.keys.Seal(ctx, c.KeyID, []byte(u.String()), []byte("channel "+owner)); err != nil {
			return err
		}
	}
	return a.tx(ctx, func(tx Tx) error {
		var err error
		if c.MadeAt = tx.Now(); c.Host == "" {
			err = tx.DropToldChannel(ctx, owner)
		} else {
			err = tx.PutToldChannel(ctx, c)
		}
		if err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.told_where", by.ID, "", house, map[string]any{"owner": owner, "host": c.Host}})
	})
}

// TeamChannels are the hosts of the channels of the roles that have one.
func (a *App) TeamChannels(ctx context.Context, by Actor) (hosts map[string]string, err error) {
	if err := by.CanRead("settings"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		chans, err := channels(ctx, tx)
		hosts = map[string]string{}
		for owner, c := range chans {
			if slices.Contains(Roles, owner) {
				hosts[owner] = c.Host
			}
		}
		return err
	})
	return hosts, err
}

// RenewFeed makes the address of the person's calendar anew and returns its
// token, which is shown this once; the one before ends.
func (a *App) RenewFeed(ctx context.Context, by Actor) (token string, err error) {
	if err := ownTold(by); err != nil {
		return "", err
	}
	token = id.Token()
	return token, a.tx(ctx, func(tx Tx) error {
		p, _, err := a.toldPerson(ctx, tx, by.ID)
		if err != nil {
			return err
		}
		p.Feed = hashToken(token)
		if err := tx.PutToldPerson(ctx, p); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.feed_renewed", by.ID, "", house, nil})
	})
}

// Feed is the calendar of a person: what is theirs to do, by its date.
type Feed struct {
	Name     string
	Language string
	Now      time.Time
	Zone     *time.Location
	Tasks    []FeedTask
}

// FeedTask is one date of it.
type FeedTask struct {
	ID string // stays the same
	ToldLine
}

// OpenFeed reads the calendar behind a token; fault.NotFound where there is none,
// or its owner may not sign in any more.
func (a *App) OpenFeed(ctx context.Context, token string) (f Feed, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		user, err := tx.FeedOf(ctx, hashToken(token))
		if err != nil {
			return err
		}
		people, err := a.staff(ctx, tx)
		if err != nil {
			return err
		}
		p, active := people.Find(user)
		if !active {
			return fault.New(fault.NotFound, "not_found")
		}
		f = Feed{Name: a.Company().Name, Language: p.Language, Now: tx.Now(), Zone: p.Location()}
		list, _, err := tx.TasksOf(ctx, p.ID, p.Roles, DueWithin{}, feedMost)
		if err != nil {
			return err
		}
		for _, t := range list {
			if t.Due.IsZero() {
				continue
			}
			line, err := a.toldLine(ctx, tx, t, p.Language)
			if err != nil {
				return err
			}
			f.Tasks = append(f.Tasks, FeedTask{string(t.ID), line})
		}
		return nil
	})
	return f, err
}

// feedMost is how many dates a calendar has at most: the first.
const feedMost = 500
