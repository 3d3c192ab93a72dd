package app

import (
	"context"
	"hash/maphash"
	"io"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/when"
)

// DepartureImport is a file of customers who left before the house was opened.
type DepartureImport struct {
	By     string // who imports; empty: the system
	File   string // its name, for the list of imports
	Source io.Reader
	Map    *ingest.Map // one of departures
	DryRun bool        // decide everything, store nothing
	// Reject is told every row that does not go in, and why. Progress, which may
	// be nil, is told now and then how far the import is.
	Reject   func(ingest.RowError) error
	Progress func(ImportReport)
}

// departureBatch is how many departures of the past are stored at once.
const departureBatch = 32

// ImportDepartures makes closed departures of the past out of the rows, outside
// the queue: nobody is written to, nothing is asked of any system, and the log
// says that they were imported. A customer who is not there is made, with what
// they had, as it ended. The same file twice changes nothing; a row that says
// another reason adds it. Whoever was erased is refused.
func (a *App) ImportDepartures(ctx context.Context, in DepartureImport) (ImportReport, error) {
	if !in.Map.Departures() {
		return ImportReport{}, fault.New(fault.Invalid, "map.not_of_departures")
	}
	im := departureImport{a: a, in: in, seed: maphash.MakeSeed(), said: map[uint64]saidDeparture{}, run: newImport("departures", in.By, in.File)}
	_, im.pause = a.store.Pace()
	_, err := ingest.Read(in.Source, in.Map, func(row ingest.Row) error {
		row.Source = row.Source.Clone()
		if why := im.contradicts(row); why != nil {
			return im.refuse(row.Refuse(why))
		}
		if im.rows = append(im.rows, row); len(im.rows) == departureBatch {
			return im.flush(ctx)
		}
		return ctx.Err()
	}, im.refuse)
	if e := im.flush(ctx); err == nil {
		err = e
	}
	return a.finishImport(ctx, im.run, im.rep, in.DryRun, err)
}

// departureImport is an import under way.
type departureImport struct {
	a     *App
	in    DepartureImport
	run   ImportRun
	rows  []ingest.Row
	seed  maphash.Seed
	said  map[uint64]saidDeparture // what rows said, by the hash of who and when
	rep   ImportReport
	pause time.Duration
}

type saidDeparture struct {
	content uint64
	row     int64
}

// contradicts refuses a row that says of a departure something else than one
// before it.
func (im *departureImport) contradicts(row ingest.Row) *fault.Error {
	d := row.Departure
	name := maphash.Comparable(im.seed, [3]string{row.Customer.Reference, d.On.String(), d.Contract})
	content := maphash.Comparable(im.seed, d)
	first, twice := im.said[name]
	if twice && first.content != content {
		return fault.New(fault.Invalid, "csv.contradiction", "row", first.row).On("departure.on")
	}
	if !twice {
		im.said[name] = saidDeparture{content, row.Number}
	}
	return nil
}

func (im *departureImport) refuse(e ingest.RowError) error {
	im.rep.Rejected++
	return im.in.Reject(e)
}

// flush decides the rows that were read, and stores what became of them.
func (im *departureImport) flush(ctx context.Context) error {
	rows := im.rows
	im.rows = nil
	if len(rows) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	b := &departureDeciding{}
	decide := func(tx Tx) (err error) {
		b, err = im.decide(ctx, tx, rows)
		return err
	}
	if im.in.DryRun {
		if err := im.a.store.View(ctx, decide); err != nil {
			return err
		}
	} else {
		run, whole := im.run, context.WithoutCancel(ctx) // a batch that was begun is finished
		err := im.a.tx(whole, func(tx Tx) error {
			im.run = run
			if err := decide(tx); err != nil || b.changed == 0 {
				return err
			}
			return im.write(whole, tx, b)
		})
		if err != nil {
			return err
		}
	}
	im.rep.Changed += b.changed
	im.rep.Unchanged += len(rows) - b.changed - len(b.refused)
	for _, e := range b.refused {
		if err := im.refuse(e); err != nil {
			return err
		}
	}
	if im.in.Progress != nil {
		im.in.Progress(im.rep)
	}
	return rest(ctx, im.pause)
}

