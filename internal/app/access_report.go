package app

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/stray"
	"hastaluego/internal/when"
)

// Revocation is one access that was closed in a departure.
type Revocation struct {
	System, Kind string // Kind is empty once the access was erased
	State        offboarding.WorkState
	ReadyAt      time.Time // when its turn came; zero where a person closed it on a checklist
	At           time.Time // when it was verified, or a person answered for it
	Evidence     string
}

// Retest is how often trying closed accesses again came to the same.
type Retest struct {
	System, Days string
	State        offboarding.WorkState
	Why          string // message code; empty: still closed
	N            int
}

// AccessReportTx reads what the report of accesses counts. Tests are left out.
type AccessReportTx interface {
	// Revocations tells each access that was closed since an instant.
	Revocations(ctx context.Context, from time.Time, each func(Revocation)) error
	// Retests counts the tries since an instant.
	Retests(ctx context.Context, from time.Time) ([]Retest, error)
	// LeftBehind returns the open and undecided accesses of customers who have no
	// contract any more, by id behind one, with their newest departure.
	LeftBehind(ctx context.Context, after string, limit int) ([]Departed, error)
}

// AccessRow is how accesses of one kind at one system were closed.
type AccessRow struct {
	System, Kind string
	Best         AccessHow     // how it can be known at best there; empty: of all of them together
	Verified     int           // by a program: read back, or tried
	Attested     int           // a person answers for it
	Tried        int           // of the verified: what got in before is refused now
	Read         int           // of the verified: read back
	Erased       int           // of the verified: how is not known any more
	Median, P90  time.Duration // from its turn until it was verified; of nothing: 0
}

// Closed is how many were closed.
func (r AccessRow) Closed() int { return r.Verified + r.Attested }

// RetestRow is what trying again so many days later showed at one system.
type RetestRow struct {
	System                string
	Days                  int
	Closed, Open, Unclear int
}

// LeftAccess is one access that is open though its customer has left.
type LeftAccess struct {
	Case, Customer     string
	Code, Name         string
	System, Kind, Item string // Item is the account
	Why                string // open, again, found
	Since              when.Date
}

// Why an access is left behind.
const (
	LeftOpen  = "open"  // it was never closed
	LeftAgain = "again" // it was closed, and lets in again
	LeftFound = "found" // a system lists it, and nobody has decided whose it is
)

// SweepRound is how far the looking after those who left is at one system.
type SweepRound struct {
	System string
	Level  string    // what its connector was tried against: connector.Level; empty for the readings
	Tells  bool      // it can tell of those who left
	Done   time.Time // when everybody was last looked at; zero: not yet
	Looked int       // that were looked at in that round
	Unread int       // of them, that could not be read
	Why    string    // message code of what it waits for; empty: nothing is wrong
}

// AccessReport is how well accesses are closed.
type AccessReport struct {
	From    when.Date
	All     AccessRow
	Rows    []AccessRow // by system and kind
	Retests []RetestRow
	Left    []LeftAccess // the first of them
	LeftAll int          // how many there are; LeftMost at most are counted
	Strays  int          // open ones
	Rounds  []SweepRound
}

const (
	// AccessMonths is of how many months the report is.
	AccessMonths     = 12
	accessMonthsMost = 60
	leftLines        = 200
	// LeftMost is to where accesses that are left behind are counted.
	LeftMost = 5000
)

// ReportAccess counts how accesses were closed in the last so many months, and
// names those that are open though their customer has left.
func (a *App) ReportAccess(ctx context.Context, by Actor, months int) (v AccessReport, err error) {
	if err := by.CanRead("metrics"); err != nil {
		return v, err
	}
	if months < 1 || months > accessMonthsMost {
		return v, fault.New(fault.Invalid, "law.months", "most", accessMonthsMost).On("months")
	}
	err = a.store.View(ctx, func(tx Tx) error {
		zone, today := a.Company().Zone, a.today(tx)
		v = AccessReport{From: when.Date{Year: today.Year, Month: today.Month, Day: 1}.AddMonths(1 - months)}
		from := v.From.Start(zone)
		if err := v.revocations(ctx, tx, from); err != nil {
			return err
		}
		for i := range v.Rows {
			v.Rows[i].Best = v.Rows[i].best(a.systems[v.Rows[i].System])
		}
		if err := v.retests(ctx, tx, from); err != nil {
			return err
		}
		if err := a.leftBehind(ctx, tx, &v); err != nil {
			return err
		}
		open, err := tx.ListStrays(ctx, stray.Open, "", straysMost)
		if err != nil {
			return err
		}
		v.Strays = len(open)
		v.Rounds, err = a.sweepRounds(ctx, tx)
		return err
	})
	return v, err
}

