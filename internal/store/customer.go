package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

const (
	customerColumns     = `id, kind, consumer, name, reference, country, region, language, segment, created_at, test_by, version`
	contactColumns      = `id, customer_id, name, email, role, language`
	subscriptionColumns = `id, customer_id, reference, product, plan, amount_minor, currency, interval_, start_on, paid_until, status, term_end, renews_on,
	notice_days, lock_in_until, not_renewed, engagement, billed, terms`
)

var (
	insertCustomers = many(`INSERT INTO customer (`+customerColumns+`, name_key, search) VALUES `, 14, ` ON CONFLICT (reference) DO NOTHING RETURNING id`)
	insertWords     = many(`INSERT INTO customer_word (word, customer_id) VALUES `, 2, ` ON CONFLICT DO NOTHING`)
	deleteWord      = query(`DELETE FROM customer_word WHERE word = $1 AND customer_id = $2`)
	wordsOf         = query(`SELECT search FROM customer WHERE id = $1 AND version = $2`)
	saveCustomer    = query(`
		UPDATE customer
		   SET kind = $1, consumer = $2, name = $3, reference = $4, country = $5, region = $6, language = $7, segment = $8,
		       name_key = $9, search = $10, version = version + 1
		 WHERE id = $11 AND version = $12`)
	findCasesAgain = query(`UPDATE case_ SET search = CAST($1 AS TEXT) || ' ' || LOWER(code) WHERE customer_id = $2`)
	customerByID   = query(`SELECT ` + customerColumns + ` FROM customer WHERE id = $1`)
	customersByRef = many(`SELECT `+customerColumns+` FROM customer WHERE reference IN (`, 1, `)`)

	insertContacts = many(`INSERT INTO contact (`+contactColumns+`, email_folded) VALUES `, 7, ` ON CONFLICT (customer_id, email_folded) DO NOTHING`)
	saveContact    = query(`UPDATE contact SET name = $1, email = $2, email_folded = $3, role = $4, language = $5 WHERE id = $6`)
	deleteContact  = query(`DELETE FROM contact WHERE id = $1`)
	contactsOf     = many(`SELECT `+contactColumns+` FROM contact WHERE customer_id IN (`, 1, `) ORDER BY id`)

	insertExternalIDs = many(`INSERT INTO external_id (system, value, customer_id) VALUES `, 3, ` ON CONFLICT (system, value) DO NOTHING`)
	deleteExternalID  = query(`DELETE FROM external_id WHERE system = $1 AND value = $2 AND customer_id = $3`)
	externalIDsOf     = many(`SELECT system, value, customer_id FROM external_id WHERE customer_id IN (`, 1, `) ORDER BY system, value`)
	externalIDsByName = many(`
		WITH k (system, value) AS (VALUES `, 2, `)
		SELECT x.system, x.value, x.customer_id FROM k JOIN external_id x ON x.system = k.system AND x.value = k.value`)

	insertSubscriptions = many(`INSERT INTO subscription (`+subscriptionColumns+`, recorded_at) VALUES `, 20, ` ON CONFLICT (reference) DO NOTHING`)
	saveSubscription    = query(`
		UPDATE subscription
		   SET reference = $1, product = $2, plan = $3, amount_minor = $4, currency = $5, interval_ = $6, start_on = $7, paid_until = $8, status = $9,
		       term_end = $10, renews_on = $11, notice_days = $12, lock_in_until = $13, not_renewed = $14, engagement = $15, billed = $16, terms = $17
		 WHERE id = $18 AND status = $19 RETURNING customer_id`)
	setSubscriptionStatus = query(`UPDATE subscription SET status = $1 WHERE id = $2 RETURNING customer_id`)
	anyCharged            = query(`SELECT COUNT(*) FROM (SELECT 1 FROM subscription s JOIN customer c ON c.id = s.customer_id WHERE s.engagement = '' AND s.status <> 'ended' AND c.test_by = '' LIMIT 1) x`)
	usualCurrency         = query(`
		SELECT COALESCE(MAX(currency), '') FROM (
			SELECT currency FROM (SELECT currency FROM subscription WHERE ` + realCustomer("customer_id") + ` ORDER BY id DESC LIMIT 1000) AS newest
			 GROUP BY currency ORDER BY COUNT(*) DESC, currency LIMIT 1) AS most`)
	subscriptionsOf    = many(`SELECT `+subscriptionColumns+` FROM subscription WHERE customer_id IN (`, 1, `) ORDER BY id`)
	subscriptionsByRef = many(`SELECT `+subscriptionColumns+` FROM subscription WHERE reference IN (`, 1, `)`)
)

// searchText is what a case is found by beside its code.
func searchText(c customer.Customer) string { return customer.Fold(c.Name + " " + c.Reference) }

// nameKey is what a customer is sorted by; it is never empty.
func nameKey(c customer.Customer) string {
	return cmp.Or(customer.Fold(c.Name), customer.Fold(c.Reference), string(c.ID))
}

// wordText holds the words of a customer, each between spaces.
func wordText(words []string) string { return " " + strings.Join(words, " ") + " " }

