package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"sync"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/when"
)

// BooksKind is the kind of works that read what billing systems say is open in a
// departure. Their item is the case.
const BooksKind = "books"

const (
	// pageReading is how long a page waits for billing systems, and pageFresh how
	// old a reading may be that a page shows without asking anew.
	pageReading = 3 * time.Second
	pageFresh   = time.Minute
	// stepFresh is how old a reading may be that a statement is made of.
	stepFresh = 10 * time.Minute
	// booksTries is how often a billing system that does not answer is asked before a
	// statement is made without it, and booksAgain how long is between.
	booksTries = 3
	booksAgain = 2 * time.Minute
	// pageKeeps is how long a page shows what a system said that does not answer now;
	// whoever signs has seen it, and forGood they sign that.
	pageKeeps = 24 * time.Hour
	forGood   = time.Duration(math.MaxInt64)
	// booksAtOnce is how many contracts are read at the same time.
	booksAtOnce = 4
)

// Codes of why the record counts beside those of connectors.
const (
	booksSilent  = "books.silent"  // the system did not answer
	booksUnknown = "books.unknown" // no billing system knows the contract
	booksCut     = "books.cut"     // there is more than can be read
	booksOdd     = "books.odd"     // what was read cannot be computed with
)

// Books are what the billing system of a contract said when it was asked last.
type Books struct {
	Subscription customer.SubscriptionID
	Customer     customer.ID
	System       string // that said it, or did not answer; empty: none knows the contract
	At           time.Time
	Failed       string           // code of why it said nothing that counts; empty: Said is what it said
	Said         settlement.Books // zero where it failed
	BilledTo     when.Date        // last day that it has billed; zero: it does not say
	Digest       string           // SHA-256 of both
}

// answered reports whether a billing system answered, if only that there is more than
// can be read; that none knows the contract is an answer, too.
func (b Books) answered() bool { return b.Failed == "" || b.System == "" || b.Failed == booksCut }

// FiguresFrom says where the figures of one contract come from.
type FiguresFrom struct {
	Contract string
	System   string    // empty: no billing system knows it
	At       time.Time // of the reading, or of the try
	Failed   string    // code of why the record counts; empty: the system says so
	Digest   string    // SHA-256 of the reading
}

// Silent reports whether the record counts because the system gave no answer at all:
// it was away, busy, or not called because it was away before.
func (f FiguresFrom) Silent() bool {
	return slices.Contains([]string{booksSilent, "connector.unreachable", "connector.busy", "connector.not_sent", connector.Held}, f.Failed)
}

// BooksTx keeps the last reading of each contract.
type BooksTx interface {
	// PutBooks stores a reading in the place of an older one; of a customer who was
	// erased nothing is stored.
	PutBooks(ctx context.Context, list ...Books) error
	BooksOf(ctx context.Context, c customer.ID) ([]Books, error)
}

// toRead are the contracts whose billing system can be asked.
func (a *App) toRead(cus customer.Customer, subs []customer.Subscription) []customer.Subscription {
	if cus.Test() || len(a.systems.Ledgers()) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(subs), func(s customer.Subscription) bool { return s.Engaged() })
}

// stale are those of which there is no reading, or none as young as that.
func stale(subs []customer.Subscription, had []Books, now time.Time, fresh time.Duration) []customer.Subscription {
	return slices.DeleteFunc(slices.Clone(subs), func(s customer.Subscription) bool {
		return slices.ContainsFunc(had, func(b Books) bool { return b.Subscription == s.ID && now.Sub(b.At) < fresh })
	})
}

// readBooks asks the billing systems about contracts, and never fails: what they
// do not say is noted. No transaction may be open.
func (a *App) readBooks(ctx context.Context, subs []customer.Subscription, now time.Time) []Books {
	out := make([]Books, len(subs))
	var wg sync.WaitGroup
	slots := make(chan struct{}, booksAtOnce)
	for i, s := range subs {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out[i] = a.booksOf(ctx, s, now)
		})
	}
	wg.Wait()
	return out
}

