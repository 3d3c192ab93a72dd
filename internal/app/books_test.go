package app_test

import (
	"context"
	"database/sql"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
)

// tellsBooks has the billing system say of each contract of a buyer what is open: of the
// first an invoice with its tax, use and a credit of the account.
func (w *world) tellsBooks(t *testing.T, ref string) {
	t.Helper()
	account := []money.Amount{eur(400)}
	w.bank.set(func() {
		w.bank.books = map[string]connector.LedgerState{
			ref + "-1": {
				Customer: "cus_" + ref, Credits: account,
				Open: []connector.Invoice{{Reference: "in_1", Number: "IN-" + ref, Total: eur(1210), Tax: eur(210), Due: eur(605)}},
				Preview: connector.InvoicePreview{Lines: []connector.LedgerLine{
					{Reference: "il_use", Text: "Avisos", Amount: eur(242), Tax: eur(42), Used: true}, {Reference: "il_plan", Text: "Faro Uno", Amount: eur(36500)},
				}},
			},
			ref + "-2": {Customer: "cus_" + ref, Credits: account},
		}
	})
}

// sumOf is the sum of a line by its kind and number; zero: there is none.
func sumOf(s app.Statement, kind settlement.Kind, ref string) (sum, tax int64) {
	for _, x := range s.Sections {
		for _, l := range x.Lines {
			if l.Kind == kind && (ref == "" || l.Ref == ref) {
				sum, tax = sum+l.Amount.Minor, tax+l.Tax
			}
		}
	}
	return sum, tax
}

// reads is how often the billing system was asked what is open.
func (w *world) reads() (n int) {
	w.bank.set(func() { n = w.bank.read })
	return n
}

// later is a moment of business time that is to come.
func (w *world) later(t *testing.T, d time.Duration) time.Time {
	t.Helper()
	now, _, err := w.Now(t.Context())
	must(t, err)
	return now.Add(d)
}

// What the billing system says stands in the place of the record, is named with its
// time and its digest, and the page before the click, the draft and the statement
// say the same while nothing happens between.
func TestTheBooksOfTheBillingSystemStandForTheRecord(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		cus, email := w.buyer(t, "BK", "ES", 40)
		for _, b := range []customer.Balance{
			{Reference: "IN-BK", Kind: customer.Invoice, Amount: eur(1210)},
			{Reference: "F-OLD", Kind: customer.Invoice, Amount: eur(999)},
			{Reference: "A-OLD", Kind: customer.Credit, Amount: eur(100)},
			{Reference: "FZ-1", Kind: customer.Deposit, Amount: eur(5000)},
		} {
			b.Customer, b.About = cus, "Octubre"
			_, err := w.AddBalance(ctx, finance, b)
			must(t, err)
		}
		w.tellsBooks(t, "BK")
		before := w.preview(t, cus)
		for _, s := range []app.Statement{before.Now, before.End} {
			for _, want := range []struct {
				kind     settlement.Kind
				ref      string
				sum, tax int64
			}{
				{settlement.LineInvoice, "", -605, -105},
				{settlement.LineInvoice, "IN-BK", -605, -105},
				{settlement.LineUsage, "il_use", -242, -42},
				{settlement.LineCredit, "", 400, 0},
				{settlement.LineCredit, "cus_BK", 400, 0},
				{settlement.LineDeposit, "FZ-1", 5000, 0},
			} {
				if sum, tax := sumOf(s, want.kind, want.ref); sum != want.sum || tax != want.tax {
					t.Errorf("%s %s is %d with %d of tax: %+v", want.kind, want.ref, sum, tax, s.Sections)
				}
			}
			if len(s.From) != 2 || s.From[0].System != "billing" || s.From[0].Failed != "" || len(s.From[0].Digest) != 64 || s.From[0].At.IsZero() {
				t.Errorf("from %+v", s.From)
			}
		}
		asked := w.bank.read
		if again := w.preview(t, cus); !reflect.DeepEqual(again, before) || w.bank.read != asked {
			t.Errorf("looked at again: asked %d times more, %+v", w.bank.read-asked, again)
		}

		c, page := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		if draft := w.statement(t, c); !reflect.DeepEqual(draft.Doc.Sections, before.Now.Sections) {
			t.Fatalf("the draft is %+v\nthe page said %+v", draft.Doc.Sections, before.Now.Sections)
		}
		must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: "accounts", Item: "a", Ticked: true, Evidence: "visto"}))
		must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "accounts", Note: "Visto"}))
		letter := w.mail.wait(t, "statement", email)
		if !reflect.DeepEqual(letter.Statement.Doc.Sections, before.Now.Sections) || letter.Statement.Doc.From[0].Digest != before.Now.From[0].Digest {
			t.Errorf("the letter says %+v", letter.Statement.Doc)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		signed := false
		for _, x := range v.Timeline {
			said, _ := x.Args["figures"].(string)
			signed = signed || x.Type == "statement.signed" && strings.Contains(said, "billing BK-1 "+before.Now.From[0].Digest)
		}
		if !signed {
			t.Error("the log does not say what the billing system said")
		}
		view := app.ViewStatement(w.statement(t, c))
		if f := view.Figures; len(f) != 2 || f[0].From != "system" || f[0].System != "billing" || f[0].SHA256 != before.Now.From[0].Digest {
			t.Errorf("for programs: %+v", f)
		}
		if p, err := w.OpenCasePage(ctx, page, "case", ""); err != nil || !reflect.DeepEqual(p.Statement.Doc.Sections, before.Now.Sections) {
			t.Errorf("the page says %+v %v", p.Statement, err)
		}
		w.verifyLog(t)
	})
}

