// Package app has one file per verb: what people, programs and the engine can
// do with a departure. A verb loads, lets the domain decide, saves and records
// in one transaction; nothing else. It declares the ports that adapters fill
// and knows no SQL, no HTTP, no words and no far system.
package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hastaluego/internal/achievement"
	"hastaluego/internal/audit"
	"hastaluego/internal/calendar"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/playbook"
	"hastaluego/internal/segment"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// Config is what an App is made of.
type Config struct {
	Store    Store
	Keys     Keys
	Blobs    Blobs // the pieces of bundles; without it none is made
	Post     Post
	Checker  Checker // judges letters by the law when they are made; nil: none is
	Kinds    map[string]step.Kind
	Playbook *playbook.Playbook // that new cases follow when no other applies
	// Playbooks are tried first, in order: a departure follows the first whose
	// condition holds.
	Playbooks []*playbook.Playbook
	// Connected is what the systems can do that playbooks may name; nil: unknown,
	// so that playbooks are not checked against it.
	Connected playbook.Connected
	// Outages are the far systems that are not called because they do not answer;
	// may be nil.
	Outages func() []connector.Outage
	Company Company
	// Achievements are the figures that a goodbye may tell; nil: those that come
	// with the program.
	Achievements achievement.Rules
	// Offers is the policy that says what is proposed to whom, with the offers that it
	// knows; nil: the one that comes with the program.
	Offers *offer.Policy
	// Segments are the rules by which customers are alike; nil: there are none.
	Segments *segment.Set
	// Calendars tell business days; nil: those that come with the program. Calendar
	// names the one of the company; empty: that of its country.
	Calendars *calendar.Set
	Calendar  string
	Law       *jurisdiction.Library // packs of rules; nil: those that come with the program
	LawFacts  jurisdiction.Facts    // what the company says of itself and its services, for every departure
	Signup    string                // YAML: how customers come, for a flow that does not say so itself; empty: not described
	Lacks     func(lang string) int // how many of the texts that customers read a language lacks; nil: Spanish and English lack none
	NoPortal  bool                  // customers cannot reach it; the setting says otherwise where it is there
	ByHand    bool                  // letters are files that somebody sends with their own mail program, where there is no portal
	Wake      func()                // tells the engine that there may be work; may be nil
	// Hooks sends webhooks; nil where none are sent. PlainHooks lets endpoints
	// be addresses without TLS: only those that the operator named are called.
	Hooks   Caller
	Buckets Buckets // puts what customers take along into stores of their own; nil: nothing is
	// Chat words what people are told as the message that programs for teams take
	// (JSON); nil where none are sent.
	Chat func(Paper) ([]byte, error)
	// SignList signs the list of what was done to the accesses of a departure with
	// the key of the log; nil where nothing is signed.
	SignList func(code string, body []byte) (string, error)
	// Print prints a paper that is kept as it was printed, and says what its file
	// is called; nil: none is kept.
	Print      func(Paper) (name string, pdf []byte, err error)
	Log        *LogKeys     // proves what the log holds; nil: no evidence is packed
	Systems    step.Systems // to hear what they tell by themselves; nil: nobody is heard
	PlainHooks bool
	// Moved is told before business time moves, so that far systems of a demo
	// or a rehearsal live in the same time; may be nil.
	Moved func(ctx context.Context, to time.Time) error
}

// App is every verb.
type App struct {
	store      Store
	keys       Keys
	blobs      Blobs
	post       Post
	checker    Checker
	files      Keeper // of letters; nil: they are no files
	kinds      map[string]step.Kind
	playbook   *playbook.Playbook
	books      []*playbook.Playbook
	on         playbook.Connected
	outages    func() []connector.Outage
	start      Company // as the server was started
	company    atomic.Pointer[Company]
	wake       func()
	moved      func(ctx context.Context, to time.Time) error
	hooks      Caller
	buckets    Buckets
	chat       func(Paper) ([]byte, error)
	signNote   func(code string, body []byte) (string, error)
	print      func(Paper) (name string, pdf []byte, err error)
	log        *LogKeys
	systems    step.Systems
	plain      bool
	parsed     sync.Map // playbooks by version
	exits      sync.Map // ways out, compiled, by version and variant
	exitLaws   sync.Map // laws of ways out, by place
	barredIn   sync.Map // whether the law forbids the letter that asks back, by place, kind and day
	checked    flowChecks
	lacks      func(lang string) int
	conditions sync.Map // compiled, by their text
	figured    tileCache
	lives      lives
	themes     themes
	noPage     bool // as the server was started
	byHand     bool
	calendars  *calendar.Set
	days       string // the calendar; empty: that of the country
	law        *jurisdiction.Library
	laws       sync.Map // those that departures were decided under, by their versions
	lawSaid    jurisdiction.Facts
	signup     string
	seen       seen // of the way out

	offers       *offer.Policy // as the server was started
	segments     *segment.Set
	achievements achievement.Rules
}

