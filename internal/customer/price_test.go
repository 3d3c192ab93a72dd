package customer_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// On every day one price is in force: the last that began, or that of the contract;
// and prices are read as they are written.
func TestPricesAreInForceFromTheirDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(t, "currency")
		s := customer.Subscription{
			Reference: "A", Product: "Faro", Plan: "Base", Status: customer.Active, Interval: customer.Monthly, Start: when.Date{Year: 2026, Month: 1, Day: 31},
			Amount: money.Amount{Minor: 7, Currency: currency},
		}
		var list []customer.Price
		for range rapid.IntRange(0, 5).Draw(t, "prices") {
			list = append(list, customer.Price{
				From: s.Start.AddDays(rapid.IntRange(1, 900).Draw(t, "from")), Minor: rapid.Int64Range(0, 1_000_000).Draw(t, "minor"),
				Plan: rapid.SampledFrom([]string{"", "Pro", "Pro Plus"}).Draw(t, "plan"),
			})
		}
		twice := map[when.Date]bool{}
		for _, p := range list {
			if twice[p.From] {
				return
			}
			twice[p.From] = true
		}
		s.Terms.Prices = customer.PricesOf(list)
		if l := s.Tidy(); len(l) > 0 {
			t.Fatal(l)
		}
		read, err := customer.ParsePrices(customer.PricesText(s.Terms.Prices, currency), currency)
		if err != nil || read != s.Terms.Prices || len(read.List()) != len(list) {
			t.Fatalf("%+v became %+v: %v", s.Terms.Prices, read, err)
		}
		day := s.Start.AddDays(rapid.IntRange(0, 1000).Draw(t, "day"))
		want, plan, best := int64(7), "Base", s.Start
		for _, p := range list {
			if !day.Before(p.From) && best.Before(p.From) {
				want, best = p.Minor, p.From
			}
		}
		best = s.Start
		for _, p := range list { // a price may leave the plan as it was
			if !day.Before(p.From) && best.Before(p.From) && p.Plan != "" {
				plan, best = p.Plan, p.From
			}
		}
		if got, in := s.PriceOn(day); got != (money.Amount{Minor: want, Currency: currency}) || in != plan {
			t.Fatalf("on %s it is %s of %s, not %d of %s", day, got, in, want, plan)
		}
	})
}

func TestWhatIsWrongWithLaterPricesIsTold(t *testing.T) {
	t.Parallel()
	start := when.Date{Year: 2026, Month: 5, Day: 1}
	for name, c := range map[string]struct {
		prices  []customer.Price
		minimum when.Date
		want    string
	}{
		"good":    {[]customer.Price{{From: start.AddDays(9), Minor: 1}}, start, ""},
		"early":   {[]customer.Price{{From: start, Minor: 1}}, when.Date{}, "date.before_start later_prices"},
		"below":   {[]customer.Price{{From: start.AddDays(9), Minor: -1}}, when.Date{}, "field.invalid later_prices"},
		"twice":   {[]customer.Price{{From: start.AddDays(9), Minor: 1}, {From: start.AddDays(9), Minor: 2}}, when.Date{}, "field.invalid later_prices"},
		"plan":    {[]customer.Price{{From: start.AddDays(9), Minor: 1, Plan: "a;b"}}, when.Date{}, "field.text later_prices"},
		"minimum": {nil, start.AddDays(-1), "date.before_start minimum_until"},
	} {
		s := customer.Subscription{Reference: "A", Product: "F", Status: customer.Active, Interval: customer.Monthly, Start: start, Amount: money.Amount{Currency: "EUR"}}
		s.Terms.Prices, s.Terms.Minimum = customer.PricesOf(c.prices), c.minimum
		var told []string
		for _, e := range s.Tidy() {
			told = append(told, e.Code+" "+e.Field)
		}
		if got := strings.Join(told, ", "); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

func FuzzParsePrices(f *testing.F) {
	for _, s := range []string{"", "2027-01-01 25.00 Pro; 2028-01-01 30", "2027-01-01", "2027-01-01  25,5", ";;", "2027-13-01 1", "2027-01-01 -3 x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := customer.ParsePrices(s, "EUR")
		if err != nil {
			return
		}
		again, err := customer.ParsePrices(customer.PricesText(list, "EUR"), "EUR")
		if err != nil || again != list {
			t.Fatalf("%q became %q, which is read as %q: %v", s, list, again, err)
		}
	})
}

// What a contract costs is told as it is on the day; of one that has ended, as it was on
// its last paid day. What is recorded stays.
func TestContractsAreToldWithThePriceOfTheDay(t *testing.T) {
	t.Parallel()
	on := func(day string) when.Date {
		d, err := when.ParseDate(day)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	later := customer.PricesOf([]customer.Price{{From: on("2027-01-01"), Minor: 2500, Plan: "Pro"}, {From: on("2028-01-01"), Minor: 3000}})
	runs := customer.Subscription{Plan: "Uno", Amount: money.Amount{Minor: 2000, Currency: "EUR"}, Status: customer.Active, Terms: customer.Terms{Prices: later}}
	ended := runs
	ended.Status, ended.PaidUntil = customer.Ended, on("2027-06-30")
	list := []customer.Subscription{runs, ended}
	for _, c := range []struct {
		day         string
		runs, ended int64
		plan        string
	}{{"2026-12-31", 2000, 2000, "Uno"}, {"2027-01-01", 2500, 2500, "Pro"}, {"2028-02-01", 3000, 2500, "Pro"}} {
		got := customer.PricedOn(list, on(c.day))
		if got[0].Amount.Minor != c.runs || got[1].Amount.Minor != c.ended || got[0].Plan != c.plan || list[0].Amount.Minor != 2000 {
			t.Errorf("%s: %d and %d, %q", c.day, got[0].Amount.Minor, got[1].Amount.Minor, got[0].Plan)
		}
	}
}
