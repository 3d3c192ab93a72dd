package app

import (
	"context"
	"strings"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
)

// TellKind is the kind of the jobs that tell somebody of the company something,
// and DigestKind of those that look once a day whether there is anything.
const (
	TellKind   = "tell"
	DigestKind = "digest"
)

// Channel is what To of a ToldItem begins with where it goes to the channel of its
// owner instead of by letter.
const Channel = "channel:"

// ToldItem is one thing that is told to one person, or in one channel. It holds ids
// alone: what it says is looked up when it is told.
type ToldItem struct {
	ID       string // tld_…
	Key      string // the same event tells the same one once
	To       string // usr_…, or Channel and the owner of the channel
	Kind     notification.Kind
	Case     offboarding.CaseID
	Step     string // its key
	QueuedAt time.Time
	Letter   string // the ToldItem by whose letter it goes; empty: by none yet
	State    string // queued, sent, withheld, refused
	Why      string // message code
	SentAt   time.Time
}

// owner is the person, or the role, that it is for.
func (t ToldItem) owner() string { return strings.TrimPrefix(t.To, Channel) }

// system is the far system that tells it.
func (t ToldItem) system() string {
	if owner, channel := strings.CutPrefix(t.To, Channel); channel {
		return WebhookSystem + "told:" + owner
	}
	return "mail"
}

// ToldPerson is how somebody wants to be told.
type ToldPerson struct {
	User       string
	Preference notification.Preference
	Feed       string // hash of the token of their calendar; empty: none
}

// ToldChannel is where a person, or a role, is told by a message to another
// program; its address is a secret.
type ToldChannel struct {
	Owner  string // usr_…, or a role
	Host   string
	URL    []byte // sealed
	KeyID  string
	MadeAt time.Time
	MadeBy string
}

// Task is a step that waits for a person, as lists of tasks need it.
type Task struct {
	Case     offboarding.CaseID
	Code     string
	Customer customer.ID
	ID       offboarding.StepID
	Key      string
	Title    map[string]string
	Due      time.Time
	Role     string
	Assignee string
}

// DueWithin are due dates after one instant and not after another; without Until
// any, and none.
type DueWithin struct{ After, Until time.Time }

// ToldTx keeps what is told to whom.
type ToldTx interface {
	// ToldPeople returns what people said about how they want to be told.
	ToldPeople(ctx context.Context) ([]ToldPerson, error)
	PutToldPerson(ctx context.Context, p ToldPerson) error
	FeedOf(ctx context.Context, hash string) (user string, err error)
	ToldChannels(ctx context.Context) ([]ToldChannel, error)
	PutToldChannel(ctx context.Context, c ToldChannel) error
	DropToldChannel(ctx context.Context, owner string) error

	// InsertTold stores it unless one with its key is there; then false.
	InsertTold(ctx context.Context, t ToldItem) (bool, error)
	FindTold(ctx context.Context, id string) (ToldItem, error)
	// TakeTold lets what waits for t.To go by the letter of t, and takes its jobs
	// off the queue: digests alone, urgent things alone where urgent is set.
	TakeTold(ctx context.Context, t ToldItem, urgent bool) error
	// DelayTold lets what waits for to wait until then, but for what is urgent.
	DelayTold(ctx context.Context, to string, until time.Time) error
	// LastTold is when to was last told something but for digests; zero if never.
	LastTold(ctx context.Context, to string) (time.Time, error)
	ToldBy(ctx context.Context, letter string) ([]ToldItem, error) // oldest first
	EndTold(ctx context.Context, letter, state, why string, at time.Time) error
	// ForgetTold forgets what was told, or not, before an instant.
	ForgetTold(ctx context.Context, before time.Time, most int) (int, error)
	// MoveTimer lets the waiting work with the key wait until then.
	MoveTimer(ctx context.Context, key string, until time.Time) error

	// TasksOf returns the first steps that wait for the person, or for nobody in
	// particular of their roles, by due date, and how many there are.
	TasksOf(ctx context.Context, user string, roles []string, due DueWithin, limit int) (first []Task, all int, err error)
	// TasksBeside returns the first steps that wait for others in departures in
	// which the person has a step, or had one, and how many there are.
	TasksBeside(ctx context.Context, user string, roles []string, limit int) (first []Task, all int, err error)
	// LoadOf returns how many steps wait for each person: counted once in a
	// transaction, in which whoever gives a step away counts on.
	LoadOf(ctx context.Context) (map[string]int, error)
}

// staff are the people who may sign in, each with how they want to be told.
func (a *App) staff(ctx context.Context, tx Tx) (notification.People, error) {
	users, err := tx.ListUsers(ctx)
	if err != nil {
		return nil, err
	}
	said, err := tx.ToldPeople(ctx)
	if err != nil {
		return nil, err
	}
	var out notification.People
	for _, u := range users {
		if !u.Active {
			continue
		}
		p := notification.Person{ID: u.ID, Roles: u.Roles, Preference: a.toldDefault(u)}
		for _, s := range said {
			if s.User == u.ID {
				p.Preference = s.Preference
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// toldDefault is how somebody is told who never said anything. Whoever signs in
// with an address is written to there.
func (a *App) toldDefault(u User) notification.Preference {
	address := ""
	if _, wrong := customer.CheckEmail("address", u.Login); wrong == nil {
		address = u.Login
	}
	return notification.Default(address, company.StaffLanguage(a.Company().Language), a.Company().Zone.String())
}

// channels are who has one.
func channels(ctx context.Context, tx Tx) (map[string]ToldChannel, error) {
	list, err := tx.ToldChannels(ctx)
	out := make(map[string]ToldChannel, len(list))
	for _, c := range list {
		out[c.Owner] = c
	}
	return out, err
}