// New makes an App.
func New(c Config) *App {
	if c.Wake == nil {
		c.Wake = func() {}
	}
	if c.Outages == nil {
		c.Outages = func() []connector.Outage { return nil }
	}
	if c.Moved == nil {
		c.Moved = func(context.Context, time.Time) error { return nil }
	}
	if c.Achievements == nil {
		c.Achievements = achievement.Builtin()
	}
	if c.Offers == nil {
		c.Offers = offer.Builtin()
	}
	if c.Segments == nil {
		c.Segments = segment.None()
	}
	if c.Calendars == nil {
		c.Calendars = calendar.Shipped()
	}
	if c.Lacks == nil {
		c.Lacks = func(lang string) int {
			if lang == "es" || lang == "en" {
				return 0
			}
			return 1
		}
	}
	a := &App{
		calendars: c.Calendars, days: c.Calendar, law: c.Law, lawSaid: c.LawFacts, signup: c.Signup, lacks: c.Lacks, offers: c.Offers, segments: c.Segments,
		achievements: c.Achievements, store: joined{c.Store}, keys: c.Keys, blobs: c.Blobs, post: c.Post, checker: c.Checker, kinds: c.Kinds, playbook: c.Playbook, books: c.Playbooks, on: c.Connected, outages: c.Outages,
		noPage: c.NoPortal, byHand: c.ByHand, start: c.Company, wake: c.Wake, moved: c.Moved, hooks: c.Hooks, buckets: c.Buckets, chat: c.Chat, signNote: c.SignList, print: c.Print, log: c.Log, plain: c.PlainHooks, systems: c.Systems,
	}
	a.files, _ = c.Post.(Keeper)
	a.company.Store(&c.Company)
	return a
}

// again is how often a verb is tried when others change the same case at the
// same moment: each time somebody else came through.
const again = 12

// tx runs fn in a transaction and wakes the engine when it was committed. When
// somebody was faster it runs fn again on what they left.
func (a *App) tx(ctx context.Context, fn func(Tx) error) error {
	if _, ok := ctx.Value(joining{}).(Tx); ok {
		return a.store.Tx(ctx, fn) // whoever began it runs it again, and wakes
	}
	var err error
	for range again {
		if err = a.store.Tx(ctx, fn); fault.CodeOf(err) != "case.changed_meanwhile" || ctx.Err() != nil {
			break
		}
	}
	if err == nil {
		a.wake()
	}
	return err
}

// fact is one thing to be written to the log.
type fact struct {
	typ     string
	actor   string
	stream  string // case or request; "" for the house
	subject string // whose key seals the body
	args    map[string]any
}

// record writes a fact to the log, and to the webhooks that want it.
func (a *App) record(ctx context.Context, tx Tx, f fact) error {
	e, err := a.entry(ctx, tx, f)
	if err != nil {
		return err
	}
	if err := a.announce(ctx, tx, e, f); err != nil {
		return err
	}
	return a.timed(ctx, tx, f)
}

// entry writes a fact to the log, sealed with the account key of its subject.
// What still happens to the departure of somebody erased is proof of it, and
// sealed as their certificate is.
func (a *App) entry(ctx context.Context, tx Tx, f fact) (audit.Entry, error) {
	if _, known := eventTypes[f.typ]; !known {
		return audit.Entry{}, fault.New(fault.Internal, "internal").At("app.entry: no event type "+f.typ, nil)
	}
	body, err := audit.Body(f.args)
	if err != nil {
		return audit.Entry{}, fault.Wrap("app.entry", err)
	}
	keyID, err := a.keys.KeyFor(ctx, f.subject, "account")
	if keyDestroyed(err) {
		keyID, err = a.keys.KeyFor(ctx, f.subject, "evidence")
	}
	if err != nil {
		return audit.Entry{}, err
	}
	salt := audit.NewSalt()
	e := audit.Entry{
		ID: id.New("aud"), Type: f.typ, At: tx.Now(), Actor: f.actor, Case: f.stream,
		KeyID: keyID, Commitment: audit.Commit(salt, body),
	}
	sealed, err := a.keys.Seal(ctx, keyID, audit.Plain(salt, body), audit.AAD(e.ID))
	if err != nil {
		return audit.Entry{}, err
	}
	return e, tx.Append(ctx, e, sealed)
}