// A billing system that does not answer, has more than can be read, or says what
// nobody can compute with keeps nobody from leaving: the record counts, and the
// statement says so.
func TestABillingSystemThatSleepsKeepsNobody(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		ctx := t.Context()
		for _, x := range []struct {
			ref, why string
			set      func()
		}{
			{"KEY", "connector.credential", func() { w.bank.fails = fault.New(fault.Invalid, "connector.credential", "system", "billing") }},
			{"CUT", "books.cut", func() { w.bank.books = map[string]connector.LedgerState{"CUT-1": {Cut: true}, "CUT-2": {Cut: true}} }},
			{"ODD", "books.odd", func() {
				st := connector.LedgerState{Credits: []money.Amount{{Minor: 5, Currency: "???"}}}
				w.bank.books = map[string]connector.LedgerState{"ODD-1": st, "ODD-2": st}
			}},
			{"NEW", "books.unknown", func() { w.bank.books = nil }},
			{"SLEEP", "connector.unreachable", func() { w.bank.fails = fault.New(fault.Transient, "connector.unreachable", "system", "billing") }},
		} {
			cus, email := w.buyer(t, x.ref, "ES", 40)
			_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-" + x.ref, Kind: customer.Invoice, About: "Octubre", Amount: eur(2500)})
			must(t, err)
			w.bank.set(func() { w.bank.fails, w.bank.books = nil, nil; x.set() })
			p := w.preview(t, cus)
			if sum, _ := sumOf(p.Now, settlement.LineInvoice, "F-"+x.ref); sum != -2500 {
				t.Errorf("%s: %+v", x.ref, p.Now)
			}
			so := func(why string) bool {
				return why == x.why || x.why == "connector.unreachable" && why == connector.Held
			}
			if len(p.Now.From) != 2 || !so(p.Now.From[0].Failed) {
				t.Errorf("%s: from %+v", x.ref, p.Now.From)
			}
			asked := w.reads()
			c, _ := w.leaves(t, email, "now")
			eventually(t, x.ref+" goes on", func() bool {
				must(t, w.PushClock(ctx, "", w.later(t, 3*time.Minute)))
				v, err := w.OpenCase(ctx, agent, c)
				must(t, err)
				s := v.Plan.Step("statement_sign")
				return s != nil && s.State == offboarding.StepReady
			})
			// Both works, that of the opening and that of the step, ask about both contracts.
			if n := w.reads() - asked; x.ref == "KEY" && (n < 3*2 || n > 2*3*2) || x.ref != "KEY" && x.ref != "SLEEP" && n > 2*2 {
				t.Errorf("%s: it was asked %d times", x.ref, n)
			}
			must(t, w.SignStatement(ctx, finance, c))
			if doc := w.statement(t, c).Doc; !so(doc.From[0].Failed) || !reflect.DeepEqual(doc.Sections, p.Now.Sections) {
				t.Errorf("%s: the statement is %+v\nthe page said %+v", x.ref, doc, p.Now)
			}
			if v := app.ViewStatement(w.statement(t, c)); v.Figures[0].From != "record" || !so(v.Figures[0].Why) {
				t.Errorf("%s: for programs %+v", x.ref, v.Figures)
			}
		}
		w.verifyLog(t)
	})
}

