package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/metric"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// Tile is a part of the customers: those whose ids end with the same two
// characters, of which there are 1024. What figures say of a tile is kept until
// something in it changes.
type Tile string

// TileOf is the tile of a customer.
func TileOf(id customer.ID) Tile { return Tile(id[max(0, len(id)-2):]) }

// LedgerLine is a subscription as it is now, and when it came on record; zero:
// nobody knows.
type LedgerLine struct {
	customer.Subscription
	Recorded time.Time
}

// PastPrice is what a subscription was until an instant.
type PastPrice struct {
	Subscription customer.SubscriptionID
	Until        time.Time
	Amount       money.Amount
	Interval     customer.Interval
	Status       customer.Status
}

// Ending is a departure that took effect.
type Ending struct {
	Subscriptions []customer.SubscriptionID
	Last          when.Date
	Past          bool // it was imported: it tells of its own month only
}

// AnswerOf is an answer of whoever was the customer.
type AnswerOf struct {
	Customer customer.ID
	Answer
}

// MetricTx reads everything that figures are made of, of as many tiles as are
// asked for.
type MetricTx interface {
	// TileVersions returns a number for each tile in which anybody is. It is
	// another in every transaction that can move a figure of the tile. To be read
	// before the rest: what changes meanwhile is then read again.
	TileVersions(ctx context.Context) (map[Tile]int64, error)
	LedgerOf(ctx context.Context, tiles ...Tile) ([]LedgerLine, error)
	PastPricesIn(ctx context.Context, tiles ...Tile) ([]PastPrice, error)  // of a subscription oldest first
	PastPricesOf(ctx context.Context, id customer.ID) ([]PastPrice, error) // by subscription, oldest first
	EndingsIn(ctx context.Context, tiles ...Tile) ([]Ending, error)
	AnswersIn(ctx context.Context, tiles ...Tile) ([]AnswerOf, error)       // finished ones
	OpenedCases(ctx context.Context, limit int) ([]offboarding.Case, error) // identity proved, newest first
}

// tile is what figures say of a tile on a day, as if everything had always been
// on record: since when it was is known of all together only.
type tile struct {
	version  int64
	recorded when.Date // zero: nobody has a subscription
	undated  int
	churn    []metric.Month
	mrr      [len(spans)][]metric.Movement
	nps      metric.Promoters
	csat     metric.Satisfaction
	leavers  Leavers
}

// tileCache keeps the tiles of a day.
type tileCache struct {
	mu    sync.Mutex
	today when.Date
	tiles map[Tile]*tile
}

// fresh returns the tiles of the day that have these versions; the others are
// forgotten.
func (c *tileCache) fresh(today when.Date, versions map[Tile]int64) map[Tile]*tile {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.today != today {
		c.today, c.tiles = today, nil
	}
	out := make(map[Tile]*tile, len(versions))
	for name, t := range c.tiles {
		if t.version == versions[name] {
			out[name] = t
		}
	}
	return out
}

// keep keeps tiles of the day, unless another day was begun meanwhile.
func (c *tileCache) keep(today when.Date, tiles map[Tile]*tile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.today == today {
		c.tiles = tiles
	}
}

// forget reads everything again: days are other days in another zone.
func (c *tileCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tiles = nil
}

// atOnce is how many tiles are read at once: what is held in memory.
const atOnce = 64

// tiles returns what figures say of every tile today. Those that changed are
// read again.
func (a *App) tiles(ctx context.Context, tx Tx, today, since when.Date) (map[Tile]*tile, error) {
	versions, err := tx.TileVersions(ctx)
	if err != nil {
		return nil, err
	}
	tiles := a.figured.fresh(today, versions)
	stale := slices.DeleteFunc(slices.Sorted(maps.Keys(versions)), func(name Tile) bool { return tiles[name] != nil })
	if len(stale) == 0 {
		return tiles, nil
	}
	for names := range slices.Chunk(stale, atOnce) {
		if err := a.readTiles(ctx, tx, today, since, tiles, names); err != nil {
			return nil, err
		}
		for _, name := range names {
			tiles[name].version = versions[name]
		}
	}
	a.figured.keep(today, maps.Clone(tiles))
	return tiles, nil
}

// readTiles adds the named tiles.
func (a *App) readTiles(ctx context.Context, tx Tx, today, since when.Date, tiles map[Tile]*tile, names []Tile) error {
	lines := map[Tile][]metric.Line{}
	for _, name := range names {
		tiles[name] = &tile{}
	}
	if err := a.readLines(ctx, tx, today, tiles, lines, names); err != nil {
		return err
	}
	survey, third, err := a.readAnswers(ctx, tx, since, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		t := tiles[name]
		t.churn = metric.Churn(lines[name], when.Date{Year: 1, Month: time.January, Day: 1}, today, churnMonths)
		for i, s := range spans {
			if t.mrr[i], err = metric.Compare(lines[name], today, today.AddMonths(-s.months)); err != nil {
				return fault.Wrap("app.readTiles", err)
			}
		}
		t.nps, t.csat = metric.NPS(numbers(survey[name], "nps")), metric.CSAT(numbers(survey[name], "csat"))
		t.leavers = leavers(third[name])
	}
	return nil
}

// contractThrough is a subscription through time.
type contractThrough struct {
	now  LedgerLine
	line metric.Line
	told when.Date // from when on it tells, where its end was imported; zero: it was not
}

