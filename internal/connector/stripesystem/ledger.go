package stripesystem

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

// kept is evidence of what was read: values without names or texts, and the
// hashes of the answers.
func kept(fields map[string]any, hashes []string) json.RawMessage {
	b, err := json.Marshal(struct {
		Status int            `json:"status"`
		Fields map[string]any `json:"fields"`
		SHA256 []string       `json:"body_sha256"`
	}{200, fields, hashes})
	if err != nil { // words, numbers and moments always marshal
		return nil
	}
	return b
}

func listed(n int, hashes []string) json.RawMessage { return kept(map[string]any{"count": n}, hashes) }

// books reads one ledger: the first error ends it, and every sum is converted
// without rounding.
type books struct {
	*System
	ctx    context.Context
	op     string
	in     connector.LedgerInput
	state  connector.LedgerState
	sub    *stripe.Subscription
	hashes []string
	err    error
}

const (
	// payments is how many of the last paid invoices are looked into for payments,
	// periods how many for what is billed.
	payments = 10
	periods  = 24
)

// ReadLedger reads what stands open with the customer of a subscription: issued
// and unpaid, recorded and unbilled, credits, payments, and what ending would
// bring. It needs some ten calls; without payments, six, or seven where the customer has
// a balance.
func (s *System) ReadLedger(ctx context.Context, in connector.LedgerInput) (connector.LedgerState, error) {
	b := &books{System: s, ctx: ctx, op: "stripesystem.ReadLedger", in: in}
	b.state.ReadAt = s.Clock.Now()
	sub, ans, err := s.look(ctx, b.op, in.Reference)
	if err != nil {
		return b.state, err
	}
	b.sub, b.hashes = sub, append(b.hashes, ans.Hash)
	b.state.Found = true
	if sub.Customer == nil || sub.Customer.ID == "" {
		return b.state, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(b.op, nil)
	}
	b.state.Customer = sub.Customer.ID
	reads := []func(){b.credits, b.credited, b.open, b.billed, b.unbilled, b.preview}
	if !in.Brief {
		reads = append(reads, b.paid)
	}
	for _, read := range reads {
		if read(); b.err != nil {
			return b.state, b.err
		}
	}
	b.state.Answer = kept(map[string]any{
		"subscription": sub.ID, "customer": b.state.Customer, "open": len(b.state.Open), "unbilled": len(b.state.Unbilled), "payments": len(b.state.Payments),
		"credits": words(b.state.Credits), "preview": b.state.Preview.Total.String(), "cut": b.state.Cut,
	}, b.hashes)
	return b.state, nil
}

func words(amounts []money.Amount) []string {
	out := make([]string, len(amounts))
	for i, a := range amounts {
		out[i] = a.String()
	}
	return out
}

// amount converts, and remembers what cannot be.
func (b *books) amount(n int64, c stripe.Currency) money.Amount {
	a, err := fromStripe(n, c)
	if err != nil && b.err == nil {
		b.err = b.Say(fault.Transient, "connector.unreadable", 0).At(b.op, err)
	}
	return a
}

func (b *books) credits() {
	ctx, one := follow(b.ctx, false)
	c, unread := b.lib().V1Customers.Retrieve(ctx, b.state.Customer, &stripe.CustomerRetrieveParams{Expand: []*string{stripe.String("invoice_credit_balance")}})
	if b.err = b.outcome(b.op, one, unread, "customer", b.state.Customer); b.err != nil {
		return
	}
	b.hashes = append(b.hashes, one.ans.Hash)
	balance := c.InvoiceCreditBalance
	if len(balance) == 0 && c.Balance != 0 {
		currency := c.Currency
		if currency == "" {
			currency = b.sub.Currency
		}
		balance = map[string]int64{string(currency): c.Balance}
	}
	for _, currency := range slices.Sorted(maps.Keys(balance)) {
		if n := balance[currency]; n != 0 { // Stripe counts what the customer owes
			b.state.Credits = append(b.state.Credits, b.amount(-n, stripe.Currency(currency)))
		}
	}
}

// credited finds what of a balance came of subscriptions that ended before their time:
// what is below zero on the last invoice of one goes to the balance, which is that of
// all subscriptions of the customer.
func (b *books) credited() {
	if !slices.ContainsFunc(b.state.Credits, func(m money.Amount) bool { return m.Minor > 0 }) {
		return
	}
	for _, x := range b.bills(&stripe.InvoiceListParams{Customer: stripe.String(b.state.Customer), Status: stripe.String("paid"), ListParams: stripe.ListParams{Limit: stripe.Int64(periods), Single: true}}) {
		of := x.Parent
		if x.Total >= 0 || x.Lines == nil || of == nil || of.SubscriptionDetails == nil || of.SubscriptionDetails.Subscription == nil {
			continue
		}
		b.state.Cut = b.state.Cut || x.Lines.HasMore
		left := -x.Total
		for _, line := range x.Lines.Data {
			whole, tax := withTax(line)
			if !prorated(line) || whole >= 0 || left == 0 {
				continue
			}
			if -whole > left { // the rest paid for something else on the invoice
				whole, tax = -left, 0
			}
			left += whole
			l := connector.LedgerLine{Reference: line.ID, Of: of.SubscriptionDetails.Subscription.ID, Text: line.Description, Prorated: true, Amount: b.amount(whole, line.Currency), Tax: b.amount(tax, line.Currency)}
			l.From, l.To = span(line.Period)
			b.state.Credited = append(b.state.Credited, l)
		}
	}
}

