package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/metric"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
	"hastaluego/internal/worth"
)

// WorthKind is the kind of the jobs of the house that compute what customers are worth.
const WorthKind = "worth"

// WorthSetting is the setting that holds when that was last done for everybody, RFC
// 3339.
const WorthSetting = "worth.computed"

const (
	// worthPage is how many customers are computed in one transaction at most.
	worthPage = 256
	// worthDays is over how many days it is counted what went wrong and what was worked,
	// and leastDays over how many at least, so that the first week does not make a rate.
	worthDays = 365
	leastDays = 30
)

// valuing is the job that computes everybody every day.
var valuing = daily{"work_daily_worth", WorthKind, 5 * time.Hour}

// Worth is what a customer was worth at an instant.
type Worth struct {
	Customer customer.ID
	At       time.Time
	worth.Value
}

// Since is a customer and a day from which on something counts, or before which.
type Since struct {
	Customer customer.ID
	Day      when.Date
}

// WorthTx keeps what customers are worth, and counts what it is made of.
type WorthTx interface {
	PutWorth(ctx context.Context, list ...Worth) error
	WorthOf(ctx context.Context, ids ...customer.ID) ([]Worth, error)
	PageWorth(ctx context.Context, after customer.ID, limit int) ([]Worth, error) // by customer
	// CustomersToValue returns real customers, by id, that have a contract which runs and
	// did not ask to leave.
	CustomersToValue(ctx context.Context, after customer.ID, limit int) ([]customer.ID, error)
	IncidentsSince(ctx context.Context, from ...Since) (map[customer.ID]int64, error) // thousandths
	MinutesSince(ctx context.Context, from ...Since) (map[customer.ID]int64, error)
	// OverdueAt is what customers owe that was due before the day, by currency.
	OverdueAt(ctx context.Context, at ...Since) (map[customer.ID]map[string]int64, error)
	// Counted reports whether anybody's hours are on record, and anybody's sums.
	Counted(ctx context.Context) (hours, sums bool, err error)
}

// lives keeps how long contracts stay, as it was last learned.
type lives struct {
	mu    sync.Mutex
	model *worth.Model
}

// worthDaily sees to it that everybody is computed every day from now on, worthSoon that
// it is done soon.
func (a *App) worthDaily(ctx context.Context, tx Tx) error { return a.everyDay(ctx, tx, valuing) }

func (a *App) worthSoon(ctx context.Context, tx Tx) error { return a.soon(ctx, tx, valuing) }

// ComputeWorthSoon has everybody computed soon.
func (a *App) ComputeWorthSoon(ctx context.Context, by Actor) error {
	if err := by.may("worth"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error { return a.worthSoon(ctx, tx) })
}

// Valued is how far the computing of everybody is, and what came of it.
type Valued struct {
	After customer.ID `json:"after,omitempty"`
	All   int         `json:"all"`
	Known int         `json:"known"`
}

// RunWorth computes a page of customers for a job, which goes on where it was.
func (a *App) RunWorth(ctx context.Context, w offboarding.Work) (Result, error) {
	var at Valued
	if w.Evidence != "" {
		if err := json.Unmarshal([]byte(w.Evidence), &at); err != nil {
			return Result{}, fault.Wrap("app.RunWorth", err)
		}
	}
	if at.After == "" { // a new day's work
		at = Valued{}
	}
	next, now, err := a.valuePage(ctx, at)
	if err != nil {
		return Result{}, err
	}
	raw, err := json.Marshal(next)
	switch {
	case err != nil:
		return Result{}, fault.Wrap("app.RunWorth", err)
	case next.After != "":
		return Result{Verdict: Later, Again: now, Evidence: string(raw)}, nil
	case w.ID == valuing.id:
		return Result{Verdict: Later, Again: a.next(valuing, now), Evidence: string(raw)}, nil
	default:
		return Result{Verdict: Accomplished, Evidence: string(raw)}, nil
	}
}

// ValueAll computes everybody at once.
func (a *App) ValueAll(ctx context.Context, by Actor) (done Valued, err error) {
	if err := by.may("worth"); err != nil {
		return done, err
	}
	_, pause := a.store.Pace()
	for {
		if done, _, err = a.valuePage(ctx, done); err != nil || done.After == "" {
			return done, err
		}
		if err := rest(ctx, pause); err != nil {
			return done, err
		}
	}
}