// contractsThrough reads the subscriptions of tiles through time.
func (a *App) contractsThrough(ctx context.Context, tx Tx, today when.Date, names []Tile) ([]contractThrough, error) {
	endings, err := tx.EndingsIn(ctx, names...)
	if err != nil {
		return nil, err
	}
	ends, told := map[customer.SubscriptionID]when.Date{}, map[customer.SubscriptionID]when.Date{}
	for _, e := range endings {
		for _, s := range e.Subscriptions {
			if ends[s].Before(e.Last) {
				ends[s] = e.Last
			}
			if e.Past {
				told[s] = when.Date{Year: e.Last.Year, Month: e.Last.Month, Day: 1}
			}
		}
	}
	past, err := tx.PastPricesIn(ctx, names...)
	if err != nil {
		return nil, err
	}
	prices := map[customer.SubscriptionID][]metric.Price{}
	for _, p := range past {
		// What held until some instant of a day did not hold at the end of it.
		prices[p.Subscription] = append(prices[p.Subscription], metric.Price{
			Through: when.DateOf(p.Until, a.Company().Zone).AddDays(-1), Amount: p.Amount, Interval: p.Interval, Live: p.Status != customer.Ended,
		})
	}
	ledger, err := tx.LedgerOf(ctx, names...)
	if err != nil {
		return nil, err
	}
	list := make([]contractThrough, len(ledger))
	for i, s := range ledger {
		l := metric.Line{
			Customer: s.Customer, Start: s.Start, End: ends[s.ID], Recorded: today,
			Prices: append(prices[s.ID], metric.Price{Amount: s.Amount, Interval: s.Interval, Live: s.Status != customer.Ended}),
		}
		if !s.Recorded.IsZero() {
			l.Recorded = when.DateOf(s.Recorded, a.Company().Zone)
		}
		list[i] = contractThrough{s, l, told[s.ID]}
	}
	return list, nil
}

// readLines reads subscriptions through time. It says of the tiles since when
// anything is on record, and how many lines are left out because they had ended
// before.
func (a *App) readLines(ctx context.Context, tx Tx, today when.Date, tiles map[Tile]*tile, lines map[Tile][]metric.Line, names []Tile) error {
	list, err := a.contractsThrough(ctx, tx, today, names)
	if err != nil {
		return err
	}
	for _, c := range list {
		l := c.line
		name := TileOf(l.Customer)
		t := tiles[name]
		if c.told.IsZero() {
			t.recorded = earlier(t.recorded, l.Recorded)
		} else { // who left is known of that month, whatever their contract is known of
			t.recorded = earlier(t.recorded, c.told)
		}
		if l.End.IsZero() && !slices.ContainsFunc(l.Prices, func(p metric.Price) bool { return p.Live }) {
			t.undated++
			continue
		}
		lines[name] = append(lines[name], l)
	}
	return nil
}

// earlier is the earlier of two days; a zero one is none.
func earlier(a, b when.Date) when.Date {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// readAnswers opens the surveys and third evaluations that were answered since
// a day, by tile.
func (a *App) readAnswers(ctx context.Context, tx Tx, since when.Date, names []Tile) (survey, third map[Tile][]FormAnswer, err error) {
	list, err := tx.AnswersIn(ctx, names...)
	if err != nil {
		return nil, nil, err
	}
	survey, third = map[Tile][]FormAnswer{}, map[Tile][]FormAnswer{}
	from := since.Start(a.Company().Zone)
	for _, x := range list {
		form, _, _ := strings.Cut(x.Form, "@")
		into := map[string]map[Tile][]FormAnswer{surveyForm: survey, thirdForm: third}[form]
		if into == nil || x.DoneAt.Before(from) {
			continue
		}
		opened, err := a.openAnswers(ctx, []Answer{x.Answer})
		if err != nil {
			return nil, nil, err
		}
		name := TileOf(x.Customer)
		into[name] = append(into[name], opened...)
	}
	return survey, third, nil
}

// add adds up what figures say of all tiles.
func (f *Figures) add(tiles map[Tile]*tile) error {
	for _, t := range tiles {
		f.Recorded = earlier(f.Recorded, t.recorded)
	}
	f.Churn = metric.Churn(nil, f.Recorded, f.Today, churnMonths)
	for _, s := range spans {
		f.MRR = append(f.MRR, Compared{Span: s.name, Then: f.Today.AddMonths(-s.months), Movements: []metric.Movement{}})
	}
	f.Leavers = leavers(nil)
	for _, t := range tiles {
		f.Undated += t.undated
		metric.AddChurn(f.Churn, t.churn)
		for i := range f.MRR {
			var err error
			if f.MRR[i].Movements, err = metric.AddMovements(f.MRR[i].Movements, t.mrr[i]); err != nil {
				return fault.Wrap("app.figures", err)
			}
		}
		f.NPS.Add(t.nps)
		f.CSAT.Add(t.csat)
		f.Leavers.add(t.leavers)
	}
	return nil
}

func (l *Leavers) add(more Leavers) {
	l.N += more.N
	for i := range l.Headings {
		l.Headings[i].N += more.Headings[i].N
	}
	for field, tallies := range more.Choices {
		l.Choices[field] = metric.AddTallies(l.Choices[field], tallies)
	}
}
