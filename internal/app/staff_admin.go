package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// staffLinkLife is how long a link that lets somebody sign in, or choose a password,
// may be used.
const staffLinkLife = 24 * time.Hour

// Purposes of links for people of the company.
const (
	linkSignIn   = "signin"
	linkPassword = "password"
)

// StaffView is a person of the company as administrators see them.
type StaffView struct {
	User
	Coded     bool // they sign in with a code too
	Sessions  int  // browsers that are signed in
	LastAdmin bool // nobody else administers: they stay as they are
}

// OpenStaff lists the people of the company.
func (a *App) OpenStaff(ctx context.Context, by Actor) (list []StaffView, err error) {
	if err := by.CanRead("users"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		users, err := tx.ListUsers(ctx)
		if err != nil {
			return err
		}
		list = make([]StaffView, len(users))
		for i, u := range users {
			list[i] = StaffView{User: u, LastAdmin: administers(u) && !slices.ContainsFunc(users, func(o User) bool { return o.ID != u.ID && administers(o) })}
			if _, list[i].Coded, err = readFactor(ctx, tx, u.ID, false); err != nil {
				return err
			}
			if list[i].Sessions, err = tx.CountSessions(ctx, u.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// OpenPerson returns one person of the company.
func (a *App) OpenPerson(ctx context.Context, by Actor, user string) (StaffView, error) {
	list, err := a.OpenStaff(ctx, by)
	if err != nil {
		return StaffView{}, err
	}
	i := slices.IndexFunc(list, func(v StaffView) bool { return v.ID == user })
	if i < 0 {
		return StaffView{}, fault.New(fault.NotFound, "not_found")
	}
	return list[i], nil
}

func administers(u User) bool { return u.Active && slices.Contains(u.Roles, "admin") }

// AddPerson adds a person without a password and returns the token of the link
// with which they choose one.
func (a *App) AddPerson(ctx context.Context, by Actor, in UserInput) (u User, link string, err error) {
	if err := by.may("users"); err != nil {
		return User{}, "", err
	}
	in.Password = id.Token() // nobody knows it
	if u, err = a.AddUser(ctx, by.ID, in); err != nil {
		return User{}, "", err
	}
	link = id.Token()
	return u, link, a.tx(ctx, func(tx Tx) error {
		return tx.PutStaffLink(ctx, hashToken(link), u.ID, linkPassword, tx.Wall().Add(staffLinkLife))
	})
}

// SetRoles says what a person does. The last administrator stays one.
func (a *App) SetRoles(ctx context.Context, by Actor, user string, roles []string) error {
	if err := checkRoles(roles); err != nil {
		return err
	}
	return a.onPerson(ctx, by, user, func(tx Tx, u *User) error {
		if slices.Equal(u.Roles, roles) {
			return nil
		}
		from := u.Roles
		u.Roles = roles
		return a.record(ctx, tx, fact{"staff.role_changed", by.ID, "", house, map[string]any{
			"user": user, "from": strings.Join(from, " "), "to": strings.Join(roles, " "),
		}})
	})
}

func checkRoles(roles []string) *fault.Error {
	if len(roles) == 0 {
		return fault.New(fault.Invalid, "field.required").On("roles")
	}
	for _, r := range roles {
		if !slices.Contains(Roles, r) {
			return fault.New(fault.Invalid, "staff.role_unknown", "role", r, "roles", strings.Join(Roles, ", ")).On("roles")
		}
	}
	return nil
}

// SetActive lets a person sign in or not. Whoever may not is signed out
// everywhere at once. The last administrator stays.
func (a *App) SetActive(ctx context.Context, by Actor, user string, active bool) error {
	return a.onPerson(ctx, by, user, func(tx Tx, u *User) error {
		if u.Active == active {
			return nil
		}
		typ := "staff.activated"
		if u.Active = active; !active {
			typ = "staff.deactivated"
			if err := endAll(ctx, tx, user); err != nil {
				return err
			}
		}
		return a.record(ctx, tx, fact{typ, by.ID, "", house, map[string]any{"user": user}})
	})
}

// ResetPassword makes the password of a person useless, signs them out
// everywhere and returns the token of a link with which they choose another,
// once.
func (a *App) ResetPassword(ctx context.Context, by Actor, user string) (link string, err error) {
	link = id.Token()
	hash, err := argon2id.CreateHash(id.Token(), argon)
	if err != nil {
		return "", fault.Wrap("app.ResetPassword", err)
	}
	return link, a.onPerson(ctx, by, user, func(tx Tx, u *User) error {
		if !u.Active {
			return fault.New(fault.Blocked, "staff.inactive")
		}
		u.PasswordHash, u.Failures, u.LockedUntil = hash, 0, time.Time{}
		if err := tx.ForgetTries(ctx, a.tried("login", u.Login)); err != nil {
			return err
		}
		if err := endAll(ctx, tx, user); err != nil {
			return err
		}
		if err := tx.PutStaffLink(ctx, hashToken(link), user, linkPassword, tx.Wall().Add(staffLinkLife)); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.password_reset", by.ID, "", house, map[string]any{"user": user}})
	})
}

// endAll ends every session of a person and takes back every link of theirs.
func endAll(ctx context.Context, tx Tx, user string) error {
	if err := tx.DeleteSessionsOf(ctx, user, ""); err != nil {
		return err
	}
	return tx.DeleteStaffLinksOf(ctx, user)
}

// EndSessions signs a person out everywhere, but for the browser that asks if
// it is their own: token is its session.
func (a *App) EndSessions(ctx context.Context, by Actor, user, token string) error {
	keep := ""
	if user == by.ID {
		if err := own(by); err != nil {
			return err
		}
		keep = hashToken(token)
	} else if err := by.may("users"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		if _, err := tx.FindUser(ctx, user); err != nil {
			return err
		}
		if err := tx.DeleteSessionsOf(ctx, user, keep); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.signed_out", by.ID, "", house, map[string]any{"user": user}})
	})
}

// onPerson changes a person as an administrator. Changes wait for each other,
// so that two administrators never take each other's role away at once.
func (a *App) onPerson(ctx context.Context, by Actor, user string, fn func(Tx, *User) error) error {
	if err := by.may("users"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		if err := tx.PutSetting(ctx, "staff.changed_by", by.ID); err != nil { // the row that changes wait at
			return err
		}
		u, err := tx.FindUser(ctx, user)
		if err != nil {
			return err
		}
		if err := fn(tx, &u); err != nil {
			return err
		}
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		all, err := tx.ListUsers(ctx)
		if err == nil && !slices.ContainsFunc(all, administers) {
			err = fault.New(fault.Blocked, "staff.last_admin")
		}
		return err
	})
}

// PasswordLink returns whose password a link is for; fault.Gone when it was
// used or is too old.
func (a *App) PasswordLink(ctx context.Context, link string) (u User, err error) {
	err = a.store.View(ctx, func(tx Tx) error { u, err = linked(ctx, tx, link, linkPassword); return err })
	return u, err
}

func linked(ctx context.Context, tx Tx, link, purpose string) (User, error) {
	user, err := tx.FindStaffLink(ctx, hashToken(link), purpose)
	if fault.KindOf(err) == fault.NotFound {
		return User{}, fault.New(fault.Gone, "link.used")
	} else if err != nil {
		return User{}, err
	}
	u, err := tx.FindUser(ctx, user)
	if err == nil && !u.Active {
		err = fault.New(fault.Gone, "link.used")
	}
	return u, err
}

// ChooseLinked sets the password of whoever has the link, which is used up
// with every other of theirs, and every session ends.
func (a *App) ChooseLinked(ctx context.Context, link, chosen, again string) error {
	u, err := a.PasswordLink(ctx, link)
	if err != nil {
		return err
	}
	hash, err := a.newHash(u, chosen, again)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		u, err := linked(ctx, tx, link, linkPassword)
		if err != nil {
			return err
		}
		if used, err := tx.UseStaffLink(ctx, hashToken(link), linkPassword); err != nil {
			return err
		} else if !used {
			return fault.New(fault.Gone, "link.used")
		}
		u.PasswordHash, u.Failures, u.LockedUntil = hash, 0, time.Time{}
		if err := tx.ForgetTries(ctx, a.tried("login", u.Login)); err != nil {
			return err
		}
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := endAll(ctx, tx, u.ID); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.password_set", u.ID, "", house, nil})
	})
}

