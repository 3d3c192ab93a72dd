package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
)

const (
	// booksNoon is the hour until which a billing system that is silent is asked again
	// before somebody is reminded, or judged by what they owe, and booksPause how long
	// is between.
	booksNoon  = 12
	booksPause = 30 * time.Minute
)

// heedBooks has the billing systems of a departure asked what is still open, before
// the customer is asked for it. Not zero: one was silent, and is asked again then;
// from noon on what it said last counts for a day, and then the record. No transaction
// may be open.
func (a *App) heedBooks(ctx context.Context, c offboarding.CaseID) (again time.Time, err error) {
	silent, err := a.lookIntoBooksOf(ctx, c, look{again: true, keep: pageKeeps})
	if err != nil || !silent {
		return again, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if again = (time.Time{}); tx.Now().In(a.Company().Zone).Hour() < booksNoon {
			again = tx.Now().Add(booksPause)
		}
		return nil
	})
	return again, err
}

// owing is how the sums between a customer and the company stand where they are asked
// for.
type owing struct {
	list []customer.Balance // as they are asked for; those without an ID are known to a billing system alone
	gone []customer.Balance // open on record, and the billing systems say that nothing of them is
}

// owingOf are the sums of a customer as they are asked for: what billing systems said
// last stands in the place of the record as in statements, and what a statement of an
// open departure let go of an invoice is off it.
func (a *App) owingOf(ctx context.Context, tx Tx, cid customer.ID) (o owing, err error) {
	if cid == "" {
		return o, nil
	}
	if o.list, err = tx.BalancesOf(ctx, cid); err != nil {
		return o, err
	}
	cases, err := tx.CasesOf(ctx, cid)
	if err != nil {
		return o, err
	}
	books, err := tx.BooksOf(ctx, cid)
	if err != nil {
		return o, err
	}
	if len(books) > 0 {
		subs, err := tx.SubscriptionsOf(ctx, cid)
		if err != nil {
			return o, err
		}
		o = heed(o.list, books, stillCount(subs, cases))
	}
	let, err := letGo(ctx, tx, cases)
	o.list = less(o.list, let)
	return o, err
}

// stillCount are the contracts that have not ended, and those that end in a departure that
// is open.
func stillCount(subs []customer.Subscription, cases []offboarding.Case) []customer.Subscription {
	return slices.DeleteFunc(slices.Clone(subs), func(s customer.Subscription) bool {
		return s.Status == customer.Ended && !slices.ContainsFunc(cases, func(c offboarding.Case) bool { return c.State.Open() && slices.Contains(c.Subscriptions, s.ID) })
	})
}

// inForce are the books that count, by the number of their contract.
type inForce map[string]settlement.Books

// heed puts the word of billing systems in the place of recorded sums that are open:
// section 9 of the definition of statements.
func heed(list []customer.Balance, books []Books, subs []customer.Subscription) (o owing) {
	said, whole := inForce{}, len(subs) > 0
	for _, s := range subs {
		i := slices.IndexFunc(books, func(b Books) bool { return b.Subscription == s.ID && b.Failed == "" })
		if whole = whole && i >= 0; i >= 0 {
			said[s.Reference] = books[i].Said
		}
	}
	if len(said) == 0 {
		return owing{list: list}
	}
	for _, b := range list {
		switch x := said.invoice(b); {
		case b.Status != customer.Due:
		case b.Kind == customer.Invoice && x != nil:
			b = asBooked(b, *x, inParts(list, b))
		case b.Kind == customer.Invoice && said.hold(b, whole):
			o.gone = append(o.gone, b)
			continue
		case b.Kind == customer.Usage && (whole || said.has(b.Used.Contract)), b.Kind == customer.Credit && whole, notedCredit(b):
			continue // it is on an invoice or in a balance there
		}
		o.list = append(o.list, b)
	}
	o.list = append(o.list, said.balances()...)
	return o
}

func (said inForce) has(contract string) bool {
	_, there := said[contract]
	return there
}