// Of a contract that the billing system does not know the record stays, and a
// person is told to look that nothing is there twice; what both know counts once.
func TestTheRecordStaysForContractsThatAreElsewhere(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		cus, email := w.buyer(t, "MX", "ES", 40)
		for ref, n := range map[string]int64{"IN-MX": 1210, "F-2": 700} {
			_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: ref, Kind: customer.Invoice, About: "Octubre", Amount: eur(n)})
			must(t, err)
		}
		w.tellsBooks(t, "MX")
		w.bank.set(func() { delete(w.bank.books, "MX-2") })
		p := w.preview(t, cus)
		if sum, _ := sumOf(p.End, settlement.LineInvoice, ""); sum != -605-700 {
			t.Errorf("open: %+v", p.End.Sections)
		}
		c, _ := w.leaves(t, email, "period_end")
		must(t, w.UntilQuiet(ctx))
		doc := w.statement(t, c).Doc
		var mixed bool
		for _, o := range doc.Open {
			mixed = mixed || o.Why == "mixed"
		}
		if !mixed || !reflect.DeepEqual(doc.Sections, p.End.Sections) {
			t.Errorf("%+v", doc)
		}
		var froms []string
		for _, f := range doc.From {
			froms = append(froms, f.Contract+" "+f.System+" "+f.Failed)
		}
		if got := strings.Join(froms, ", "); got != "MX-1 billing , MX-2  books.unknown" {
			t.Error(got)
		}
	})
}

// That a page waited in vain makes no statement of the record: the billing system is
// asked again, and what it says then counts.
func TestAStatementWaitsForABillingSystemThatWasSilentJustNow(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		cus, email := w.buyer(t, "SLOW", "ES", 40)
		_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-SLOW", Kind: customer.Invoice, About: "Octubre", Amount: eur(2500)})
		must(t, err)
		w.tellsBooks(t, "SLOW")
		w.bank.set(func() { w.bank.fails = fault.New(fault.Invalid, "connector.refused", "system", "billing") })
		if p := w.preview(t, cus); p.Now.From[0].Failed != "connector.refused" {
			t.Fatalf("the page: %+v", p.Now.From)
		}
		c, _ := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		w.bank.set(func() { w.bank.fails = nil })
		must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: "accounts", Item: "a", Ticked: true, Evidence: "visto"}))
		must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "accounts", Note: "Visto"}))
		doc := w.mail.wait(t, "statement", email).Statement.Doc
		if f := doc.From[0]; f.System != "billing" || f.Failed != "" {
			t.Errorf("from %+v", doc.From)
		}
		theirs, _ := sumOf(doc, settlement.LineInvoice, "IN-SLOW")
		if ours, _ := sumOf(doc, settlement.LineInvoice, "F-SLOW"); theirs != -605 || ours != 0 {
			t.Errorf("%+v", doc.Sections)
		}
	})
}

