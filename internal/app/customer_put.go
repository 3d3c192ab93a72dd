package app

import (
	"context"
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/offboarding"
)

// known is what the database holds of what some rows are about, and what
// becomes of it: rows are decided one after the other, each on what those
// before it left.
type known struct {
	customers map[string]*entry // by reference
	byID      map[customer.ID]*entry
	external  map[[2]string]customer.ID // by system and value
	subs      map[string]*kept[customer.Subscription]
	grants    map[string]*kept[customer.Grant]
	balances  map[string]*kept[customer.Balance]
	changed   int
	mark      func(what ...string) string // keyed hash of a name
	watch     func(ctx context.Context, tx Tx, subs ...customer.Subscription) error
	settled   func(ctx context.Context, tx Tx, c customer.ID, paid bool) error
	owes      func(ctx context.Context, tx Tx, c customer.ID, by string) error
	renews    func(ctx context.Context, tx Tx, c customer.ID) error
	joins     func(ctx context.Context, tx Tx, by string, x customer.Asset) error
	erased    map[string]offboarding.CaseID // hashes of names in the rows by which somebody erased went
	erasures  int64                         // how many there had been then
}

// entry is a customer with what is kept beneath its version.
type entry struct {
	FoundCustomer
	was      customer.Customer // plain
	state    state
	contacts []*kept[customer.Contact]
	external []customer.ExternalID
	fresh    int // of external, how many are new; they are the last ones
	assets   []*kept[customer.Asset]
	promised []*kept[customer.Deliverable]
}

// kept is a record as it was and as it will be.
type kept[T any] struct {
	was, now T
	state    state
}

type state int

const (
	same state = iota
	fresh
	different
)

func (k *kept[T]) put(now T) {
	if k.now = now; k.state == same {
		k.state = different
	}
}

func stored[T any](r T) *kept[T] { return &kept[T]{was: r, now: r} }

// look reads what the rows are about.
func (a *App) look(ctx context.Context, tx Tx, rows []ingest.Row) (*known, error) {
	k := &known{
		mark:      a.mark,
		watch:     a.watchTerms,
		settled:   a.balancesSettled,
		owes:      a.owesLater,
		renews:    a.watchRenewalsOf,
		joins:     a.joinHandover,
		customers: map[string]*entry{}, byID: map[customer.ID]*entry{}, external: map[[2]string]customer.ID{},
		subs: map[string]*kept[customer.Subscription]{}, grants: map[string]*kept[customer.Grant]{}, balances: map[string]*kept[customer.Balance]{},
	}
	var refs, subs, balances []string
	var external []customer.ExternalID
	var grants []customer.Grant
	withAssets, withPromised := false, false
	for _, r := range rows {
		refs = append(refs, r.Customer.Reference)
		external = append(external, r.External...)
		if r.Subscription.Reference != "" {
			subs = append(subs, r.Subscription.Reference)
		}
		if r.Grant.Account != "" {
			grants = append(grants, r.Grant)
		}
		if r.Balance.Reference != "" {
			balances = append(balances, r.Balance.Reference)
		}
		for _, s := range r.Balance.Billed.Contracts.List() {
			subs = append(subs, s.Contract)
		}
		withAssets = withAssets || r.Asset.Reference != ""
		withPromised = withPromised || r.Deliverable.Title != ""
	}
	if err := k.unearth(ctx, tx, rows); err != nil {
		return nil, err
	}
	list, err := tx.CustomersByReference(ctx, refs...)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		k.enter(&entry{FoundCustomer: FoundCustomer{Customer: c}, was: plain(c)})
	}
	if err := k.beneath(ctx, tx, withAssets, withPromised); err != nil {
		return nil, err
	}
	owned, err := tx.ExternalIDsByName(ctx, external...)
	if err != nil {
		return nil, err
	}
	for _, x := range owned {
		k.external[[2]string{x.System, x.Value}] = x.Customer
	}
	lines, err := tx.SubscriptionsByReference(ctx, subs...)
	if err != nil {
		return nil, err
	}
	for _, s := range lines {
		k.subs[s.Reference] = stored(s)
	}
	accesses, err := tx.GrantsByName(ctx, grants...)
	if err != nil {
		return nil, err
	}
	for _, g := range accesses {
		k.grants[g.Name()] = stored(g)
	}
	sums, err := tx.BalancesByReference(ctx, balances...)
	for _, b := range sums {
		k.balances[b.Reference] = stored(b)
	}
	return k, err
}

func (k *known) enter(e *entry) {
	k.customers[e.Reference], k.byID[e.ID] = e, e
}