func (t *tx) InsertCustomers(ctx context.Context, list ...app.FoundCustomer) (int, error) {
	stored := map[customer.ID]bool{}
	err := t.pick(ctx, "store.InsertCustomers", insertCustomers, len(list), func(args []any, i int) []any {
		c := list[i]
		return append(args, c.ID, c.Kind, bit(c.Consumer), c.Name, c.Reference, c.Country, c.Region, c.Language, c.Segment,
			micros(c.CreatedAt), c.TestBy, 1, nameKey(c.Customer), wordText(c.Words))
	}, func(row scanner) error {
		var id customer.ID
		err := row.Scan(&id)
		stored[id] = true
		return err
	})
	if err != nil {
		return 0, err
	}
	var words []foundBy
	for _, c := range list {
		for _, w := range c.Words {
			if stored[c.ID] {
				words = append(words, foundBy{w, c.ID})
			}
		}
	}
	return len(stored), t.insertWords(ctx, words)
}

// foundBy is a word that a customer is found by.
type foundBy struct {
	word     string
	customer customer.ID
}

func (t *tx) insertWords(ctx context.Context, words []foundBy) error {
	_, err := t.insert(ctx, "store.insertWords", insertWords, len(words), func(args []any, i int) []any {
		return append(args, words[i].word, words[i].customer)
	})
	return err
}

func (t *tx) SaveCustomer(ctx context.Context, c *app.FoundCustomer) error {
	const op = "store.SaveCustomer"
	var had string
	err := t.one(ctx, op, wordsOf, []any{c.ID, c.Version}, &had)
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Conflict, "case.changed_meanwhile").At(op, nil)
	}
	if err != nil {
		return err
	}
	if err := t.must(ctx, op, saveCustomer, c.Kind, bit(c.Consumer), c.Name, c.Reference, c.Country, c.Region, c.Language, c.Segment,
		nameKey(c.Customer), wordText(c.Words), c.ID, c.Version); err != nil {
		return err
	}
	c.Version++
	old := strings.Fields(had)
	for _, w := range old {
		if !slices.Contains(c.Words, w) {
			if _, err := t.exec(ctx, op, deleteWord, w, c.ID); err != nil {
				return err
			}
		}
	}
	var words []foundBy
	for _, w := range c.Words {
		if !slices.Contains(old, w) {
			words = append(words, foundBy{w, c.ID})
		}
	}
	if err := t.insertWords(ctx, words); err != nil {
		return err
	}
	_, err = t.exec(ctx, op, findCasesAgain, searchText(c.Customer), c.ID)
	return err
}

func scanCustomer(row scanner, more ...any) (c customer.Customer, err error) {
	err = row.Scan(append([]any{
		&c.ID, &c.Kind,
		flag{&c.Consumer},
		&c.Name, &c.Reference, &c.Country, &c.Region, &c.Language, &c.Segment,
		instant{&c.CreatedAt},
		&c.TestBy, &c.Version,
	}, more...)...)
	return c, err
}

func (t *tx) FindCustomer(ctx context.Context, id customer.ID) (customer.Customer, error) {
	return recall(t, "customer", id, func() (customer.Customer, error) {
		c, err := scanCustomer(t.row(ctx, customerByID, id))
		return c, t.s.translate("store.FindCustomer", err)
	})
}

func (t *tx) FindCustomerByReference(ctx context.Context, reference string) (customer.Customer, error) {
	list, err := t.CustomersByReference(ctx, reference)
	if err == nil && len(list) == 0 {
		return customer.Customer{}, fault.New(fault.NotFound, "not_found").At("store.FindCustomerByReference", nil)
	}
	if err != nil {
		return customer.Customer{}, err
	}
	return list[0], nil
}