// What finance has read is what they sign, also where the billing system does not
// answer at that moment; and no page puts its silence in the place of what it said.
func TestASilentSystemTakesNothingFromWhoeverHasReadWhatItSaid(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		refused := fault.New(fault.Invalid, "connector.refused", "system", "billing")
		cus, email := w.buyer(t, "READ", "ES", 40)
		w.tellsBooks(t, "READ")
		c, _ := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(t.Context()))
		draft := w.statement(t, c).Doc
		if draft.From[0].Failed != "" {
			t.Fatalf("the draft: %+v", draft)
		}
		w.bank.set(func() { w.bank.fails = refused })
		must(t, w.PushClock(t.Context(), "", w.later(t, time.Hour)))
		asked := w.reads()
		must(t, w.SignStatement(t.Context(), finance, c))
		doc := w.statement(t, c).Doc
		if f := doc.From[0]; f.Failed != "" || f.Digest != draft.From[0].Digest || !f.At.Equal(draft.From[0].At) || !reflect.DeepEqual(doc.Sections, draft.Sections) {
			t.Errorf("signed: %+v\nread: %+v", doc, draft)
		}
		if w.reads() == asked {
			t.Errorf("nobody asked %s anew", cus)
		}

		stays, _ := w.buyer(t, "STAY", "ES", 40)
		w.bank.set(func() { w.bank.fails = nil })
		w.tellsBooks(t, "STAY")
		for _, x := range []struct {
			after time.Duration
			why   string
			fails error
		}{{0, "", nil}, {time.Hour, "", refused}, {25 * time.Hour, "connector.refused", refused}} {
			w.bank.set(func() { w.bank.fails = x.fails })
			must(t, w.PushClock(t.Context(), "", w.later(t, x.after)))
			if p := w.preview(t, stays); p.Now.From[0].Failed != x.why {
				t.Errorf("after %s the page says %+v", x.after, p.Now.From)
			}
		}
	})
}

// Of what nobody can compute with nothing counts, the day to which it is billed neither:
// nothing comes back of a period that nobody paid.
func TestOfOddBooksNothingCounts(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		told := map[string][]money.Amount{}
		for _, ref := range []string{"PLAIN", "ODDER"} {
			cus, _ := w.buyer(t, ref, "ES", 40)
			_, err := w.AddBalance(t.Context(), finance, customer.Balance{Customer: cus, Reference: "F-" + ref, Kind: customer.Invoice, About: "Octubre", Amount: eur(2500)})
			must(t, err)
			from, to := w.later(t, 0), w.later(t, 300*24*time.Hour)
			st := connector.LedgerState{
				BilledTo: to, Credits: []money.Amount{{Minor: 5, Currency: "???"}},
				Open: []connector.Invoice{{Reference: "in_odd", Total: eur(36500), Due: eur(36500), From: from, To: to}},
			}
			w.bank.set(func() { w.bank.books = map[string]connector.LedgerState{"ODDER-1": st, "ODDER-2": st} })
			p := w.preview(t, cus)
			for _, s := range []app.Statement{p.Now, p.End} {
				for _, x := range s.Sections {
					told[ref] = append(told[ref], x.Total)
				}
			}
			if why := p.End.From[0].Failed; ref == "ODDER" && why != "books.odd" {
				t.Errorf("from %+v", p.End.From)
			}
		}
		if len(told["PLAIN"]) == 0 || !reflect.DeepEqual(told["PLAIN"], told["ODDER"]) {
			t.Errorf("%v", told)
		}
	})
}

// Nobody is asked about a customer who was erased, and no step waits for that.
func TestNobodyIsAskedAboutWhoWasErased(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		cus, email := w.buyer(t, "NIX", "ES", 40)
		w.tellsBooks(t, "NIX")
		c, _ := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			return tx.PutErasure(ctx, app.Erasure{Case: c, Customer: cus, ErasedAt: tx.Now()})
		}))
		must(t, w.PushClock(ctx, "", w.later(t, time.Hour)))
		asked := w.reads()
		must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: "accounts", Item: "a", Ticked: true, Evidence: "visto"}))
		must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "accounts", Note: "Visto"}))
		must(t, w.UntilQuiet(ctx))
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		var books, told int
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			works, err := tx.WorksOf(ctx, c)
			for _, x := range works {
				if x.Kind == app.BooksKind {
					books++
				}
				if x.Step == v.Plan.Step("statement").ID {
					told++
				}
			}
			return err
		}))
		if books != 1 || told != 1 || w.reads() != asked { // one of the opening, and the letter
			t.Errorf("%d works ask, %d letters, and it was asked %d times", books, told, w.reads()-asked)
		}
	})
}