func (v *AccessReport) revocations(ctx context.Context, tx Tx, from time.Time) error {
	at := map[[2]string]*AccessRow{}
	took := map[[2]string][]time.Duration{}
	var all []time.Duration
	err := tx.Revocations(ctx, from, func(r Revocation) {
		key := [2]string{r.System, r.Kind}
		row := at[key]
		if row == nil {
			row = &AccessRow{System: r.System, Kind: r.Kind}
			at[key] = row
		}
		for _, x := range []*AccessRow{row, &v.All} {
			x.count(r)
		}
		if r.State == offboarding.WorkVerified && !r.ReadyAt.IsZero() {
			d := max(r.At.Sub(r.ReadyAt), 0)
			took[key], all = append(took[key], d), append(all, d)
		}
	})
	v.All.Median, v.All.P90 = rankOf(all, 50), rankOf(all, 90)
	for key, row := range at {
		row.Median, row.P90 = rankOf(took[key], 50), rankOf(took[key], 90)
		v.Rows = append(v.Rows, *row)
	}
	slices.SortFunc(v.Rows, func(x, y AccessRow) int { return cmp.Or(cmp.Compare(x.System, y.System), cmp.Compare(x.Kind, y.Kind)) })
	return err
}

func (r *AccessRow) count(x Revocation) {
	if x.State == offboarding.WorkAttested {
		r.Attested++
		return
	}
	r.Verified++
	switch p := step.ProofOf(x.Evidence); {
	case x.Evidence == "":
		r.Erased++
	case p.Proof == step.NegativeTest && p.Control != nil && p.Probe != nil:
		r.Tried++
	default:
		r.Read++
	}
}

// best is how it can be known at best there: as it can be now, or as it was known.
func (r AccessRow) best(s connector.System) AccessHow {
	best := bestOf(s)
	if r.Read > 0 {
		best = surer(best, AccessRead)
	}
	if r.Tried > 0 {
		best = surer(best, AccessTried)
	}
	return best
}

// rankOf is the smallest of the values that so many percent of them do not
// exceed (nearest rank); 0 of none. It sorts them.
func rankOf(list []time.Duration, percent int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[(len(list)*percent+99)/100-1]
}

func (v *AccessReport) retests(ctx context.Context, tx Tx, from time.Time) error {
	list, err := tx.Retests(ctx, from)
	for _, r := range list {
		days, err := strconv.Atoi(r.Days)
		if err != nil {
			continue
		}
		i := slices.IndexFunc(v.Retests, func(x RetestRow) bool { return x.System == r.System && x.Days == days })
		if i < 0 {
			i = len(v.Retests)
			v.Retests = append(v.Retests, RetestRow{System: r.System, Days: days})
		}
		row := &v.Retests[i]
		switch {
		case r.State == offboarding.WorkFailed:
			row.Unclear += r.N
		case r.Why == "":
			row.Closed += r.N
		case openAgain(r.Why):
			row.Open += r.N
		default:
			row.Unclear += r.N
		}
	}
	slices.SortFunc(v.Retests, func(x, y RetestRow) int { return cmp.Or(cmp.Compare(x.System, y.System), cmp.Compare(x.Days, y.Days)) })
	return err
}

// openAgain reports whether a code says that an access lets in or, of one that was
// left to read, that it can change something.
func openAgain(why string) bool {
	return why == "connector.not_so" || why == "access.still_open" || why == "access.still_writes"
}