// departureDeciding is what becomes of a batch.
type departureDeciding struct {
	known   *known
	cases   map[customer.ID][]offboarding.Case
	lines   map[customer.ID][]customer.Subscription
	left    []leftThen
	told    []reason.Given // of departures that are there already
	changed int
	refused []ingest.RowError
	today   when.Date
}

// leftThen is one departure of the past that goes in.
type leftThen struct {
	row       ingest.Row
	customer  customer.ID
	reference string // of the contract that is made for it; empty: those of ends
	ends      []customer.Subscription
	why       *reason.Given
}

func (im *departureImport) decide(ctx context.Context, tx Tx, rows []ingest.Row) (*departureDeciding, error) {
	b := &departureDeciding{cases: map[customer.ID][]offboarding.Case{}, lines: map[customer.ID][]customer.Subscription{}, today: im.a.today(tx)}
	currency, err := im.a.usualCurrency(ctx, tx)
	if err != nil {
		return nil, err
	}
	whole := make([]ingest.Row, len(rows))
	for i, r := range rows {
		whole[i] = im.withContract(r, currency)
	}
	if b.known, err = im.a.look(ctx, tx, whole); err != nil {
		return nil, err
	}
	for _, e := range sortedByID(b.known.byID) {
		if b.cases[e.ID], err = tx.CasesOf(ctx, e.ID); err != nil {
			return nil, err
		}
		if b.lines[e.ID], err = tx.SubscriptionsOf(ctx, e.ID); err != nil {
			return nil, err
		}
	}
	for _, r := range whole {
		changed, why, err := b.put(ctx, tx, r)
		switch {
		case err != nil:
			return nil, err
		case why != nil:
			b.refused = append(b.refused, r.Refuse(why))
		case changed:
			b.changed++
		}
	}
	return b, nil
}

// withContract gives the row the contract that ended with the departure, in case
// nobody knows another. Since when is known at least of the month of leaving.
func (im *departureImport) withContract(r ingest.Row, currency string) ingest.Row {
	d := r.Departure
	s := customer.Subscription{
		Reference: d.Contract, Product: d.Product, Amount: d.Amount, Interval: d.Interval, Start: d.Since, Status: customer.Ended,
	}
	if s.Reference == "" {
		s.Reference = madeForDeparture + r.Customer.Reference + ":" + d.On.String()
	}
	if s.Product == "" {
		s.Product = im.a.Company().Name
	}
	if s.Amount.Currency == "" {
		s.Amount.Currency = currency
	}
	if s.Start.IsZero() {
		s.Start = monthOf(d.On)
	}
	if !s.Interval.Recurs() { // of a project or of hours
		s.Engagement.Kind = map[customer.Interval]customer.EngagementKind{customer.Once: customer.Project, customer.Hourly: customer.Hours}[s.Interval]
	}
	r.Subscription = s
	return r
}

// madeForDeparture begins the reference of a contract that was made for a
// departure of the past of which nobody knew the contract.
const madeForDeparture = "LEFT:"

// MadeForDeparture reports whether a reference is one of those: it says nothing to
// anybody.
func MadeForDeparture(reference string) bool { return strings.HasPrefix(reference, madeForDeparture) }

func monthOf(d when.Date) when.Date { return when.Date{Year: d.Year, Month: d.Month, Day: 1} }

// put decides what becomes of one row.
func (b *departureDeciding) put(ctx context.Context, tx Tx, row ingest.Row) (changed bool, refused *fault.Error, err error) {
	d, ref := row.Departure, row.Customer.Reference
	switch {
	case d.On.IsZero():
		return false, fault.New(fault.Invalid, "field.required").On("departure.on"), nil
	case !d.On.Before(b.today):
		return false, fault.New(fault.Invalid, "departures.not_past").On("departure.on"), nil
	}
	why, refused := given(row)
	if refused != nil {
		return false, refused, nil
	}
	left := leftThen{row: row, why: why}
	if e, there := b.known.customers[ref]; there {
		if c, ok := b.onRecord(e.ID, row); ok {
			told, err := b.addWhy(ctx, tx, c, why)
			return told, nil, err
		}
		row.Existing = true
		if left.ends, refused = b.ends(e.ID, row); refused != nil {
			return false, refused, nil
		}
		if len(left.ends) > 0 {
			row.Subscription = customer.Subscription{}
		}
	}
	if s := row.Subscription; s.Reference != "" {
		if l := s.Tidy(); len(l) > 0 {
			field := map[string]string{"product": "departure.product", "start": "departure.since", "reference": "departure.contract"}[l[0].Field]
			if field == "" {
				field = "departure." + l[0].Field
			}
			return false, l[0].On(field), nil
		}
		left.reference = s.Reference
	}
	if _, refused := b.known.put(row); refused != nil {
		if refused.Field == "subscription.reference" {
			refused = refused.On("departure.contract")
		}
		return false, refused, nil
	}
	left.customer = b.known.customers[ref].ID
	c := offboarding.Case{Customer: left.customer, Effective: d.On, State: offboarding.CaseClosed}
	for _, s := range left.ends {
		c.Subscriptions = append(c.Subscriptions, s.ID)
	}
	if left.reference != "" {
		c.Subscriptions = append(c.Subscriptions, b.known.subs[left.reference].now.ID)
	}
	b.cases[left.customer] = append(b.cases[left.customer], c)
	b.left = append(b.left, left)
	return true, nil, nil
}