// beneath reads contacts, numbers, assets and what was promised of the customers
// that are there.
func (k *known) beneath(ctx context.Context, tx Tx, withAssets, withPromised bool) error {
	ids := slices.Sorted(maps.Keys(k.byID))
	contacts, err := tx.ContactsOf(ctx, ids...)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		e := k.byID[c.Customer]
		e.contacts = append(e.contacts, stored(c))
	}
	external, err := tx.ExternalIDsOf(ctx, ids...)
	if err != nil {
		return err
	}
	for _, x := range external {
		e := k.byID[x.Customer]
		e.external = append(e.external, x)
	}
	if withPromised {
		promised, err := tx.DeliverablesOf(ctx, ids...)
		if err != nil {
			return err
		}
		for _, d := range promised {
			e := k.byID[d.Customer]
			e.promised = append(e.promised, stored(d))
		}
	}
	if !withAssets {
		return nil
	}
	assets, err := tx.AssetsOf(ctx, ids...)
	for _, a := range assets {
		e := k.byID[a.Customer]
		e.assets = append(e.assets, stored(a))
	}
	return err
}

// put decides what becomes of one row. Nothing of a row that is refused is
// kept.
func (k *known) put(row ingest.Row) (changed bool, refused *fault.Error) {
	e, there := k.customers[row.Customer.Reference]
	if !there && row.Existing {
		return false, fault.New(fault.Invalid, "csv.unknown_customer", "value", row.Customer.Reference).On("customer.reference")
	}
	if refused := k.belongs(e, row); refused != nil {
		return false, refused
	}
	if refused := k.buried(e, row); refused != nil {
		return false, refused
	}
	before := k.changed
	if !there {
		e = &entry{FoundCustomer: FoundCustomer{Customer: row.Customer}, state: fresh}
		e.ID, e.Version = customer.ID(id.New("cus")), 1
		k.enter(e)
		k.changed++
	} else if !row.Existing {
		k.putCustomer(e, row)
	}
	for _, x := range row.External {
		if _, there := k.external[[2]string{x.System, x.Value}]; !there {
			x.Customer = e.ID
			k.external[[2]string{x.System, x.Value}] = e.ID
			e.external = append(e.external, x)
			e.fresh++
			k.touch(e)
		}
	}
	if row.Contact.Email != "" {
		k.putContact(e, row)
	}
	if row.Subscription.Reference != "" {
		k.putSubscription(e, row)
	}
	if row.Deliverable.Title != "" {
		k.putDeliverable(e, row)
	}
	if row.Grant.Account != "" {
		k.putGrant(e, row)
	}
	if row.Asset.Reference != "" {
		k.putAsset(e, row)
	}
	if row.Balance.Reference != "" {
		k.putBalance(e, row)
	}
	return k.changed != before, nil
}

// belongs refuses what is somebody else's: nothing goes from one customer to
// another by a file.
func (k *known) belongs(e *entry, row ingest.Row) *fault.Error {
	if e != nil && e.Test() { // whoever is real would never be counted
		return fault.New(fault.Invalid, "csv.test_customer", "value", row.Customer.Reference).On("customer.reference")
	}
	theirs := func(owner customer.ID, there bool) bool { return there && (e == nil || owner != e.ID) }
	taken := func(field, name string) *fault.Error {
		return fault.New(fault.Invalid, "csv.somebody_else", "value", name).On(field)
	}
	for _, x := range row.External {
		if owner, there := k.external[[2]string{x.System, x.Value}]; theirs(owner, there) {
			return taken("external."+x.System, x.Value)
		}
	}
	if s, there := k.subs[row.Subscription.Reference]; there {
		field := "subscription.reference"
		if row.Subscription.Engaged() {
			field = "engagement.reference"
		}
		switch {
		case theirs(s.now.Customer, true):
			return taken(field, row.Subscription.Reference)
		case s.now.Engagement.Kind != row.Subscription.Engagement.Kind:
			return fault.New(fault.Invalid, "csv.other_contract", "value", row.Subscription.Reference).On(field)
		}
	}
	if g, there := k.grants[row.Grant.Name()]; there && theirs(g.now.Customer, true) {
		return taken("grant.account", row.Grant.Name())
	}
	if b, there := k.balances[row.Balance.Reference]; there && theirs(b.now.Customer, true) {
		return taken("balance.reference", row.Balance.Reference)
	}
	for _, s := range row.Balance.Billed.Contracts.List() {
		if x, there := k.subs[s.Contract]; s.Contract != row.Subscription.Reference && (!there || theirs(x.now.Customer, true)) {
			return fault.New(fault.Invalid, "balance.contract", "contract", s.Contract).On("balance.contracts")
		}
	}
	return nil
}

// touch says that something of a customer changed which its version covers.
func (k *known) touch(e *entry) {
	if e.state == same {
		e.state = different
	}
	k.changed++
}

