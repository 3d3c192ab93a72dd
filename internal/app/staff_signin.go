package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/password"
)

// Sessions live on the wall clock.
const (
	sessionLife  = 12 * time.Hour  // however busy
	sessionIdle  = time.Hour       // without a page
	sessionGrain = 5 * time.Minute // a session is not written more often than that
	lockAfter    = 5               // wrong passwords in a row
	lockFor      = 5 * time.Minute // then nobody can try this login
)

// argon are the parameters of password hashes: OWASP's second choice for
// argon2id (19 MiB, 2 passes, 1 lane), which a small machine can afford.
var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// stranger is compared with when there is no such login, so that the answer
// takes as long.
var stranger = sync.OnceValue(func() string {
	h, err := argon2id.CreateHash(id.Token(), argon)
	if err != nil {
		panic(err) // no randomness: nothing could work
	}
	return h
})

// UserInput describes a person of the company.
type UserInput struct {
	Login    string
	Name     string
	Password string
	Roles    []string
}

// AddUser adds a person who may sign in. by is empty when the command line
// does it.
func (a *App) AddUser(ctx context.Context, by string, in UserInput) (User, error) {
	u, err := a.newUser(in)
	if err != nil {
		return User{}, err
	}
	return u, a.tx(ctx, func(tx Tx) error { return a.insertUser(ctx, tx, by, &u) })
}

// newUser checks what was said about a person.
func (a *App) newUser(in UserInput) (User, error) {
	var l fault.List
	login, e := customer.CheckText("login", in.Login, 100, false)
	if e == nil && login == "" {
		e = fault.New(fault.Invalid, "field.required").On("login")
	}
	l = appendFault(l, e)
	name, e := cleanName(in.Name)
	l = appendFault(l, e)
	l = appendFault(l, a.checkChosen(in.Password, login, name))
	l = appendFault(l, checkRoles(in.Roles))
	if len(l) > 0 {
		return User{}, l
	}
	hash, err := argon2id.CreateHash(in.Password, argon)
	if err != nil {
		return User{}, fault.Wrap("app.AddUser", err)
	}
	return User{ID: id.New("usr"), Login: strings.ToLower(login), Name: name, PasswordHash: hash, Roles: in.Roles, Active: true}, nil
}

func (a *App) insertUser(ctx context.Context, tx Tx, by string, u *User) error {
	if _, err := tx.FindUserByLogin(ctx, u.Login); err == nil {
		return fault.New(fault.Conflict, "staff.login_taken").On("login")
	} else if fault.KindOf(err) != fault.NotFound {
		return err
	}
	u.CreatedAt = tx.Now()
	if err := tx.InsertUser(ctx, *u); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"staff.added", actorOr(by), "", house, map[string]any{"user": u.ID, "roles": u.Roles}})
}

// checkChosen refuses passwords that are guessed, and those made of what
// everybody knows about the person.
func (a *App) checkChosen(chosen, login, name string) *fault.Error {
	return password.Check(chosen, login, name, a.Company().Name)
}

func appendFault(l fault.List, e *fault.Error) fault.List {
	if e != nil {
		return append(l, e)
	}
	return l
}

func actorOr(by string) string {
	if by == "" {
		return "system"
	}
	return by
}

// session is what is kept of a signed-in browser.
type session struct {
	User   string `json:"user"`
	ViewAs string `json:"view_as,omitempty"` // demo only
	// Pending is a session whose password was right and whose code is still to
	// come: it opens nothing.
	Pending bool      `json:"pending,omitempty"`
	Began   time.Time `json:"began"` // wall
}

// until is when the session ends if nothing more is asked with it.
func (s session) until(wall time.Time) time.Time {
	if s.Pending {
		return s.Began.Add(pendingLife)
	}
	idle, life := wall.Add(sessionIdle), s.Began.Add(sessionLife)
	if idle.Before(life) {
		return idle
	}
	return life
}

