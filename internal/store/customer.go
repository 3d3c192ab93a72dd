package store

import (
	"context"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

const (
	customerColumns     = `id, kind, consumer, name, reference, country, region, language, segment, created_at`
	contactColumns      = `id, customer_id, name, email, role, language`
	subscriptionColumns = `id, customer_id, reference, product, plan, amount_minor, currency, interval_, start_on, paid_until, status, term_end, renews_on,
	notice_days, lock_in_until`
)

// Putting writes only what differs, so that the same file twice touches no
// row; RETURNING then has no row, and the id is read.
var (
	putCustomer = query(`
		INSERT INTO customer (` + customerColumns + `, search)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (reference) DO UPDATE
		   SET kind = excluded.kind, consumer = excluded.consumer, name = excluded.name, country = excluded.country,
		       region = excluded.region, language = excluded.language, segment = excluded.segment, search = excluded.search
		 WHERE (customer.kind, customer.consumer, customer.name, customer.country, customer.region, customer.language, customer.segment)
		    IS DISTINCT FROM (excluded.kind, excluded.consumer, excluded.name, excluded.country, excluded.region, excluded.language, excluded.segment)
		RETURNING id`)
	customerID = query(`SELECT id FROM customer WHERE reference = $1`)
	putContact = query(`
		INSERT INTO contact (` + contactColumns + `, email_folded)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (customer_id, email_folded) DO UPDATE
		   SET name = excluded.name, email = excluded.email, role = excluded.role, language = excluded.language
		 WHERE (contact.name, contact.email, contact.role, contact.language)
		    IS DISTINCT FROM (excluded.name, excluded.email, excluded.role, excluded.language)`)
	addToSearch = query(`
		UPDATE customer SET search = search || ' ' || CAST($1 AS TEXT)
		 WHERE id = $2 AND search NOT LIKE '%' || CAST($1 AS TEXT) || '%'`)
	putSubscription = query(`
		INSERT INTO subscription (` + subscriptionColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (reference) DO UPDATE
		   SET product = excluded.product, plan = excluded.plan, amount_minor = excluded.amount_minor, currency = excluded.currency,
		       interval_ = excluded.interval_, start_on = excluded.start_on, paid_until = excluded.paid_until, status = excluded.status,
		       term_end = excluded.term_end, renews_on = excluded.renews_on, notice_days = excluded.notice_days, lock_in_until = excluded.lock_in_until
		 WHERE subscription.status = 'active' AND subscription.customer_id = excluded.customer_id
		   AND (subscription.product, subscription.plan, subscription.amount_minor, subscription.currency, subscription.interval_,
		        subscription.start_on, subscription.paid_until, subscription.status, subscription.term_end, subscription.renews_on,
		        subscription.notice_days, subscription.lock_in_until)
		    IS DISTINCT FROM (excluded.product, excluded.plan, excluded.amount_minor, excluded.currency, excluded.interval_,
		        excluded.start_on, excluded.paid_until, excluded.status, excluded.term_end, excluded.renews_on, excluded.notice_days,
		        excluded.lock_in_until)`)
	setSubscriptionStatus = query(`UPDATE subscription SET status = $1 WHERE id = $2`)
	customerByID          = query(`SELECT ` + customerColumns + ` FROM customer WHERE id = $1`)
	customersByName       = query(`SELECT ` + customerColumns + ` FROM customer WHERE search LIKE $1 ESCAPE '\' ORDER BY name, id LIMIT $2`)
	countCustomers        = query(`SELECT COUNT(*) FROM customer WHERE search LIKE $1 ESCAPE '\'`)
	customersByEmail      = query(`
		SELECT ` + customerColumns + ` FROM customer
		 WHERE id IN (SELECT customer_id FROM contact WHERE email_folded = $1 AND role IN ('owner', 'billing', 'admin'))
		 ORDER BY id`)
	contactsOf      = query(`SELECT ` + contactColumns + ` FROM contact WHERE customer_id = $1 ORDER BY id`)
	subscriptionsOf = query(`SELECT ` + subscriptionColumns + ` FROM subscription WHERE customer_id = $1 ORDER BY id`)
)

func searchText(c customer.Customer) string { return customer.Fold(c.Name + " " + c.Reference) }

func (t *tx) PutCustomer(ctx context.Context, c customer.Customer) (customer.ID, bool, error) {
	var id customer.ID
	err := t.one(ctx, "store.PutCustomer", putCustomer, []any{
		c.ID, c.Kind, bit(c.Consumer), c.Name, c.Reference, c.Country, c.Region, c.Language, c.Segment, micros(c.CreatedAt), searchText(c),
	}, &id)
	if fault.KindOf(err) == fault.NotFound {
		return id, false, t.one(ctx, "store.PutCustomer", customerID, []any{c.Reference}, &id)
	}
	return id, err == nil, err
}

func (t *tx) PutContact(ctx context.Context, c customer.Contact) (bool, error) {
	folded := customer.FoldEmail(c.Email)
	n, err := t.exec(ctx, "store.PutContact", putContact, c.ID, c.Customer, c.Name, c.Email, c.Role, c.Language, folded)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = t.exec(ctx, "store.PutContact", addToSearch, folded, c.Customer)
	return true, err
}

func (t *tx) PutSubscription(ctx context.Context, s customer.Subscription) (bool, error) {
	n, err := t.exec(ctx, "store.PutSubscription", putSubscription, s.ID, s.Customer, s.Reference, s.Product, s.Plan,
		s.Amount.Minor, s.Amount.Currency, s.Interval, s.Start.String(), s.PaidUntil.String(), s.Status,
		s.TermEnd.String(), s.RenewsOn.String(), s.Notice, s.LockIn.String())
	return n == 1, err
}

func (t *tx) SetSubscriptionStatus(ctx context.Context, id customer.SubscriptionID, s customer.Status) error {
	return t.must(ctx, "store.SetSubscriptionStatus", setSubscriptionStatus, s, id)
}

func scanCustomer(row scanner) (c customer.Customer, err error) {
	err = row.Scan(&c.ID, &c.Kind, flag{&c.Consumer}, &c.Name, &c.Reference, &c.Country, &c.Region, &c.Language, &c.Segment, instant{&c.CreatedAt})
	return c, err
}

func (t *tx) FindCustomer(ctx context.Context, id customer.ID) (customer.Customer, error) {
	c, err := scanCustomer(t.row(ctx, customerByID, id))
	return c, t.s.translate("store.FindCustomer", err)
}

// like makes the pattern of a folded search text.
func like(q string) string {
	return "%" + escapeLike(customer.Fold(q)) + "%"
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

func (t *tx) customers(ctx context.Context, q string, args ...any) (list []customer.Customer, err error) {
	err = t.each(ctx, "store.customers", q, args, func(row scanner) error {
		c, err := scanCustomer(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) ListCustomers(ctx context.Context, q string, limit int) ([]customer.Customer, int, error) {
	var n int
	if err := t.one(ctx, "store.ListCustomers", countCustomers, []any{like(q)}, &n); err != nil {
		return nil, 0, err
	}
	list, err := t.customers(ctx, customersByName, like(q), limit)
	return list, n, err
}

func (t *tx) CustomersByEmail(ctx context.Context, folded string) ([]customer.Customer, error) {
	return t.customers(ctx, customersByEmail, folded)
}

func (t *tx) ContactsOf(ctx context.Context, id customer.ID) (list []customer.Contact, err error) {
	err = t.each(ctx, "store.ContactsOf", contactsOf, []any{id}, func(row scanner) error {
		var c customer.Contact
		err := row.Scan(&c.ID, &c.Customer, &c.Name, &c.Email, &c.Role, &c.Language)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) SubscriptionsOf(ctx context.Context, id customer.ID) (list []customer.Subscription, err error) {
	err = t.each(ctx, "store.SubscriptionsOf", subscriptionsOf, []any{id}, func(row scanner) error {
		var s customer.Subscription
		err := row.Scan(&s.ID, &s.Customer, &s.Reference, &s.Product, &s.Plan, &s.Amount.Minor, &s.Amount.Currency, &s.Interval,
			date{&s.Start}, date{&s.PaidUntil}, &s.Status, date{&s.TermEnd}, date{&s.RenewsOn}, &s.Notice, date{&s.LockIn})
		list = append(list, s)
		return err
	})
	return list, err
}