// What was read beside an erasure does not stay behind it, whichever of both writes
// first. On SQLite one writes at a time.
func TestWhatIsReadBesideAnErasureGoesWithIt(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"erasure", "page"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
				w := newWorldWith(t, e, forgetting)
				ctx := t.Context()
				cus := w.lent(t)
				w.clear(t, cus)
				_, c, _ := w.request(t, "period_end")
				link := w.besideLink(t, cus)
				put, shown, erased := make(chan struct{}), make(chan struct{}), make(chan struct{})
				asked, page := 0, ctx
				if first == "page" { // it has written, and is not committed until the erasure waits or is over
					page = context.WithValue(page, afterBooks{}, sync.OnceFunc(func() {
						close(put)
						untilOneWaits(t, e, erased)
					}))
				}
				show := sync.OnceFunc(func() { // a transaction may be run again
					go func() {
						defer close(shown)
						if _, err := w.OpenHostPage(page, link); err != nil && fault.CodeOf(err) != "link.unknown" {
							t.Errorf("the page: %v", err)
						}
					}()
				})
				holding := sync.OnceFunc(func() {
					if first == "page" && e.Name == "postgres" {
						show()
						select {
						case <-put:
						case <-shown:
						case <-ctx.Done(): // the test is over
						}
					}
				})
				erasing := sync.OnceFunc(func() { // not committed yet
					close(erased)
					if first == "erasure" {
						asked = w.reads()
						show()
						until(ctx, shown, func() bool { return w.reads() > asked })
						untilOneWaits(t, e, shown)
					}
				})
				if first == "page" && e.Name == "sqlite" {
					w.push(t, 1) // what was said when the departure opened is old by then
					show()
					<-shown
				}
				w.between.holding.Store(&holding)
				w.between.erasing.Store(&erasing)
				w.approved(t, c)
				eventually(t, "erased", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
				<-shown
				wrote := false
				select {
				case <-put:
					wrote = true
				default:
				}
				if wrote != (first == "page") || first == "erasure" && w.reads() == asked {
					t.Fatal("the page asked nobody, or wrote at another time")
				}
				must(t, w.store.View(ctx, func(tx app.Tx) error {
					left, err := tx.BooksOf(ctx, cus)
					if len(left) > 0 {
						t.Errorf("%d readings stayed", len(left))
					}
					return err
				}))
			})
		})
	}
}

// until returns when so is true, or done is closed, or the test is over.
func until(ctx context.Context, done <-chan struct{}, so func() bool) {
	for !so() {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// untilOneWaits returns when an erasure, or whoever brings in books, waits in a
// PostgreSQL database for what another transaction holds, or done is closed. On SQLite
// nobody can see that.
func untilOneWaits(t *testing.T, e testkit.Engine, done <-chan struct{}) {
	if e.Name != "postgres" {
		return
	}
	db, err := sql.Open("pgx", e.URL)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = db.Close() }()
	until(t.Context(), done, func() bool {
		var n int
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			 WHERE datname = current_database() AND wait_event_type = 'Lock' AND (query LIKE '%identity_lock%' OR query LIKE '%books%')`).Scan(&n)
		return err != nil || n > 0
	})
}

// besideLink is a signed link to leave with all contracts of a customer, also those
// that have ended, of which the billing system tells.
func (w *world) besideLink(t *testing.T, cus customer.ID) string {
	t.Helper()
	var subs []customer.Subscription
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { subs, err = tx.SubscriptionsOf(t.Context(), cus); return err }))
	_, wall, err := w.Now(t.Context())
	must(t, err)
	claim := app.HostClaim{Customer: cus, Expires: wall.Add(5 * time.Minute), ID: "beside", Language: "es"}
	w.bank.set(func() {
		w.bank.books = map[string]connector.LedgerState{}
		for _, s := range subs {
			w.bank.books[s.Reference] = connector.LedgerState{Customer: "cus_almena"}
			claim.Subscriptions = append(claim.Subscriptions, s.ID)
		}
	})
	link, err := app.SignHostLink(w.keys.HMACKey(app.HostLinkKey), claim)
	must(t, err)
	return link
}