// SignIn checks a password and returns the token of a new session; network is
// the block of addresses that it comes from, empty if nobody knows. A wrong
// login and a wrong password are the same answer in words, in time and in
// resting: after five wrong ones the login rests for five minutes, whether
// anybody has it or not, and after many so does the network.
func (a *App) SignIn(ctx context.Context, login, typed, network string) (token string, err error) {
	var u User
	var found bool
	login = strings.ToLower(strings.TrimSpace(login))
	if !utf8.ValidString(login) || strings.ContainsRune(login, 0) {
		login = ""
	}
	err = a.store.View(ctx, func(tx Tx) error {
		u, err = tx.FindUserByLogin(ctx, login)
		if found = err == nil; fault.KindOf(err) == fault.NotFound {
			u = User{Login: login}
			return nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if err := a.checkPassword(ctx, u, found, typed, network); err != nil {
		return "", err
	}
	return a.startSession(ctx, u)
}

// checkPassword compares a password with that of the person, counts wrong ones
// and lets the login rest. Where nobody was found it does the same.
func (a *App) checkPassword(ctx context.Context, u User, found bool, typed, network string) error {
	if len(typed) > 4*password.Most {
		typed = "" // never hash what nobody could have set
	}
	rules := map[string]restRule{a.tried("login", u.Login): loginRest}
	if network != "" {
		rules[a.tried("network", network)] = networkRest
	}
	hash := u.PasswordHash
	if !found {
		hash = stranger()
	}
	ok, err := a.samePassword(ctx, typed, hash, slices.Collect(maps.Keys(rules)))
	if err != nil {
		return err
	}
	good := ok && found && u.Active
	err = a.tx(ctx, func(tx Tx) error {
		if good {
			return tx.ForgetTries(ctx, a.tried("login", u.Login))
		}
		for _, h := range slices.Sorted(maps.Keys(rules)) {
			if err := countTry(ctx, tx, h, rules[h]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || good {
		return err
	}
	return fault.New(fault.Unauthenticated, "auth.wrong").On("login")
}

func (a *App) startSession(ctx context.Context, u User) (token string, err error) {
	token = id.Token()
	err = a.tx(ctx, func(tx Tx) error {
		if u, err = tx.FindUser(ctx, u.ID); err != nil {
			return err
		}
		if _, coded, err := readFactor(ctx, tx, u.ID, false); err != nil {
			return err
		} else if coded { // failures are forgotten when the code was right too
			return putSession(ctx, tx, token, session{User: u.ID, Pending: true})
		}
		u.Failures, u.LockedUntil = 0, time.Time{}
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := putSession(ctx, tx, token, session{User: u.ID}); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.signed_in", u.ID, "", house, nil})
	})
	return token, err
}

// putSession begins or changes a session; one that has not begun begins now.
func putSession(ctx context.Context, tx Tx, token string, s session) error {
	if s.Began.IsZero() {
		s.Began = tx.Wall()
	}
	data, err := json.Marshal(s)
	if err != nil {
		return fault.Wrap("app.session", err)
	}
	return tx.PutSession(ctx, hashToken(token), s.User, data, s.until(tx.Wall()))
}

// OneTimeLink makes the token of a link that signs a person in once; the demo
// prints it.
func (a *App) OneTimeLink(ctx context.Context, userID string) (string, error) {
	token := id.Token()
	err := a.store.Tx(ctx, func(tx Tx) error {
		return tx.PutStaffLink(ctx, hashToken(token), userID, linkSignIn, tx.Wall().Add(staffLinkLife))
	})
	return token, err
}

// SignInOnce signs in with a one-time link.
func (a *App) SignInOnce(ctx context.Context, link string) (token string, err error) {
	var u User
	err = a.store.Tx(ctx, func(tx Tx) error {
		if u, err = linked(ctx, tx, link, linkSignIn); err != nil {
			return err
		}
		used, err := tx.UseStaffLink(ctx, hashToken(link), linkSignIn)
		if err == nil && !used {
			err = fault.New(fault.Gone, "link.used")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return a.startSession(ctx, u)
}

// Session returns who a session belongs to; fault.Unauthenticated
// (auth.required) when it is over or the person may not sign in any more. A
// session ends an hour after its last page, and after twelve in any case.
func (a *App) Session(ctx context.Context, token string) (Actor, error) {
	var actor Actor
	var s session
	stale := false
	err := a.store.View(ctx, func(tx Tx) (err error) {
		var expires time.Time
		if s, expires, err = readSession(ctx, tx, token); err != nil {
			return err
		}
		stale = s.until(tx.Wall()).Sub(expires) >= sessionGrain
		u, err := tx.FindUser(ctx, s.User)
		if err != nil || !u.Active || s.Pending {
			return fault.New(fault.Unauthenticated, "auth.required")
		}
		if s.ViewAs != "" {
			as, err := tx.FindUser(ctx, s.ViewAs)
			if err != nil {
				return err
			}
			actor = Actor{ID: as.ID, Name: as.Name, Roles: as.Roles, RealID: u.ID}
			return nil
		}
		actor = Actor{ID: u.ID, Name: u.Name, Roles: u.Roles}
		return nil
	})
	if err != nil || !stale {
		return actor, err
	}
	return actor, a.store.Tx(ctx, func(tx Tx) error {
		if s, _, err = readSession(ctx, tx, token); err != nil { // it may have ended meanwhile
			return err
		}
		return putSession(ctx, tx, token, s)
	})
}

func readSession(ctx context.Context, tx Tx, token string) (s session, expires time.Time, err error) {
	required := fault.New(fault.Unauthenticated, "auth.required")
	if token == "" {
		return s, expires, required
	}
	data, expires, found, err := tx.FindSession(ctx, hashToken(token))
	if err != nil {
		return s, expires, err
	}
	if !found || json.Unmarshal(data, &s) != nil {
		return session{}, expires, required
	}
	return s, expires, nil
}

// ViewAs lets the session act as another person: only the demo offers it, so
// that one visitor can be two people. The log names who it was seen as.
func (a *App) ViewAs(ctx context.Context, token, userID string) error {
	return a.store.Tx(ctx, func(tx Tx) error {
		s, _, err := readSession(ctx, tx, token)
		if err != nil {
			return err
		}
		if s.Pending {
			return fault.New(fault.Unauthenticated, "auth.required")
		}
		if _, err := tx.FindUser(ctx, userID); err != nil {
			return err
		}
		if s.ViewAs = userID; userID == s.User {
			s.ViewAs = ""
		}
		if err := putSession(ctx, tx, token, s); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.viewed_as", s.User, "", house, map[string]any{"as": userID}})
	})
}

// SignOut ends a session.
func (a *App) SignOut(ctx context.Context, token string) error {
	return a.store.Tx(ctx, func(tx Tx) error { return tx.DeleteSession(ctx, hashToken(token)) })
}

// Users lists the people who may sign in.
func (a *App) Users(ctx context.Context) (list []User, err error) {
	err = a.store.View(ctx, func(tx Tx) error { list, err = tx.ListUsers(ctx); return err })
	return list, err
}