func (k *known) putCustomer(e *entry, row ingest.Row) {
	now := e.Customer
	for field, set := range map[string]func(){
		"customer.name":     func() { now.Name = row.Customer.Name },
		"customer.kind":     func() { now.Kind = row.Customer.Kind },
		"customer.consumer": func() { now.Consumer = row.Customer.Consumer },
		"customer.country":  func() { now.Country = row.Customer.Country },
		"customer.region":   func() { now.Region = row.Customer.Region },
		"customer.language": func() { now.Language = row.Customer.Language },
		"customer.segment":  func() { now.Segment = row.Customer.Segment },
	} {
		if row.Tells(field) {
			set()
		}
	}
	if now != e.Customer {
		e.Customer = now
		k.touch(e)
	}
}

func (k *known) putContact(e *entry, row ingest.Row) {
	folded := customer.FoldEmail(row.Contact.Email)
	i := slices.IndexFunc(e.contacts, func(c *kept[customer.Contact]) bool { return customer.FoldEmail(c.now.Email) == folded })
	if i < 0 {
		c := row.Contact
		c.ID, c.Customer = customer.ContactID(id.New("con")), e.ID
		e.contacts = append(e.contacts, &kept[customer.Contact]{now: c, state: fresh})
		k.touch(e)
		return
	}
	now := e.contacts[i].now
	now.Email = row.Contact.Email
	if row.Tells("contact.name") {
		now.Name = row.Contact.Name
	}
	if row.Tells("contact.role") {
		now.Role = row.Contact.Role
	}
	if row.Tells("contact.language") {
		now.Language = row.Contact.Language
	}
	if now != e.contacts[i].now {
		e.contacts[i].put(now)
		k.touch(e)
	}
}

// putSubscription never turns back what is ending or ended.
func (k *known) putSubscription(e *entry, row ingest.Row) {
	told := row.Subscription
	s, there := k.subs[told.Reference]
	if !there {
		told.ID, told.Customer = customer.SubscriptionID(id.New("sub")), e.ID
		k.subs[told.Reference] = &kept[customer.Subscription]{now: told, state: fresh}
		k.changed++
		return
	}
	now := s.now
	now.Product, now.Amount, now.Start = told.Product, told.Amount, told.Start
	for field, set := range map[string]func(){
		"subscription.plan":             func() { now.Plan = told.Plan },
		"subscription.interval":         func() { now.Interval = told.Interval },
		"subscription.paid_until":       func() { now.PaidUntil = told.PaidUntil },
		"subscription.term_end":         func() { now.TermEnd = told.TermEnd },
		"subscription.renews_on":        func() { now.RenewsOn = told.RenewsOn },
		"subscription.notice_days":      func() { now.Notice = told.Notice },
		"subscription.lock_in_until":    func() { now.LockIn = told.LockIn },
		"subscription.not_renewed":      func() { now.NotRenewed = told.NotRenewed },
		"subscription.status":           func() { now.Status = told.Status },
		"subscription.tax_percent":      func() { now.Terms.Tax.Rate = told.Terms.Tax.Rate },
		"subscription.tax_on_top":       func() { now.Terms.Tax.OnTop = told.Terms.Tax.OnTop },
		"subscription.trial_until":      func() { now.Terms.Trial = told.Terms.Trial },
		"subscription.minimum_until":    func() { now.Terms.Minimum = told.Terms.Minimum },
		"subscription.later_prices":     func() { now.Terms.Prices = told.Terms.Prices },
		"subscription.exit_fee":         func() { now.Terms.ExitFee.Kind = told.Terms.ExitFee.Kind },
		"subscription.exit_fee_for":     func() { now.Terms.ExitFee.For = told.Terms.ExitFee.For },
		"subscription.exit_fee_from":    func() { now.Terms.ExitFee.From = told.Terms.ExitFee.From },
		"subscription.exit_fee_amount":  func() { now.Terms.ExitFee.Sum = told.Terms.ExitFee.Sum },
		"subscription.exit_fee_percent": func() { now.Terms.ExitFee.Percent = told.Terms.ExitFee.Percent },
		"subscription.benefit_amount":   func() { now.Terms.ExitFee.Given = told.Terms.ExitFee.Given },
		"subscription.tells_users":      func() { now.Terms.TellsUsers = told.Terms.TellsUsers },
		"engagement.interval":           func() { now.Interval = told.Interval },
		"engagement.paid_until":         func() { now.PaidUntil = told.PaidUntil },
		"engagement.end":                func() { now.TermEnd = told.TermEnd },
		"engagement.notice_days":        func() { now.Notice = told.Notice },
		"engagement.billed":             func() { now.Engagement.Billed = told.Engagement.Billed },
		"engagement.status":             func() { now.Status = told.Status },
	} {
		if told.Engaged() == strings.HasPrefix(field, "engagement.") && row.Tells(field) {
			set()
		}
	}
	if s.now.Status == customer.Active && now != s.now {
		s.put(now)
		k.changed++
	}
}