// hold reports whether the books would name an invoice of the record if it were open:
// they are of its contracts or, where nobody recorded these, of all.
func (said inForce) hold(b customer.Balance, whole bool) bool {
	of := b.Billed.Contracts.List()
	if len(of) == 0 {
		return whole
	}
	return !slices.ContainsFunc(of, func(s customer.Share) bool { return !said.has(s.Contract) })
}

// invoice is the open one of the books with the number of a recorded one; nil: there is
// none.
func (said inForce) invoice(b customer.Balance) *settlement.Bill {
	for _, contract := range slices.Sorted(maps.Keys(said)) { // two systems may say different things
		for _, x := range said[contract].Invoices {
			if x.Ref == b.Reference {
				return &x
			}
		}
	}
	return nil
}

// balances are what accounts of the customer have, each once.
func (said inForce) balances() (out []customer.Balance) {
	seen := map[[3]string]bool{}
	for _, contract := range slices.Sorted(maps.Keys(said)) {
		books := said[contract]
		for _, m := range books.Balances {
			k := [3]string{books.System, books.Account, m.Currency}
			if m.Minor > 0 && !seen[k] {
				out = append(out, customer.Balance{Reference: books.Account, Kind: customer.Credit, Amount: m, Status: customer.Due})
			}
			seen[k] = true
		}
	}
	slices.SortFunc(out, func(x, y customer.Balance) int {
		return strings.Compare(x.Reference+x.Amount.Currency, y.Reference+y.Amount.Currency)
	})
	return out
}

// inParts reports whether parts of a sum were noted as paid here.
func inParts(list []customer.Balance, b customer.Balance) bool {
	return slices.ContainsFunc(list, func(o customer.Balance) bool {
		return o.Status == customer.Paid && strings.HasPrefix(o.Reference, partsOf(b.Reference))
	})
}

// asBooked is a recorded invoice with what is open of it by the books; where parts were
// noted as paid here, that is the smaller of both.
func asBooked(b customer.Balance, x settlement.Bill, parts bool) customer.Balance {
	if parts && b.Amount.Currency == x.Amount.Currency && b.Amount.Minor <= x.Open {
		return b
	}
	b.Amount = money.Amount{Minor: x.Open, Currency: x.Amount.Currency}
	b.Tax = money.Amount{Minor: x.Tax}.Split([]uint64{uint64(x.Open), uint64(max(0, x.Amount.Minor-x.Open))})[0].Minor
	return b
}

// letGo is what live statements of open departures let go of invoices, by the number of
// the invoice, in its currency.
func letGo(ctx context.Context, tx Tx, cases []offboarding.Case) (map[string]money.Amount, error) {
	out := map[string]money.Amount{}
	for _, c := range cases {
		if !c.State.Open() {
			continue
		}
		x, err := statementIfAny(ctx, tx, c.ID)
		if err != nil {
			return nil, err
		}
		for _, s := range x.Doc.Sections {
			for _, l := range s.Lines {
				if x.Live() && l.Kind == settlement.LineRelief {
					out[l.Ref] = money.Amount{Minor: out[l.Ref].Minor + l.Amount.Minor, Currency: s.Currency}
				}
			}
		}
	}
	return out, nil
}

// less are sums without what was let go of them; of which nothing is left, none.
func less(list []customer.Balance, let map[string]money.Amount) []customer.Balance {
	if len(let) == 0 {
		return list
	}
	var out []customer.Balance
	for _, b := range list {
		off := let[b.Reference]
		if b.Kind != customer.Invoice || b.Status != customer.Due || off.Minor <= 0 || off.Currency != b.Amount.Currency {
			out = append(out, b)
			continue
		}
		if left := b.Amount.Minor - off.Minor; left > 0 {
			b.Tax = money.Amount{Minor: b.Tax}.Split([]uint64{uint64(left), uint64(off.Minor)})[0].Minor
			b.Amount.Minor = left
			out = append(out, b)
		}
	}
	return out
}