// valuePage computes the customers behind one.
func (a *App) valuePage(ctx context.Context, at Valued) (next Valued, now time.Time, err error) {
	size := worthPage
	if hold, _ := a.store.Pace(); hold > 0 {
		size = worthPage / 4
	}
	if err := a.learnLives(ctx, at.After == ""); err != nil {
		return next, now, err
	}
	return next, now, a.tx(ctx, func(tx Tx) error {
		now, next = tx.Now(), at
		ids, err := tx.CustomersToValue(ctx, at.After, size)
		if err != nil {
			return err
		}
		if next.After = ""; len(ids) == size {
			next.After = ids[size-1]
		}
		list, err := a.values(ctx, tx, ids)
		if err != nil {
			return err
		}
		for _, v := range list {
			if next.All++; v.Known() {
				next.Known++
			}
		}
		if err := tx.PutWorth(ctx, list...); err != nil || next.After != "" {
			return err
		}
		if err := tx.PutSetting(ctx, WorthSetting, now.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"worth.computed", "engine", "", house, map[string]any{"customers": next.All, "known": next.Known}})
	})
}

// learnLives learns how long contracts stay, unless that was done and nobody wants it
// anew.
func (a *App) learnLives(ctx context.Context, anew bool) error {
	a.lives.mu.Lock()
	known := a.lives.model != nil
	a.lives.mu.Unlock()
	if known && !anew {
		return nil
	}
	var seen []worth.Seen
	var today when.Date
	err := a.store.View(ctx, func(tx Tx) (err error) {
		today = a.today(tx)
		seen, err = a.seenContracts(ctx, tx, today)
		return err
	})
	if err != nil {
		return err
	}
	m, err := worth.Learn(today, seen, a.rates().Discount)
	if err != nil {
		return fault.Wrap("app.learnLives", err)
	}
	a.lives.mu.Lock()
	a.lives.model = m
	a.lives.mu.Unlock()
	return nil
}

// seenContracts are all contracts that recur, for as long as they were on record. Where
// departures from before were imported, everybody is taken to have been on record since
// the first of them, as the figures of those who left do: else those who left before
// would be counted, and those who stayed not.
func (a *App) seenContracts(ctx context.Context, tx Tx, today when.Date) ([]worth.Seen, error) {
	versions, err := tx.TileVersions(ctx)
	if err != nil {
		return nil, err
	}
	type contract struct {
		worth.Alike
		began, recorded, last when.Date
	}
	var all []contract
	var since when.Date // of the first departure that was imported
	for names := range slices.Chunk(slices.Sorted(maps.Keys(versions)), atOnce) {
		list, err := a.contractsThrough(ctx, tx, today, names)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			if !c.told.IsZero() {
				since = earlier(since, c.told)
			}
			if !c.now.Interval.Recurs() {
				continue
			}
			last, over := c.line.Ended(today)
			if !over && c.now.Status == customer.Ended { // nobody knows since when
				continue
			}
			all = append(all, contract{worth.Alike{Product: c.now.Product, Interval: string(c.now.Interval)}, c.line.Start, c.line.Recorded, last})
		}
	}
	seen := make([]worth.Seen, len(all))
	for i, c := range all {
		seen[i] = worth.SeenOn(c.Alike, c.began, earlier(c.recorded, since), c.last, today)
	}
	return seen, nil
}

// rates are what the company says that serving customers costs.
func (a *App) rates() worth.Rates {
	c := a.Company()
	return ratesOf(c.Costs, c.Currency)
}

// borders are from what on customers are of middle and of high value.
func (a *App) borders() worth.Borders {
	c := a.Company()
	said := c.Costs.Read(c.Currency)
	return worth.Borders{Currency: c.Currency, Middle: said.Middle, High: said.High}
}

func ratesOf(c company.Costs, currency string) worth.Rates {
	said := c.Read(currency)
	r := worth.Rates{Currency: currency, Margin: said.Margin, Margins: said.Margins, Incident: said.Incident, Hour: said.Hour, Late: said.Late, Discount: said.Discount}
	if r.Discount < 0 {
		r.Discount = worth.DefaultDiscount
	}
	return r
}