// booksOf asks one billing system after the other, until one knows the contract.
func (a *App) booksOf(ctx context.Context, s customer.Subscription, now time.Time) Books {
	b := Books{Subscription: s.ID, Customer: s.Customer, At: now, Failed: booksUnknown}
	for _, name := range a.systems.Ledgers() {
		sys, _ := a.systems.Find(name)
		st, err := sys.Ledger.ReadLedger(ctx, connector.LedgerInput{Reference: s.Reference, Brief: true})
		switch {
		case err == nil && st.Found && !st.Cut:
			b.System, b.Failed = name, ""
			b.Said, b.BilledTo = saidBy(name, s.Reference, st, a.Company().Zone)
			b.Digest = b.digest()
			return b
		case err == nil && st.Found:
			b.System, b.Failed = name, booksCut
			return b
		case err != nil && fault.KindOf(err) != fault.NotFound && b.System == "":
			b.System, b.Failed = name, cmp.Or(fault.CodeOf(err), booksSilent)
		}
	}
	return b
}

func (b *Books) digest() string {
	raw, err := json.Marshal(struct {
		Said     settlement.Books
		BilledTo when.Date
	}{b.Said, b.BilledTo})
	if err != nil { // sums, words and days always marshal
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// saidBy is what a ledger says as a statement takes it, in days where the company
// is.
func saidBy(system, contract string, st connector.LedgerState, zone *time.Location) (b settlement.Books, billedTo when.Date) {
	b = settlement.Books{System: system, Account: st.Customer, Contract: contract}
	dated := true
	for _, x := range st.Open {
		bill := settlement.Bill{Ref: cmp.Or(x.Number, x.Reference), Amount: x.Total, Tax: inside(x.Tax.Minor, x.Total.Minor), Open: x.Due.Minor}
		if bill.Amount.Minor < bill.Open { // it took over what the account owed
			bill.Amount.Minor = bill.Open
		}
		bill.From, bill.Until = daysOf(x.From, x.To, zone)
		dated = dated && !bill.From.IsZero()
		b.Invoices = append(b.Invoices, bill)
	}
	for _, m := range st.Credits {
		b.Balances = append(b.Balances, money.Amount(m))
	}
	items := slices.Clone(st.Unbilled)
	for _, x := range st.Preview.Lines {
		if x.Used && !slices.ContainsFunc(st.Unbilled, func(o connector.LedgerLine) bool { return o.Reference == x.Reference }) {
			items = append(items, x)
		}
	}
	for _, x := range items {
		b.Items = append(b.Items, itemOn(x, zone))
	}
	for _, x := range st.Credited {
		b.Credited = append(b.Credited, settlement.Credited{Contract: x.Of, Item: itemOn(x, zone)})
	}
	if dated && !st.BilledTo.IsZero() { // else nobody knows what an open invoice is for
		billedTo = when.DateOf(st.BilledTo.Add(-time.Second), zone)
	}
	return b, billedTo
}

// itemOn is a line of a ledger as a statement takes it.
func itemOn(x connector.LedgerLine, zone *time.Location) settlement.Item {
	it := settlement.Item{Ref: x.Reference, What: x.Text, Amount: x.Amount, Tax: inside(x.Tax.Minor, x.Amount.Minor), Used: x.Used, Prorated: x.Prorated}
	it.From, it.Until = daysOf(x.From, x.To, zone)
	return it
}

// inside is a tax as far as it can be one of the sum.
func inside(tax, sum int64) int64 {
	if (tax < 0) != (sum < 0) || max(tax, -tax) > max(sum, -sum) {
		return 0
	}
	return tax
}

// daysOf are the first and the last day of a span; zero for none.
func daysOf(from, to time.Time, zone *time.Location) (first, last when.Date) {
	if from.IsZero() || !to.After(from) {
		return first, last
	}
	return when.DateOf(from, zone), when.DateOf(to.Add(-time.Second), zone)
}

// look is how billing systems are asked.
type look struct {
	only   []customer.SubscriptionID // contracts; none: all that have not ended
	within time.Duration             // how long somebody waits for that; zero: as long as it takes
	again  bool                      // also about contracts of which none answered just now
	keep   time.Duration             // an answer as young as that stays where none comes now
}

// lookIntoBooks has the billing systems asked about contracts of which there is no
// answer of this minute, and keeps what they say; of whoever was erased nobody asks.
// It reports whether one that was asked did not answer.
func (a *App) lookIntoBooks(ctx context.Context, cid customer.ID, how look) (silent bool, err error) {
	if len(a.systems.Ledgers()) == 0 {
		return false, nil
	}
	var ask []customer.Subscription
	var now time.Time
	err = a.store.View(ctx, func(tx Tx) error {
		now = tx.Now()
		ask, err = a.toAsk(ctx, tx, cid, how)
		return err
	})
	if err != nil || len(ask) == 0 {
		return false, err
	}
	asking, stop := ctx, context.CancelFunc(func() {})
	if how.within > 0 {
		asking, stop = context.WithTimeout(ctx, how.within)
	}
	list := a.readBooks(asking, ask, now)
	stop()
	err = a.tx(ctx, func(tx Tx) error {
		if _, err := tx.AwaitErasing(ctx); err != nil { // first of all: what was read beside an erasure would stay behind it
			return err
		}
		had, err := tx.BooksOf(ctx, cid)
		if err != nil {
			return err
		}
		return tx.PutBooks(ctx, worthKeeping(list, had, now, how.keep)...)
	})
	return slices.ContainsFunc(list, func(b Books) bool { return !b.answered() }), err
}

// toAsk are the contracts about which billing systems are to be asked.
func (a *App) toAsk(ctx context.Context, tx Tx, cid customer.ID, how look) ([]customer.Subscription, error) {
	cus, err := tx.FindCustomer(ctx, cid)
	if err != nil {
		return nil, err
	}
	all, err := tx.SubscriptionsOf(ctx, cid)
	if err != nil {
		return nil, err
	}
	if len(how.only) > 0 {
		all = pick(all, how.only)
	} else {
		all = slices.DeleteFunc(slices.Clone(all), func(s customer.Subscription) bool { return s.Status == customer.Ended })
	}
	return a.unread(ctx, tx, cus, all, pageFresh, how.again)
}

// unread are those of a customer's contracts of which there is no reading as young as
// that or, where silence does not count as one, no answer. Of whoever was erased there
// is none: nobody asks about them.
func (a *App) unread(ctx context.Context, tx Tx, cus customer.Customer, subs []customer.Subscription, fresh time.Duration, answered bool) ([]customer.Subscription, error) {
	ask := a.toRead(cus, subs)
	if len(ask) == 0 {
		return nil, nil
	}
	if gone, err := wasErased(ctx, tx, cus.ID); err != nil || gone {
		return nil, err
	}
	had, err := tx.BooksOf(ctx, cus.ID)
	if answered {
		had = answers(had)
	}
	return stale(ask, had, tx.Now(), fresh), err
}

// answers are the readings to which a system answered.
func answers(list []Books) []Books {
	return slices.DeleteFunc(slices.Clone(list), func(b Books) bool { return !b.answered() })
}

// worthKeeping is what was read, but the silence of a system whose last answer is as
// young as that.
func worthKeeping(list, had []Books, now time.Time, keep time.Duration) []Books {
	return slices.DeleteFunc(slices.Clone(list), func(b Books) bool {
		return !b.answered() && slices.ContainsFunc(answers(had), func(o Books) bool { return o.Subscription == b.Subscription && now.Sub(o.At) < keep })
	})
}

// lookIntoBooksOf does it for the contracts of a departure.
func (a *App) lookIntoBooksOf(ctx context.Context, c offboarding.CaseID, how look) (silent bool, err error) {
	var of offboarding.Case
	err = a.store.View(ctx, func(tx Tx) (err error) {
		of, err = tx.FindCase(ctx, c)
		return err
	})
	if err != nil || of.Customer == "" || of.Test || len(of.Subscriptions) == 0 {
		return false, err
	}
	how.only = of.Subscriptions
	return a.lookIntoBooks(ctx, of.Customer, how)
}

// booksFirst has the billing systems asked before a step makes the statement of a
// departure, and reports whether it waits for that. Only an answer lets it go on,
// or the work that asked as often as one asks: not that a page waited in vain.
func (a *App) booksFirst(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, k *picture) (waits bool, err error) {
	if p.Case.Test || k.asked {
		return false, nil
	}
	if x, err := tx.StatementOf(ctx, p.Case.ID); err == nil && x.Live() {
		return false, nil
	} else if err != nil && fault.KindOf(err) != fault.NotFound {
		return false, err
	}
	ask, err := a.unread(ctx, tx, k.customer, pick(k.subscriptions, p.Case.Subscriptions), stepFresh, true)
	if err != nil || len(ask) == 0 {
		return false, err
	}
	return true, a.askBooks(ctx, tx, p.Case.ID, string(s.ID)+":"+tx.Now().UTC().Format(time.RFC3339Nano))
}

// askBooksAtOnce has the billing systems asked when a departure opens, so that
// whoever looks at it sees what they say.
func (a *App) askBooksAtOnce(ctx context.Context, tx Tx, c offboarding.Case) error {
	if c.Test || c.Customer == "" || len(a.systems.Ledgers()) == 0 {
		return nil
	}
	return a.askBooks(ctx, tx, c.ID, "opened")
}

// askBooks has the billing systems asked about the contracts of a departure.
func (a *App) askBooks(ctx context.Context, tx Tx, c offboarding.CaseID, why string) error {
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: BooksKind, Case: c, Item: string(c), System: house, Key: BooksKind + ":" + string(c) + ":" + why,
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
	})
}