// house is the subject of what is about nobody in particular.
const house = "house"

// settle saves the plan, with what people wrote on it sealed, writes its events to the log and turns steps that
// became ready into works, until nothing new becomes ready. The customer is told where an
// order keeps what is to be erased now.
func (a *App) settle(ctx context.Context, tx Tx, p *offboarding.Plan, actor string) error {
	reversed := false
	var k *picture
	for {
		events, ready := p.Take()
		for _, e := range events {
			reversed = reversed || e.Type == "case.reversed"
			who := actor
			if e.Args["rule"] != nil { // no person gave it away
				who = "engine"
			}
			if err := a.record(ctx, tx, fact{e.Type, who, string(p.Case.ID), string(p.Case.Customer), e.Args}); err != nil {
				return err
			}
			if err := a.hush(ctx, tx, p, e); err != nil {
				return err
			}
			if e.Type == "case.reversing" || e.Type == "case.stopped" {
				if err := a.dropRefunds(ctx, tx, p.Case); err != nil {
					return err
				}
			}
			if err := a.tellEvent(ctx, tx, p, e); err != nil {
				return err
			}
			if err := a.stepTimed(ctx, tx, p, e); err != nil {
				return err
			}
			if e.Type == "case.opened" {
				if err := a.freezeRating(ctx, tx, p.Case); err != nil {
					return err
				}
				if err := a.askBooksAtOnce(ctx, tx, p.Case); err != nil {
					return err
				}
			}
		}
		if len(ready) == 0 {
			if err := a.sealPlan(ctx, p); err != nil {
				return err
			}
			if err := tx.SavePlan(ctx, p); err != nil {
				return err
			}
			if err := a.tellKept(ctx, tx, *p); err != nil || !reversed {
				return err
			}
			return a.openWaiting(ctx, tx, p.Case.Customer)
		}
		for _, key := range ready {
			if k == nil {
				var err error
				if k, err = pictureOf(ctx, tx, p.Case.Customer); err != nil {
					return err
				}
			}
			changed, err := a.begin(ctx, tx, p, key, k)
			if err != nil {
				return err
			}
			if changed {
				k = nil
			}
		}
	}
}

// begin gives a step that became ready its due date or its works. It reports
// whether it changed what is known of the customer.
func (a *App) begin(ctx context.Context, tx Tx, p *offboarding.Plan, key string, k *picture) (changed bool, err error) {
	s := p.Step(key)
	kind, ok := a.kinds[s.Kind]
	if !ok {
		return false, stall(p, key, fault.New(fault.Blocked, "step.unknown_kind"))
	}
	if s.Spec.If != "" {
		holds, facts, err := a.holds(ctx, tx, k, p.Case, s.Spec.If)
		if fault.CodeOf(err) == "step.condition" {
			return false, stall(p, key, err)
		} else if err != nil {
			return false, err
		}
		if !holds {
			return false, p.Skip(key, tx.Now(), facts)
		}
	}
	subject, err := k.subject(tx, p.Case, *s, offboarding.Work{})
	if err != nil {
		return false, err
	}
	if lister, ok := kind.(step.Lister); ok && !s.Spec.House { // what the house asks about, it says
		if s.Items = append(s.Items, lister.Items(subject)...); len(s.Items) == 0 {
			return false, p.Skip(key, tx.Now(), nil)
		}
	}
	if lister, ok := kind.(step.AssetLister); ok && !s.Spec.House {
		assets, err := handedOver(ctx, tx, p.Case)
		if err != nil {
			return false, err
		}
		if s.Items = append(s.Items, lister.AssetItems(subject, assets)...); len(s.Items) == 0 {
			return false, p.Skip(key, tx.Now(), nil)
		}
	}
	if held, err := a.heldBack(ctx, tx, p, s, k); err != nil || held {
		return false, err
	}
	why, err := a.backFirst(ctx, tx, p, key, &subject)
	if err != nil {
		return false, err
	}
	if s = p.Step(key); why != "" { // it may have asked a person
		return false, p.Withheld(key, why, tx.Now())
	}
	if s.Human {
		if err := a.beginHuman(ctx, tx, p, s, k); err != nil {
			return false, err
		}
		return false, a.beginOwn(ctx, tx, p, s, subject)
	}
	if kind.Spec().Settles {
		if waits, err := a.booksFirst(ctx, tx, p, s, k); err != nil || waits {
			return false, err
		}
		x, err := a.finalStatement(ctx, tx, p, s)
		if err != nil {
			return false, err
		}
		s, subject.Settled, changed = p.Step(key), len(x.Doc.Sections) > 0, true // it may have asked a person, and noted sums
	}
	if s.BySystem() && !s.Spec.House {
		return a.beginBySystem(ctx, tx, p, s, subject)
	}
	jobs := kind.Jobs(subject)
	if len(jobs) == 0 {
		if s.Kind == "confirm" { // done by Plan.Confirm alone
			return false, nil
		}
		if s.Verifies || kind.Spec().TellsUsers { // nothing was done and nothing read back: it is not verified by there being nothing
			err = p.Skip(key, tx.Now(), nil)
		} else {
			err = p.Done(key, tx.Now(), "engine")
		}
		if err != nil {
			return false, err
		}
		return true, a.effects(ctx, tx, p, p.Step(key)) // an engagement ends without a system that charges it
	}
	works := make([]offboarding.Work, len(jobs))
	for i, j := range jobs {
		works[i] = a.workFor(tx, p, s, j)
		if s.Kind == "wait" {
			if came, err := came(ctx, tx, p.Case.ID, k, j.Item); err != nil {
				return false, err
			} else if came {
				works[i].Evidence, works[i].RunAt = eventCame(j.Item), tx.Now()
			}
		}
		if courier, ok := kind.(step.Courier); ok {
			m := a.letter(tx, courier.Paper(), p.Case)
			if err := a.address(ctx, tx, &m, p.Case); fault.CodeOf(err) == "customer.no_address" {
				return false, stall(p, key, err)
			} else if err != nil {
				return false, err
			}
			if err := a.queue(ctx, tx, m, string(p.Case.Customer), false); err != nil {
				return false, err
			}
			works[i].Item = string(m.ID)
		}
	}
	return changed, tx.InsertWork(ctx, works...)
}