// values are what customers are worth now.
func (a *App) values(ctx context.Context, tx Tx, ids []customer.ID) ([]Worth, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	facts, err := a.worthFacts(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	r := a.rates()
	list := make([]Worth, len(ids))
	a.lives.mu.Lock()
	defer a.lives.mu.Unlock()
	for i, c := range ids {
		list[i] = Worth{Customer: c, At: tx.Now(), Value: a.lives.model.Of(facts[c], r)}
	}
	return list, nil
}

// worthFacts reads what is on record about customers.
func (a *App) worthFacts(ctx context.Context, tx Tx, ids []customer.ID) (map[customer.ID]worth.Facts, error) {
	today := a.today(tx)
	lines, err := tx.SubscriptionsOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	facts := make(map[customer.ID]worth.Facts, len(ids))
	for _, s := range lines {
		f := facts[s.Customer]
		f.Days = max(f.Days, s.Start.DaysUntil(today))
		if s.Status == customer.Active && s.Interval.Recurs() {
			month, err := metric.Monthly(s.WithoutTax(), s.Interval)
			if err != nil {
				return nil, fault.Wrap("app.worthFacts", err)
			}
			f.Contracts = append(f.Contracts, worth.Contract{
				Alike: worth.Alike{Product: s.Product, Interval: string(s.Interval)}, Passed: s.Start.MonthsUntil(today), Monthly: month.Minor, Currency: month.Currency,
			})
		}
		facts[s.Customer] = f
	}
	from, at := make([]Since, len(ids)), make([]Since, len(ids))
	for i, c := range ids {
		f := facts[c]
		f.Days = min(max(f.Days, leastDays), worthDays)
		facts[c] = f
		from[i], at[i] = Since{c, today.AddDays(1 - f.Days)}, Since{c, today}
	}
	incidents, err := tx.IncidentsSince(ctx, from...)
	if err != nil {
		return nil, err
	}
	minutes, err := tx.MinutesSince(ctx, from...)
	if err != nil {
		return nil, err
	}
	overdue, err := tx.OverdueAt(ctx, at...)
	if err != nil {
		return nil, err
	}
	hours, sums, err := tx.Counted(ctx)
	if err != nil {
		return nil, err
	}
	newest, err := tx.NewestReadings(ctx)
	if err != nil {
		return nil, err
	}
	counted := map[worth.Kind]bool{worth.Incidents: !newest[signal.Incidents].IsZero(), worth.Hours: hours, worth.Late: sums}
	for _, c := range ids {
		f := facts[c]
		f.Contracts, f.Incidents, f.Minutes, f.Counted = worth.Sorted(f.Contracts), incidents[c], minutes[c], counted
		if len(f.Contracts) > 0 {
			f.Overdue = overdue[c][f.Contracts[0].Currency]
		}
		facts[c] = f
	}
	return facts, nil
}

// WorthView is what is known of what a customer is worth.
type WorthView struct {
	Customer customer.Customer
	Worth    *Worth // nil: it was never computed
	Rates    worth.Rates
	Computed time.Time // when everybody was last computed; zero: never
}

// OpenWorth reads what a customer is worth.
func (a *App) OpenWorth(ctx context.Context, by Actor, c customer.ID) (v WorthView, err error) {
	if err := by.CanRead("worth"); err != nil {
		return v, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		who, err := tx.FindCustomer(ctx, c)
		if err != nil {
			return err
		}
		v, err = a.worthView(ctx, tx, who)
		return err
	})
	return v, err
}

func (a *App) worthView(ctx context.Context, tx Tx, c customer.Customer) (v WorthView, err error) {
	v.Customer, v.Rates = c, a.rates()
	list, err := tx.WorthOf(ctx, c.ID)
	if err != nil {
		return v, err
	}
	if len(list) > 0 {
		v.Worth = &list[0]
	}
	at, known, err := tx.Setting(ctx, WorthSetting)
	if err == nil && known {
		v.Computed, err = time.Parse(time.RFC3339, at)
	}
	return v, err
}

// worthIn hands out what customers are worth, to those who may see it.
func worthIn(ctx context.Context, tx Tx, by Actor, ids []customer.ID, add func(Worth)) error {
	if !by.MayRead("worth") {
		return nil
	}
	list, err := tx.WorthOf(ctx, ids...)
	for _, w := range list {
		add(w)
	}
	return err
}

// WorthRow is what a customer is worth, with who they are.
type WorthRow struct {
	Worth
	Who customer.Customer
}

// PageWorth returns what customers behind one are worth, by customer.
func (a *App) PageWorth(ctx context.Context, by Actor, after customer.ID, limit int) (rows []WorthRow, more bool, err error) {
	if err := by.CanRead("worth"); err != nil {
		return nil, false, err
	}
	limit = min(max(limit, 1), pageMost)
	err = a.store.View(ctx, func(tx Tx) error {
		list, err := tx.PageWorth(ctx, after, limit+1)
		if more = len(list) > limit; more {
			list = list[:limit]
		}
		rows = make([]WorthRow, len(list))
		for i, w := range list {
			rows[i].Worth = w
			if rows[i].Who, err = tx.FindCustomer(ctx, w.Customer); err != nil {
				return err
			}
		}
		return err
	})
	return rows, more, err
}