// putDeliverable never takes back that something was delivered.
func (k *known) putDeliverable(e *entry, row ingest.Row) {
	told := row.Deliverable
	of := k.subs[row.Subscription.Reference].now.ID
	i := slices.IndexFunc(e.promised, func(d *kept[customer.Deliverable]) bool { return d.now.Subscription == of && d.now.Title == told.Title })
	if i < 0 {
		told.ID, told.Customer, told.Subscription = customer.DeliverableID(id.New("del")), e.ID, of
		e.promised = append(e.promised, &kept[customer.Deliverable]{now: told, state: fresh})
		k.changed++
		return
	}
	now := e.promised[i].now
	if row.Tells("deliverable.due") {
		now.Due = told.Due
	}
	if !told.Delivered.IsZero() {
		now.Delivered = told.Delivered
	}
	for field, set := range map[string]func(){
		"deliverable.version": func() { now.Piece.Version = told.Piece.Version },
		"deliverable.format":  func() { now.Piece.Format = told.Piece.Format },
		"deliverable.sha256":  func() { now.Piece.SHA256 = told.Piece.SHA256 },
	} {
		if row.Tells(field) {
			set()
		}
	}
	if now != e.promised[i].now {
		e.promised[i].put(now)
		k.changed++
	}
}

// putGrant never opens again what was closed.
func (k *known) putGrant(e *entry, row ingest.Row) {
	told := row.Grant
	g, there := k.grants[told.Name()]
	if !there {
		told.ID, told.Customer = customer.GrantID(id.New("gra")), e.ID
		k.grants[told.Name()] = &kept[customer.Grant]{now: told, state: fresh}
		k.changed++
		return
	}
	now := g.now
	if row.Tells("grant.kind") {
		now.Kind = told.Kind
	}
	if row.Tells("grant.depends_on") {
		now.DependsOn = told.DependsOn
	}
	if told.Status == customer.Revoked {
		now.Status = customer.Revoked
	}
	if now.Kind != g.now.Kind || now.Status != g.now.Status || !slices.Equal(now.DependsOn, g.now.DependsOn) {
		g.put(now)
		k.changed++
	}
}

func (k *known) putAsset(e *entry, row ingest.Row) {
	told := row.Asset
	i := slices.IndexFunc(e.assets, func(a *kept[customer.Asset]) bool { return a.now.Reference == told.Reference })
	if i < 0 {
		told.ID, told.Customer = customer.AssetID(id.New("ast")), e.ID
		e.assets = append(e.assets, &kept[customer.Asset]{now: told, state: fresh})
		k.changed++
		return
	}
	now := e.assets[i].now
	now.Name = told.Name
	for field, set := range map[string]func(){
		"asset.kind":             func() { now.Kind = told.Kind },
		"asset.location":         func() { now.Location = told.Location },
		"asset.owner":            func() { now.Owner = told.Owner },
		"asset.renews_on":        func() { now.RenewsOn = told.RenewsOn },
		"asset.renewal_amount":   func() { now.Renewal.Minor = told.Renewal.Minor },
		"asset.renewal_currency": func() { now.Renewal.Currency = told.Renewal.Currency },
		"asset.payer":            func() { now.Payer = told.Payer },
	} {
		if row.Tells(field) {
			set()
		}
	}
	if now != e.assets[i].now {
		e.assets[i].put(now)
		k.changed++
	}
}

// putBalance leaves alone what was paid or is void.
func (k *known) putBalance(e *entry, row ingest.Row) {
	told := row.Balance
	b, there := k.balances[told.Reference]
	if !there {
		told.ID, told.Customer = customer.BalanceID(id.New("bal")), e.ID
		k.balances[told.Reference] = &kept[customer.Balance]{now: told, state: fresh}
		k.changed++
		return
	}
	now := b.now
	now.Amount, now.Tax, now.Used = told.Amount, told.Tax, told.Used
	for field, set := range map[string]func(){
		"balance.kind":   func() { now.Kind = told.Kind },
		"balance.about":  func() { now.About = told.About },
		"balance.due_on": func() { now.DueOn = told.DueOn },
		"balance.status": func() {
			// A billing system does not know that two people let a sum go.
			if now.Status != customer.WrittenOff || told.Status != customer.Due {
				now.Status = told.Status
			}
		},
		"balance.pay_url":   func() { now.PayURL = told.PayURL },
		"balance.contracts": func() { now.Billed.Contracts = told.Billed.Contracts },
		"balance.from":      func() { now.Billed.From = told.Billed.From },
		"balance.until":     func() { now.Billed.Until = told.Billed.Until },
	} {
		if row.Tells(field) {
			set()
		}
	}
	if b.now.Status == customer.Due && now != b.now {
		b.put(now)
		k.changed++
	}
}