// workFor is a job of a step as a work in the queue.
func (a *App) workFor(tx Tx, p *offboarding.Plan, s *offboarding.Step, j step.Job) offboarding.Work {
	if j.RunAt.IsZero() {
		j.RunAt = tx.Now()
	}
	if j.RunAt.Before(p.NotBefore) {
		j.RunAt = p.NotBefore
	}
	return offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: s.Kind, Case: p.Case.ID, Step: s.ID, Item: j.Item,
		System: within(p.Case.Test, j.System), Key: string(s.ID) + ":" + j.Item, Phase: a.firstPhase(s.Kind), State: offboarding.WorkReady, RunAt: j.RunAt,
	}
}

// picture is what a transaction has read of a customer, so that the steps of one
// plan that become ready together need not each read it anew.
type picture struct {
	customer      customer.Customer
	subscriptions []customer.Subscription
	grants        []customer.Grant
	balances      []customer.Balance
	facts         map[string]any // nil until a condition asks
	asked         bool           // billing systems were asked what is open, as often as one asks
}

func pictureOf(ctx context.Context, tx Tx, id customer.ID) (*picture, error) {
	var k picture
	var err error
	if k.customer, err = tx.FindCustomer(ctx, id); err != nil {
		return nil, err
	}
	if k.subscriptions, err = tx.SubscriptionsOf(ctx, id); err != nil {
		return nil, err
	}
	if k.grants, err = tx.GrantsOf(ctx, id); err != nil {
		return nil, err
	}
	k.balances, err = tx.BalancesOf(ctx, id)
	return &k, err
}

// subject is what a kind of step may know.
func (k *picture) subject(tx Tx, c offboarding.Case, s offboarding.Step, w offboarding.Work) (step.Subject, error) {
	zone, err := zoneOf(c)
	if err != nil {
		return step.Subject{}, err
	}
	return step.Subject{
		Grants: k.grants, Balances: k.balances,
		Case: c, Step: s, Work: w, Customer: k.customer, Subscriptions: pick(k.subscriptions, c.Subscriptions),
		Zone: zone, EffectiveAt: c.Effective.End(zone), RetrievalAt: c.RetrievalEnd().End(zone), Now: tx.Now(),
	}, nil
}

// subject reads what a kind of step may know.
func (a *App) subject(ctx context.Context, tx Tx, c offboarding.Case, s offboarding.Step, w offboarding.Work) (step.Subject, error) {
	k, err := pictureOf(ctx, tx, c.Customer)
	if err != nil {
		return step.Subject{}, err
	}
	return k.subject(tx, c, s, w)
}

func zoneOf(c offboarding.Case) (*time.Location, error) {
	zone, err := when.Zone(c.Zone)
	return zone, fault.Wrap("app.zone", err)
}

// farSystem is a system by its name in systems.yaml.
func (a *App) farSystem(name string) (connector.System, bool) {
	return a.systems.Find(name)
}