// onRecord finds the departure that the row tells of, if it is there.
func (b *departureDeciding) onRecord(id customer.ID, row ingest.Row) (offboarding.Case, bool) {
	for _, c := range b.cases[id] {
		if c.Effective != row.Departure.On || c.State != offboarding.CaseClosed && c.State != offboarding.CaseOpen {
			continue
		}
		if s, known := b.known.subs[row.Departure.Contract]; row.Departure.Contract == "" || known && slices.Contains(c.Subscriptions, s.now.ID) {
			return c, true
		}
	}
	return offboarding.Case{}, false
}

// addWhy adds the reason to a departure that is there, if it has none or another.
func (b *departureDeciding) addWhy(ctx context.Context, tx Tx, c offboarding.Case, why *reason.Given) (bool, error) {
	if why == nil || c.ID == "" {
		return false, nil
	}
	list, err := tx.ReasonsOf(ctx, c.ID)
	if err != nil || slices.ContainsFunc(list, func(r SealedReason) bool { return r.Code == why.Code }) {
		return false, err
	}
	again := *why
	again.Case, again.Customer = c.ID, c.Customer
	b.told = append(b.told, again)
	return true, nil
}

// ends are the contracts that the departure ended: the one that it names, else
// all that had ended and of which nobody knew when. What still runs did not end.
func (b *departureDeciding) ends(id customer.ID, row ingest.Row) (list []customer.Subscription, refused *fault.Error) {
	told := map[customer.SubscriptionID]bool{}
	for _, c := range b.cases[id] {
		for _, s := range c.Subscriptions {
			told[s] = true
		}
	}
	for _, s := range b.lines[id] {
		named := row.Departure.Contract == s.Reference
		switch {
		case named && s.Status != customer.Ended:
			return nil, fault.New(fault.Invalid, "departures.runs", "value", s.Reference).On("departure.contract")
		case named || row.Departure.Contract == "" && s.Status == customer.Ended && !told[s.ID] && !row.Departure.On.Before(s.Start):
			list = append(list, s)
		}
	}
	return list, nil
}

// given is the reason that the row tells; nil: none.
func given(row ingest.Row) (*reason.Given, *fault.Error) {
	d := row.Departure
	g := reason.Given{Kind: reason.Stated, Code: d.Reason, Text: d.Words}
	if d.Competitor != "" {
		if g.Code == "" {
			g.Code = "competitor"
		}
		g.Text = strings.TrimPrefix(strings.Join([]string{d.Words, d.Competitor}, " · "), " · ")
	}
	if g.Code == reason.Other && !slices.Contains(namesOf(reason.Other), strings.ToLower(d.Said)) {
		g.Text = strings.TrimSuffix(d.Said+" · "+g.Text, " · ") // nothing else says what it was
	}
	if g.Code == "" && g.Text == "" {
		return nil, nil
	}
	if g.Code == "" {
		g.Code = "other"
	}
	if _, ok := reason.Builtin().Find(g.Code); !ok {
		return nil, fault.New(fault.Invalid, "departures.reason", "value", d.Reason, "known", knownReasons()).On("departure.reason")
	}
	if l := g.Make(reason.Builtin()); len(l) > 0 {
		return nil, l[0].On("departure.reason")
	}
	return &g, nil
}