func (b *books) invoices(status string, limit int64, single bool, expand ...*string) []*stripe.Invoice {
	return b.bills(&stripe.InvoiceListParams{
		Subscription: stripe.String(b.sub.ID), Status: stripe.String(status), Expand: expand,
		ListParams: stripe.ListParams{Limit: stripe.Int64(limit), Single: single},
	})
}

func (b *books) bills(which *stripe.InvoiceListParams) []*stripe.Invoice {
	list, hashes, cut, err := all(b.ctx, b.System, b.op, func(ctx context.Context) *stripe.V1List[*stripe.Invoice] {
		return b.lib().V1Invoices.List(ctx, which)
	})
	b.hashes, b.state.Cut, b.err = append(b.hashes, hashes...), b.state.Cut || cut, err
	return list
}

func (b *books) open() {
	for _, x := range b.invoices("open", page, false) {
		bill := connector.Invoice{
			Reference: x.ID, Number: x.Number, Status: string(x.Status), Total: b.amount(x.Total, x.Currency), Tax: b.amount(taxes(x), x.Currency),
			Due: b.amount(x.AmountRemaining, x.Currency), IssuedAt: issued(x), DueAt: instant(x.DueDate), PayAt: x.HostedInvoiceURL,
		}
		bill.From, bill.To = covered(x)
		b.state.Open = append(b.state.Open, bill)
	}
	slices.SortStableFunc(b.state.Open, func(x, y connector.Invoice) int { return x.IssuedAt.Compare(y.IssuedAt) })
}

// billed finds out whether the period of the subscription is billed to its end: that it
// runs does not say so. A trial is billed by nobody, and no invoice that is a draft,
// was made void or is given up bills it: then nothing is said.
func (b *books) billed() {
	end := paidTo(b.sub)
	if end.IsZero() || b.sub.Status == stripe.SubscriptionStatusTrialing {
		return
	}
	if slices.ContainsFunc(b.state.Open, func(x connector.Invoice) bool { return !x.To.Before(end) }) {
		b.state.BilledTo = end
		return
	}
	for _, x := range b.invoices("paid", periods, true) {
		if _, to := covered(x); !to.Before(end) {
			b.state.BilledTo = end
			return
		}
	}
}

func issued(x *stripe.Invoice) time.Time {
	if t := x.StatusTransitions; t != nil && t.FinalizedAt != 0 {
		return instant(t.FinalizedAt)
	}
	return instant(x.Created)
}

func taxes(x *stripe.Invoice) (sum int64) {
	for _, t := range x.TotalTaxes {
		sum += t.Amount
	}
	return sum
}

// unbilled are the items that wait for an invoice of this subscription, or for
// any invoice of the customer.
func (b *books) unbilled() {
	items, hashes, cut, err := all(b.ctx, b.System, b.op, func(ctx context.Context) *stripe.V1List[*stripe.InvoiceItem] {
		return b.lib().V1InvoiceItems.List(ctx, &stripe.InvoiceItemListParams{
			Customer: stripe.String(b.state.Customer), Pending: stripe.Bool(true), ListParams: stripe.ListParams{Limit: stripe.Int64(page)},
		})
	})
	if b.hashes, b.state.Cut, b.err = append(b.hashes, hashes...), b.state.Cut || cut, err; err != nil {
		return
	}
	for _, x := range items {
		if p := x.Parent; p != nil && p.SubscriptionDetails != nil && p.SubscriptionDetails.Subscription != b.sub.ID {
			continue
		}
		line := connector.LedgerLine{Reference: x.ID, Text: x.Description, Amount: b.amount(x.Amount, x.Currency), Prorated: x.Proration}
		line.From, line.To = span(x.Period)
		b.state.Unbilled = append(b.state.Unbilled, line)
	}
}

func span(p *stripe.Period) (from, to time.Time) {
	if p == nil {
		return from, to
	}
	return instant(p.Start), instant(p.End)
}

// paid are the payments of the last paid invoices.
func (b *books) paid() {
	for _, x := range b.invoices("paid", payments, true, stripe.String("data.payments")) {
		from, to := covered(x)
		if x.Payments == nil {
			continue
		}
		b.state.Cut = b.state.Cut || x.Payments.HasMore
		for _, p := range x.Payments.Data {
			reference := paidBy(p)
			if p.Status != "paid" || reference == "" {
				continue
			}
			had, ans, err := b.payment(b.ctx, b.op, reference)
			if err != nil {
				b.err = err
				return
			}
			b.hashes = append(b.hashes, ans.Hash)
			b.state.Payments = append(b.state.Payments, connector.Payment{
				Reference: reference, Invoice: x.ID, Amount: b.amount(p.AmountPaid, p.Currency), Refunded: b.amount(had.refunded, had.currency),
				At: instant(had.at), From: from, To: to,
			})
		}
	}
}