// ReadBooks asks the billing systems about the contracts of a departure, keeps
// what they say, and lets the step begin that makes the statement, if its turn has
// come. A system that does not answer is asked again a few times; then the
// statement is made of the record, unless there is an answer of these minutes.
func (a *App) ReadBooks(ctx context.Context, w offboarding.Work) (r Result, err error) {
	c, how := offboarding.CaseID(w.Item), look{again: true, keep: forGood}
	last := w.Attempt >= booksTries
	if last {
		how.keep = stepFresh
	}
	silent, err := a.lookIntoBooksOf(ctx, c, how)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return Result{Verdict: Accomplished}, nil
	} else if err != nil {
		return r, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		waits := silent && !last
		if !waits {
			var err error
			if waits, err = a.beginStatement(ctx, tx, c); err != nil {
				return err
			}
			if !waits {
				if err := a.lookAtEnd(ctx, tx, c); err != nil {
					return err
				}
			}
		}
		r = Result{Verdict: Accomplished}
		if waits {
			r = Result{Verdict: Later, Again: tx.Now().Add(booksAgain)}
		}
		return nil
	})
	return r, err
}

// beginStatement begins the steps that make the statement of a departure and have
// waited for its books. It waits while the departure is paused.
func (a *App) beginStatement(ctx context.Context, tx Tx, c offboarding.CaseID) (waits bool, err error) {
	p, err := tx.FindPlan(ctx, c)
	if err != nil || p.Case.State != offboarding.CaseOpen {
		return false, err
	}
	if p.Case.Paused {
		return true, nil
	}
	k, err := pictureOf(ctx, tx, p.Case.Customer)
	if err != nil {
		return false, err
	}
	k.asked = true
	begun := false
	for _, s := range p.Steps {
		kind, known := a.kinds[s.Kind]
		if !known || !kind.Spec().Settles || s.State != offboarding.StepReady {
			continue
		}
		left, err := tx.WorksLeft(ctx, c, s.ID)
		if err != nil {
			return false, err
		}
		if len(left) > 0 {
			continue
		}
		begun = true
		if _, err := a.begin(ctx, tx, &p, s.Key, k); err != nil {
			return false, err
		}
	}
	if !begun {
		return false, nil
	}
	return false, a.settle(ctx, tx, &p, "engine")
}

