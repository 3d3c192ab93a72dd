// Package history lets a sample company live its last year: customers come and
// leave, people work, letters go out, and time goes by from one date to the
// next. Nothing is made up afterwards: every record comes of the verb that
// people use, in an instant of a clock that stands in the past. It wires
// nothing and knows neither database nor mail system.
package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/calendar"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/when"
)

// Days is how long the history is.
const Days = 365

// Clock is business time in the past: it stands where it was set. Wall time is
// the machine's.
type Clock struct{ us atomic.Int64 }

// NewClock returns a clock that stands at t.
func NewClock(t time.Time) *Clock {
	c := &Clock{}
	c.set(t)
	return c
}

// Now returns business time.
func (c *Clock) Now() time.Time { return when.FromMicros(c.us.Load()) }

// Wall returns the machine's time.
func (c *Clock) Wall() time.Time { return when.Machine{}.Wall() }

func (c *Clock) set(t time.Time) { c.us.Store(when.Micros(t)) }

// Letters hands letters on and remembers them, as the people who got them do.
type Letters struct {
	next app.Post
	mu   sync.Mutex
	got  map[string]app.Paper // by code and kind, the newest
	bye  []app.Paper          // farewells that nobody has opened yet
}

// NewLetters remembers what it hands to next.
func NewLetters(next app.Post) *Letters { return &Letters{next: next, got: map[string]app.Paper{}} }

// Send implements app.Post.
func (l *Letters) Send(ctx context.Context, to, headerID string, p app.Paper) (subject, text string, err error) {
	if subject, text, err = l.next.Send(ctx, to, headerID, p); err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.got[p.Code+" "+p.Kind] = p
		if p.Kind == "farewell" {
			l.bye = append(l.bye, p)
		}
	}
	return subject, text, err
}

// farewells takes those that came since the last time.
func (l *Letters) farewells() []app.Paper {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.bye
	l.bye = nil
	return list
}

func (l *Letters) find(code, kind string) (app.Paper, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.got[code+" "+kind]
	return p, ok
}

// Config is what a life needs.
type Config struct {
	App     *app.App
	Sample  demo.Sample
	Clock   *Clock // of App's store; stands at the beginning
	Letters *Letters
	Billing peer.Client
	To      time.Time
	// HostLink signs a link of the host product for a customer; only what
	// follows the last slash is used.
	HostLink func(ctx context.Context, reference string) (string, error)
	// Accounts makes the accounts at the product that rows have.
	Accounts func(ctx context.Context, rows []ingest.Row) error
	Log      func(context.Context) // gives what was recorded its place in the log
	Day      func(gone, all int)   // is told as days go by; may be nil
}

// life is a history under way.
type life struct {
	Config
	dice   *rand.Rand
	zone   *time.Location
	first  when.Date
	people []app.Actor
	cast   []*departure
	byCode map[string]*departure
	coming []demo.Member // not customers yet, by the day on which they come
	agenda agenda
	told   map[string]int // step of a case → weekdays until somebody takes it
}

// Begin is where the clock of a history that ends at the instant stands first:
// the morning of a day a year before.
func Begin(to time.Time, zone *time.Location) time.Time {
	return when.DateOf(to, zone).AddDays(-Days).Start(zone).Add(8 * time.Hour)
}

// Live lives from the instant of the clock until To. The house must be empty.
func Live(ctx context.Context, c Config) error {
	l := &life{
		Config: c, dice: demo.Dice(2), zone: c.App.Company().Zone, byCode: map[string]*departure{}, told: map[string]int{},
	}
	l.first = when.DateOf(c.Clock.Now(), l.zone)
	if err := c.App.BeginHistory(ctx, c.To); err != nil {
		return err
	}
	if err := l.furnish(ctx); err != nil {
		return err
	}
	last := when.DateOf(c.To, l.zone)
	for day := l.first; !last.Before(day); day = day.AddDays(1) {
		if err := l.day(ctx, day); err != nil {
			return err
		}
		if c.Day != nil {
			c.Day(l.first.DaysUntil(day), Days)
		}
	}
	return l.until(ctx, c.To)
}

// day lives one day: new customers come, people look into the inbox on
// weekdays, and what was to happen on this day happens, in its order.
func (l *life) day(ctx context.Context, day when.Date) error {
	morning := l.at(day, 9, 0)
	if l.To.Before(morning) {
		return nil
	}
	if err := l.welcome(ctx, day); err != nil {
		return err
	}
	l.goodbyes()
	if calendar.Weekdays.Business(day) {
		if err := l.until(ctx, morning); err != nil {
			return err
		}
		if err := l.look(ctx, day); err != nil {
			return err
		}
	}
	for {
		next, ok := l.agenda.take(min(day.End(l.zone).UnixMicro(), l.To.UnixMicro()))
		if !ok {
			return nil
		}
		if err := l.until(ctx, next.at); err != nil {
			return err
		}
		if err := next.do(ctx); err != nil {
			return fmt.Errorf("history: %s: %w", next.at, err)
		}
	}
}

// at is an instant of a day in the company's zone.
func (l *life) at(day when.Date, hour, minute int) time.Time {
	return day.Start(l.zone).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// until lets time go by, from one timer to the next. The billing system lives
// in the same time.
func (l *life) until(ctx context.Context, to time.Time) error {
	for {
		if err := l.App.UntilQuiet(ctx); err != nil {
			return err
		}
		if !l.Clock.Now().Before(to) {
			return nil
		}
		next, err := l.App.NextTimer(ctx)
		if err != nil {
			return err
		}
		if next.IsZero() || next.After(to) {
			next = to
		}
		if err := l.Billing.SetClock(ctx, next); err != nil {
			return err
		}
		l.Clock.set(next)
	}
}

// pass lets the moments go by that people take while they work, up to the end.
func (l *life) pass(d time.Duration) {
	t := l.Clock.Now().Add(d)
	if t.After(l.To) {
		t = l.To
	}
	l.Clock.set(t)
}

// letter waits for a letter of a departure. Some wait for the log.
func (l *life) letter(ctx context.Context, code, kind string) (app.Paper, error) {
	for try := 0; ; try++ {
		if err := l.App.UntilQuiet(ctx); err != nil {
			return app.Paper{}, err
		}
		if p, ok := l.Letters.find(code, kind); ok {
			return p, nil
		}
		if try%20 == 0 {
			l.Log(ctx)
		}
		select {
		case <-ctx.Done():
			return app.Paper{}, ctx.Err()
		case <-time.After(3 * time.Millisecond):
		}
	}
}

// event is something that is going to happen.
type event struct {
	at time.Time
	do func(context.Context) error
}

// agenda is what is going to happen, the earliest first.
type agenda []event

func (a *agenda) put(at time.Time, do func(context.Context) error) {
	i := len(*a)
	for i > 0 && at.Before((*a)[i-1].at) {
		i--
	}
	*a = append(*a, event{})
	copy((*a)[i+1:], (*a)[i:])
	(*a)[i] = event{at, do}
}

// take removes the earliest event before the instant (in microseconds).
func (a *agenda) take(before int64) (event, bool) {
	if len(*a) == 0 || (*a)[0].at.UnixMicro() >= before {
		return event{}, false
	}
	e := (*a)[0]
	*a = (*a)[1:]
	return e, true
}