func paidBy(p *stripe.InvoicePayment) string {
	switch {
	case p.Payment == nil:
		return ""
	case p.Payment.PaymentIntent != nil:
		return p.Payment.PaymentIntent.ID
	case p.Payment.Charge != nil:
		return p.Payment.Charge.ID
	default:
		return ""
	}
}

// covered is what an invoice is for: its lines that are no corrections.
func covered(x *stripe.Invoice) (from, to time.Time) {
	if x.Lines == nil {
		return from, to
	}
	for _, line := range x.Lines.Data {
		start, end := span(line.Period)
		if prorated(line) || !end.After(start) {
			continue
		}
		if from.IsZero() || start.Before(from) {
			from = start
		}
		if end.After(to) {
			to = end
		}
	}
	return from, to
}

func prorated(line *stripe.InvoiceLineItem) bool {
	p := line.Parent
	return p != nil && (p.InvoiceItemDetails != nil && p.InvoiceItemDetails.Proration || p.SubscriptionItemDetails != nil && p.SubscriptionItemDetails.Proration)
}

// preview asks what the next invoice would be if it ended then. It holds what is
// unbilled too. A subscription that has ended has no next one.
func (b *books) preview() {
	zero := b.amount(0, b.sub.Currency)
	b.state.Preview = connector.InvoicePreview{Total: zero, Tax: zero, Due: zero}
	if over(b.sub) {
		return
	}
	details := &stripe.InvoiceCreatePreviewSubscriptionDetailsParams{ProrationBehavior: stripe.String("none")}
	if b.in.Prorate {
		details.ProrationBehavior = stripe.String("create_prorations")
	}
	if b.in.EndsAt.IsZero() {
		details.CancelNow = stripe.Bool(true)
	} else {
		details.CancelAt = stripe.Int64(b.in.EndsAt.Unix())
	}
	ctx, one := follow(b.ctx, false)
	x, unread := b.lib().V1Invoices.CreatePreview(ctx, &stripe.InvoiceCreatePreviewParams{Subscription: stripe.String(b.sub.ID), SubscriptionDetails: details})
	if one.failed == nil && one.ans.Text("error.code") == string(stripe.ErrorCodeInvoiceUpcomingNone) {
		return
	}
	if b.err = b.outcome(b.op, one, unread, "invoice", ""); b.err != nil {
		return
	}
	b.hashes = append(b.hashes, one.ans.Hash)
	p := &b.state.Preview
	p.Total, p.Tax, p.Due = b.amount(x.Total, x.Currency), b.amount(taxes(x), x.Currency), b.amount(x.AmountDue, x.Currency)
	if x.Lines == nil {
		return
	}
	b.state.Cut = b.state.Cut || x.Lines.HasMore
	for _, line := range x.Lines.Data {
		l := connector.LedgerLine{Reference: line.ID, Text: line.Description, Prorated: prorated(line), Used: b.metered(line)}
		whole, tax := withTax(line)
		l.Amount, l.Tax = b.amount(whole, line.Currency), b.amount(tax, line.Currency)
		if d := line.Parent; d != nil && d.InvoiceItemDetails != nil && strings.HasPrefix(d.InvoiceItemDetails.InvoiceItem, "ii_") {
			l.Reference = d.InvoiceItemDetails.InvoiceItem // as in what is unbilled
		}
		l.From, l.To = span(line.Period)
		p.Lines = append(p.Lines, l)
	}
	b.taxUnbilled()
}

// withTax is a line with its tax and less its discounts, and that tax.
func withTax(line *stripe.InvoiceLineItem) (whole, tax int64) {
	whole = line.Amount
	for _, d := range line.DiscountAmounts {
		whole -= d.Amount
	}
	for _, t := range line.Taxes {
		if tax += t.Amount; t.TaxBehavior == stripe.InvoiceLineItemTaxTaxBehaviorExclusive {
			whole += t.Amount
		}
	}
	return whole, tax
}

// metered reports whether a line is for use that is counted as it comes.
func (b *books) metered(line *stripe.InvoiceLineItem) bool {
	if line.Parent == nil || line.Parent.SubscriptionItemDetails == nil || b.sub.Items == nil || prorated(line) {
		return false
	}
	return slices.ContainsFunc(b.sub.Items.Data, func(x *stripe.SubscriptionItem) bool {
		return x.ID == line.Parent.SubscriptionItemDetails.SubscriptionItem && x.Price != nil && x.Price.Recurring != nil &&
			x.Price.Recurring.UsageType == stripe.PriceRecurringUsageTypeMetered
	})
}

// taxUnbilled gives what waits for an invoice the tax that the next one says.
func (b *books) taxUnbilled() {
	for i := range b.state.Unbilled {
		x := &b.state.Unbilled[i]
		for _, l := range b.state.Preview.Lines {
			if l.Reference == x.Reference {
				x.Amount, x.Tax = l.Amount, l.Tax
			}
		}
	}
}
