package trial_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/money"
	"hastaluego/internal/offer"
	"hastaluego/internal/trial"
	"hastaluego/internal/when"
)

var began = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// account is a customer who pays 30 euros on the first of each month.
func account() trial.Account {
	return trial.Account{
		Zone: time.UTC, Currency: "EUR", Seen: began, Now: began.AddDate(0, 0, 200), Hour: 4000,
		Contracts: []customer.Subscription{{
			ID: "sub_1", Interval: customer.Monthly, Status: customer.Active, Start: when.Date{Year: 2025, Month: 1, Day: 1}, Amount: money.Amount{Minor: 3000, Currency: "EUR"},
		}},
	}
}

func applied(k offer.Kind, h offer.How) offer.Offer {
	return offer.Offer{ID: "ofr_1", Kind: k, State: offer.Applied, AnsweredAt: began.Add(time.Hour), OverAt: began.AddDate(0, 0, 1), How: h}
}

func sums(t interface{ Errorf(string, ...any) }, list []experiment.Payment) (paid, discount, cost int64) {
	for i, p := range list {
		if i > 0 && p.At.Before(list[i-1].At) {
			t.Errorf("out of order: %+v", list)
		}
		paid, discount, cost = paid+p.Paid.Minor, discount+p.Discount.Minor, cost+p.Cost.Minor
	}
	return paid, discount, cost
}

func TestWhatCameInAndWhatKeepingThemCost(t *testing.T) {
	t.Parallel()
	day := func(m time.Month, d int) when.Date { return when.Date{Year: 2026, Month: m, Day: d} }
	eur := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }
	for what, x := range map[string]struct {
		change               func(a *trial.Account)
		paid, discount, cost int64
	}{
		"three charges in ninety days": {func(*trial.Account) {}, 9000, 0, 0},
		"nothing yet":                  {func(a *trial.Account) { a.Now = a.Seen.AddDate(0, 0, 5) }, 0, 0, 0},
		"ended in April":               {func(a *trial.Account) { a.Ends = map[customer.SubscriptionID]when.Date{"sub_1": day(4, 15)} }, 3000, 0, 0},
		"ended before that":            {func(a *trial.Account) { a.Contracts[0].Status = customer.Ended }, 0, 0, 0},
		"in another currency":          {func(a *trial.Account) { a.Currency = "USD" }, 0, 0, 0},
		"a fifth less on two charges": {func(a *trial.Account) {
			a.Offers = []offer.Offer{applied(offer.Discount, offer.How{Percent: 20, Charges: 2})}
		}, 7800, 1200, 0},
		"more off than the price": {func(a *trial.Account) {
			a.Offers = []offer.Offer{applied(offer.Discount, offer.How{Off: eur(5000), Charges: 1})}
		}, 6000, 3000, 0},
		"accepted, not applied": {func(a *trial.Account) {
			o := applied(offer.Discount, offer.How{Percent: 20, Charges: 2})
			o.State = offer.Failed
			a.Offers = []offer.Offer{o}
		}, 9000, 0, 0},
		"a pause until May":    {func(a *trial.Account) { a.Offers = []offer.Offer{applied(offer.Pause, offer.How{Ends: day(5, 1)})} }, 6000, 0, 0},
		"one charge left out":  {func(a *trial.Account) { a.Offers = []offer.Offer{applied(offer.Skip, offer.How{Charges: 1})} }, 6000, 0, 0},
		"thirty days more":     {func(a *trial.Account) { a.Offers = []offer.Offer{applied(offer.Extension, offer.How{Days: 30})} }, 6000, 0, 0},
		"something that costs": {func(a *trial.Account) { a.Offers = []offer.Offer{applied(offer.Custom, offer.How{Costs: eur(700)})} }, 9000, 0, 700},
		"half an hour of a person": {func(a *trial.Account) {
			a.Minutes = []trial.Worked{{Day: day(3, 20), Minutes: 30}, {Day: day(3, 1), Minutes: 600}}
		}, 9000, 0, 2000},
		"hours that nobody priced": {func(a *trial.Account) { a.Hour, a.Minutes = -1, []trial.Worked{{Day: day(3, 20), Minutes: 30}} }, 9000, 0, 0},
		"an invoice left open": {func(a *trial.Account) {
			a.Balances = []customer.Balance{{Kind: customer.Invoice, Status: customer.Due, DueOn: day(4, 1), Amount: eur(3630), Tax: 630}}
		}, 6000, 0, 0},
		"one given back": {func(a *trial.Account) {
			a.Balances = []customer.Balance{{Kind: customer.Refund, Status: customer.Paid, DueOn: day(4, 1), Amount: eur(3000)}}
		}, 6000, 0, 0},
		"a fee that was paid": {func(a *trial.Account) {
			a.Balances = []customer.Balance{{Kind: customer.Fee, Status: customer.Paid, DueOn: day(4, 1), Amount: eur(500)}}
		}, 9500, 0, 0},
	} {
		a := account()
		x.change(&a)
		if paid, discount, cost := sums(t, trial.Payments(a)); paid != x.paid || discount != x.discount || cost != x.cost {
			t.Errorf("%s: paid %d, discount %d, cost %d", what, paid, discount, cost)
		}
	}
}

// Whatever is offered: no charge brings more than its price, and what it brings and
// what is taken off make no more than that; looking later only adds.
func TestNoChargeBringsMoreThanItsPrice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := account()
		for i := range rapid.IntRange(0, 3).Draw(t, "offers") {
			o := applied(rapid.SampledFrom([]offer.Kind{offer.Discount, offer.Pause, offer.Skip, offer.Extension, offer.Help}).Draw(t, "kind"), offer.How{
				Percent: rapid.IntRange(0, 100).Draw(t, "percent"), Charges: rapid.IntRange(0, 5).Draw(t, "charges"), Days: rapid.IntRange(0, 90).Draw(t, "days"),
				Off: money.Amount{Minor: rapid.Int64Range(0, 9000).Draw(t, "off"), Currency: "EUR"}, Ends: when.DateOf(began, time.UTC).AddDays(rapid.IntRange(0, 120).Draw(t, "ends")),
			})
			o.ID = offer.ID(rune('a' + i))
			o.OverAt = began.AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "applied"))
			a.Offers = append(a.Offers, o)
		}
		whole := trial.Payments(a)
		for _, p := range whole {
			if p.Paid.Minor < 0 || p.Discount.Minor < 0 || p.Paid.Minor+p.Discount.Minor > 3000 || p.At.Before(began) || p.At.After(began.AddDate(0, 0, 91)) {
				t.Fatalf("%+v", p)
			}
		}
		if len(whole) > 3 {
			t.Fatalf("%d charges in ninety days", len(whole))
		}
		a.Now = began.AddDate(0, 0, rapid.IntRange(0, 90).Draw(t, "days since"))
		early := trial.Payments(a)
		for i, p := range early {
			if p != whole[i] {
				t.Fatalf("it was %+v, and is %+v", p, whole[i])
			}
		}
	})
}