// ChangePassword sets a person's own password. Every other browser of theirs is
// signed out; token is the session of this one.
func (a *App) ChangePassword(ctx context.Context, by Actor, token, current, chosen, again string) error {
	if err := own(by); err != nil {
		return err
	}
	var u User
	if err := a.store.View(ctx, func(tx Tx) (err error) { u, err = tx.FindUser(ctx, by.ID); return err }); err != nil {
		return err
	}
	if err := a.checkPassword(ctx, u, true, current, ""); fault.KindOf(err) == fault.Unauthenticated {
		return fault.New(fault.Invalid, "password.current").On("current")
	} else if err != nil {
		return err
	}
	hash, err := a.newHash(u, chosen, again)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		u, err := tx.FindUser(ctx, by.ID)
		if err != nil {
			return err
		}
		u.PasswordHash, u.Failures, u.LockedUntil = hash, 0, time.Time{}
		if err := tx.ForgetTries(ctx, a.tried("login", u.Login)); err != nil {
			return err
		}
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := tx.DeleteSessionsOf(ctx, u.ID, hashToken(token)); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.password_changed", u.ID, "", house, nil})
	})
}

// newHash checks a password that a person chose and hashes it.
func (a *App) newHash(u User, chosen, again string) (string, error) {
	var l fault.List
	l = appendFault(l, a.checkChosen(chosen, u.Login, u.Name))
	if len(l) == 0 && chosen != again {
		l = append(l, fault.New(fault.Invalid, "password.again").On("again"))
	}
	if len(l) > 0 {
		return "", l
	}
	hash, err := argon2id.CreateHash(chosen, argon)
	return hash, fault.Wrap("app.newHash", err)
}

// cleanName checks the name of a person.
func cleanName(name string) (string, *fault.Error) {
	name, e := customer.CheckText("name", name, 200, false)
	if e == nil && name == "" {
		e = fault.New(fault.Invalid, "field.required").On("name")
	}
	return name, e
}