func (t *tx) CustomersByReference(ctx context.Context, references ...string) (list []customer.Customer, err error) {
	err = t.pick(ctx, "store.CustomersByReference", customersByRef, len(references), keys(references), func(row scanner) error {
		c, err := scanCustomer(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) InsertContacts(ctx context.Context, list ...customer.Contact) (int, error) {
	return t.insert(ctx, "store.InsertContacts", insertContacts, len(list), func(args []any, i int) []any {
		c := list[i]
		return append(args, c.ID, c.Customer, c.Name, c.Email, c.Role, c.Language, customer.FoldEmail(c.Email))
	})
}

func (t *tx) SaveContact(ctx context.Context, c customer.Contact) error {
	return t.must(ctx, "store.SaveContact", saveContact, c.Name, c.Email, customer.FoldEmail(c.Email), c.Role, c.Language, c.ID)
}

func (t *tx) DeleteContact(ctx context.Context, id customer.ContactID) error {
	return t.must(ctx, "store.DeleteContact", deleteContact, id)
}

func (t *tx) ContactsOf(ctx context.Context, ids ...customer.ID) (list []customer.Contact, err error) {
	err = t.pick(ctx, "store.ContactsOf", contactsOf, len(ids), keys(ids), func(row scanner) error {
		var c customer.Contact
		err := row.Scan(&c.ID, &c.Customer, &c.Name, &c.Email, &c.Role, &c.Language)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) InsertExternalIDs(ctx context.Context, list ...customer.ExternalID) (int, error) {
	return t.insert(ctx, "store.InsertExternalIDs", insertExternalIDs, len(list), func(args []any, i int) []any {
		return append(args, list[i].System, list[i].Value, list[i].Customer)
	})
}

func (t *tx) DeleteExternalID(ctx context.Context, x customer.ExternalID) error {
	return t.must(ctx, "store.DeleteExternalID", deleteExternalID, x.System, x.Value, x.Customer)
}

func (t *tx) externalIDs(ctx context.Context, m manyTexts, n int, add func([]any, int) []any) (list []customer.ExternalID, err error) {
	err = t.pick(ctx, "store.externalIDs", m, n, add, func(row scanner) error {
		var x customer.ExternalID
		err := row.Scan(&x.System, &x.Value, &x.Customer)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) ExternalIDsOf(ctx context.Context, ids ...customer.ID) ([]customer.ExternalID, error) {
	return t.externalIDs(ctx, externalIDsOf, len(ids), keys(ids))
}

func (t *tx) ExternalIDsByName(ctx context.Context, names ...customer.ExternalID) ([]customer.ExternalID, error) {
	return t.externalIDs(ctx, externalIDsByName, len(names), func(args []any, i int) []any {
		return append(args, names[i].System, names[i].Value)
	})
}

func (t *tx) InsertSubscriptions(ctx context.Context, list ...customer.Subscription) (int, error) {
	return t.insert(ctx, "store.InsertSubscriptions", insertSubscriptions, len(list), func(args []any, i int) []any {
		s := list[i]
		t.touch(s.Customer)
		return append(args, s.ID, s.Customer, s.Reference, s.Product, s.Plan, s.Amount.Minor, s.Amount.Currency, s.Interval,
			s.Start.String(), s.PaidUntil.String(), s.Status, s.TermEnd.String(), s.RenewsOn.String(), s.Notice, s.LockIn.String(), bit(s.NotRenewed),
			s.Engagement.Kind, s.Engagement.Billed, pack(s.Terms), micros(t.now))
	})
}

func (t *tx) SaveSubscription(ctx context.Context, s customer.Subscription, was customer.Status) error {
	if _, err := t.exec(ctx, "store.SaveSubscription", keepPast, micros(t.now), s.ID, s.Amount.Minor, s.Amount.Currency, s.Interval, s.Status); err != nil {
		return err
	}
	return t.touching(ctx, "store.SaveSubscription", saveSubscription, s.Reference, s.Product, s.Plan, s.Amount.Minor, s.Amount.Currency,
		s.Interval, s.Start.String(), s.PaidUntil.String(), s.Status, s.TermEnd.String(), s.RenewsOn.String(), s.Notice, s.LockIn.String(), bit(s.NotRenewed),
		s.Engagement.Kind, s.Engagement.Billed, pack(s.Terms), s.ID, was)
}

func (t *tx) SetSubscriptionStatus(ctx context.Context, id customer.SubscriptionID, s customer.Status) error {
	if _, err := t.exec(ctx, "store.SetSubscriptionStatus", keepPastStatus, micros(t.now), id, s); err != nil {
		return err
	}
	return t.touching(ctx, "store.SetSubscriptionStatus", setSubscriptionStatus, s, id)
}

func scanSubscription(row scanner) (s customer.Subscription, err error) {
	err = row.Scan(&s.ID, &s.Customer, &s.Reference, &s.Product, &s.Plan, &s.Amount.Minor, &s.Amount.Currency, &s.Interval,
		date{&s.Start}, date{&s.PaidUntil}, &s.Status, date{&s.TermEnd}, date{&s.RenewsOn}, &s.Notice, date{&s.LockIn}, flag{&s.NotRenewed},
		&s.Engagement.Kind, &s.Engagement.Billed, packed[customer.Terms]{&s.Terms})
	return s, err
}

func (t *tx) subscriptions(ctx context.Context, m manyTexts, n int, add func([]any, int) []any) (list []customer.Subscription, err error) {
	err = t.pick(ctx, "store.subscriptions", m, n, add, func(row scanner) error {
		s, err := scanSubscription(row)
		list = append(list, s)
		return err
	})
	return list, err
}

func (t *tx) SubscriptionsOf(ctx context.Context, ids ...customer.ID) ([]customer.Subscription, error) {
	return recallList(t, "subscription", ids, func() ([]customer.Subscription, error) {
		return t.subscriptions(ctx, subscriptionsOf, len(ids), keys(ids))
	})
}

func (t *tx) SubscriptionsByReference(ctx context.Context, references ...string) ([]customer.Subscription, error) {
	return t.subscriptions(ctx, subscriptionsByRef, len(references), keys(references))
}

func (t *tx) AnyCharged(ctx context.Context) (bool, error) {
	n := 0
	err := t.one(ctx, "store.AnyCharged", anyCharged, nil, &n)
	return n > 0, err
}

func (t *tx) UsualCurrency(ctx context.Context) (c string, err error) {
	err = t.one(ctx, "store.UsualCurrency", usualCurrency, nil, &c)
	return c, err
}