// namesOf are what a file may call a reason without a map: its code and its names.
func namesOf(code string) []string {
	r, _ := reason.Builtin().Find(code)
	list := []string{code}
	for _, label := range r.Label {
		list = append(list, strings.ToLower(label))
	}
	return list
}

// knownReasons are the codes of all reasons, as an error names them.
func knownReasons() string {
	var codes []string
	for _, r := range reason.Builtin().Reasons {
		codes = append(codes, r.Code)
	}
	return strings.Join(codes, ", ")
}

// write stores a batch.
func (im *departureImport) write(ctx context.Context, tx Tx, b *departureDeciding) error {
	if err := b.known.write(ctx, tx); err != nil {
		return err
	}
	if err := im.run.keep(ctx, tx, im.rep); err != nil {
		return err
	}
	if err := b.known.made(ctx, tx, im.run.ID); err != nil {
		return err
	}
	var made []Made
	for _, l := range b.left {
		c, err := im.close(ctx, tx, b, l)
		if err != nil {
			return err
		}
		made = append(made, Made{"case", string(c.ID), 0})
	}
	for _, g := range b.told {
		if err := im.giveReason(ctx, tx, g); err != nil {
			return err
		}
	}
	return tx.PutMade(ctx, im.run.ID, made...)
}

// close stores one departure as it was over.
func (im *departureImport) close(ctx context.Context, tx Tx, b *departureDeciding, l leftThen) (c offboarding.Case, err error) {
	a, e, on := im.a, b.known.byID[l.customer], l.row.Departure.On
	subs, zone := l.ends, a.Company().Zone
	if l.reference != "" {
		subs = []customer.Subscription{b.known.subs[l.reference].now}
	}
	over := on.AddDays(1).Start(zone)
	for _, s := range subs {
		if err := tx.PutPast(ctx, PastPrice{Subscription: s.ID, Until: over, Amount: s.Amount, Interval: s.Interval, Status: customer.Active}); err != nil {
			return c, err
		}
	}
	if l.reference != "" {
		since := monthOf(on) // nobody said what they paid before
		if l.row.Departure.Amount.Currency != "" {
			since = subs[0].Start
		}
		if err := tx.Backdate(ctx, subs[0].ID, since.Start(zone)); err != nil {
			return c, err
		}
	}
	lang := company.Spoken(e.Language, a.Company().Language)
	by := actorOr(im.in.By)
	r := offboarding.Request{
		ID: offboarding.RequestID(id.New("req")), Code: id.NewCode(), State: offboarding.RequestVerified, Channel: offboarding.Past, Name: e.Name,
		Reference: e.Reference, Language: lang, ReceivedAt: on.Start(zone), EnteredAt: tx.Now(), Customer: e.ID,
		Case: offboarding.CaseID(id.New("case")), Subscriptions: idsOf(subs), MatchedAt: tx.Now(), VerifiedAt: on.Start(zone), VerifiedBy: by, EndsOn: on,
	}
	r.Nonce = string(r.ID)
	if r, _, err = tx.InsertRequest(ctx, r); err != nil {
		return c, err
	}
	c = offboarding.Case{
		ID: r.Case, Code: r.Code, Request: r.ID, Customer: e.ID, Subscriptions: r.Subscriptions, State: offboarding.CaseClosed, Language: lang,
		Zone: zone.String(), Effective: on, RequestedAt: r.ReceivedAt, OpenedAt: r.ReceivedAt, EffectiveAt: over, ClosedAt: over, Test: e.Test(),
	}
	if err := tx.InsertCase(ctx, c, nil); err != nil {
		return c, err
	}
	why := ""
	if l.why != nil {
		g := *l.why
		g.Case, g.Customer, why = c.ID, e.ID, g.Code
		if err := im.giveReason(ctx, tx, g); err != nil {
			return c, err
		}
	}
	return c, a.record(ctx, tx, fact{"case.imported", by, string(c.ID), string(e.ID), map[string]any{
		"effective": on.String(), "reason": why, "import": string(im.run.ID),
	}})
}

// giveReason stores a reason of the past; the log says it with the departure.
func (im *departureImport) giveReason(ctx context.Context, tx Tx, g reason.Given) error {
	g.ID, g.At, g.By = reason.GivenID(id.New("rsn")), tx.Now(), actorOr(im.in.By)
	return im.a.insertReason(ctx, tx, g)
}