// leftBehind finds the accesses that are open though nobody may use them: what a
// customer has who has no contract any more, once they need nothing of it for
// their data, or had it closed before.
func (a *App) leftBehind(ctx context.Context, tx Tx, v *AccessReport) error {
	today := a.today(tx)
	for after := ""; v.LeftAll < LeftMost; {
		list, err := tx.LeftBehind(ctx, after, sweepPage)
		if err != nil {
			return err
		}
		for _, d := range list {
			after = d.Item
			l, left, err := a.leftAccess(ctx, tx, d, today)
			if err != nil {
				return err
			}
			if !left {
				continue
			}
			if v.LeftAll++; len(v.Left) < leftLines {
				v.Left = append(v.Left, l)
			}
		}
		if len(list) < sweepPage {
			return nil
		}
	}
	return nil
}

func (a *App) leftAccess(ctx context.Context, tx Tx, d Departed, today when.Date) (l LeftAccess, left bool, err error) {
	c, err := tx.FindCase(ctx, d.Case)
	if err != nil {
		return l, false, err
	}
	all, err := tx.GrantsOf(ctx, c.Customer)
	if err != nil {
		return l, false, err
	}
	i := slices.IndexFunc(all, func(g customer.Grant) bool { return string(g.ID) == d.Item })
	if i < 0 {
		return l, false, nil
	}
	g := all[i]
	works, err := tx.WorksOf(ctx, c.ID)
	if err != nil {
		return l, false, err
	}
	closed := slices.ContainsFunc(works, func(w offboarding.Work) bool {
		return w.Kind == "revoke_access" && w.Item == d.Item && (w.State == offboarding.WorkVerified || w.State == offboarding.WorkAttested)
	})
	l = LeftAccess{Case: string(c.ID), Customer: string(c.Customer), Code: c.Code, System: g.System, Kind: g.Kind, Item: g.Account, Why: LeftOpen, Since: c.RetrievalEnd()}
	switch {
	case g.Status == customer.Orphan:
		l.Why, l.Since = LeftFound, c.Effective
	case closed:
		l.Why, l.Since = LeftAgain, c.Effective
	}
	if !l.Since.Before(today) {
		return l, false, nil
	}
	cus, err := tx.FindCustomer(ctx, c.Customer)
	l.Name = cus.Name
	return l, true, err
}

// sweepRounds says how far those who left are looked after, by system: all that
// are connected, also those that cannot tell.
func (a *App) sweepRounds(ctx context.Context, tx Tx) (list []SweepRound, err error) {
	can := a.sweepable()
	all := slices.Clone(can)
	for name := range a.on {
		all = append(all, name)
	}
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		r := SweepRound{System: name, Level: a.on[name].Level, Tells: slices.Contains(can, name)}
		w, err := tx.FindWork(ctx, sweepJob(name))
		switch {
		case err == nil:
			var at swept
			if w.Evidence != "" {
				if err := json.Unmarshal([]byte(w.Evidence), &at); err != nil {
					return nil, fault.Wrap("app.sweepRounds", err)
				}
			}
			r.Done, r.Looked, r.Unread, r.Why = at.Done, at.DoneN, at.DoneBad, w.LastError
		case fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// WholeSeconds is how long something took, for files and programs.
func WholeSeconds(d time.Duration) int64 { return int64(d / time.Second) }

// Table is the report as rows: one for each system and kind, and one for all.
func (v AccessReport) Table() [][]string {
	rows := [][]string{{"system", "kind", "at_best", "closed", "verified", "tried", "read_back", "evidence_erased", "attested", "median_seconds", "p90_seconds"}}
	for _, r := range append(slices.Clone(v.Rows), v.All) {
		row := []string{r.System, r.Kind, string(r.Best)}
		for _, n := range []int{r.Closed(), r.Verified, r.Tried, r.Read, r.Erased, r.Attested} {
			row = append(row, strconv.Itoa(n))
		}
		for _, d := range []time.Duration{r.Median, r.P90} {
			row = append(row, strconv.FormatInt(WholeSeconds(d), 10))
		}
		rows = append(rows, row)
	}
	return rows
}