// withBooks is a contract as the record and its billing system together have it:
// what is billed reaches to the later of both.
func withBooks(s customer.Subscription, b *Books) customer.Subscription {
	if b != nil && b.Failed == "" && s.Interval.Recurs() && s.PaidUntil.Before(b.BilledTo) {
		s.PaidUntil = b.BilledTo
	}
	return s
}

// from says where the figures of contracts come from; nothing where no billing
// system could be asked.
func (k reckoning) from() (out []FiguresFrom) {
	for _, s := range k.subs {
		if b := k.booksOf(s.ID); b != nil {
			out = append(out, FiguresFrom{Contract: s.Reference, System: b.System, At: b.At, Failed: b.Failed, Digest: b.Digest})
		}
	}
	return out
}

func (k reckoning) booksOf(s customer.SubscriptionID) *Books {
	i := slices.IndexFunc(k.books, func(b Books) bool { return b.Subscription == s })
	if i < 0 {
		return nil
	}
	return &k.books[i]
}

// odd are books with which nobody can compute: nothing of them counts.
func odd(books []Books) []Books {
	out := slices.Clone(books)
	for i := range out {
		out[i].Failed = cmp.Or(out[i].Failed, booksOdd)
	}
	return out
}

// whole reports whether every contract that the customer has is in books.
func (k reckoning) whole() bool {
	return !k.others && !slices.ContainsFunc(k.subs, func(s customer.Subscription) bool {
		b := k.booksOf(s.ID)
		return b == nil || b.Failed != ""
	})
}

// othersStay reports whether the customer has contracts that have not ended beside
// those.
func othersStay(all, ending []customer.Subscription) bool {
	return slices.ContainsFunc(all, func(s customer.Subscription) bool {
		return s.Status != customer.Ended && !slices.ContainsFunc(ending, func(o customer.Subscription) bool { return o.ID == s.ID })
	})
}
