package app

import (
	"testing"

	"hastaluego/internal/customer"
	"hastaluego/internal/when"
)

// The term is what the records say of it: how often it is paid is not.
func TestTheTermOfAContractIsNotHowOftenItIsPaid(t *testing.T) {
	t.Parallel()
	day := func(s string) when.Date {
		if s == "" {
			return when.Date{}
		}
		d, err := when.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	today := day("2026-11-27")
	for name, c := range map[string]struct {
		every              customer.Interval
		start, end, renews string
		days               int64
		known              bool
	}{
		"a year, paid by the month":            {customer.Monthly, "2026-03-01", "2027-02-28", "", 365, true},
		"a year, paid by the month, renewed":   {customer.Monthly, "2026-03-01", "", "2027-03-01", 365, true},
		"a year, paid at once":                 {customer.Yearly, "2026-03-01", "", "2027-03-01", 365, true},
		"the first month":                      {customer.Monthly, "2026-11-10", "", "2026-12-10", 30, true},
		"by the month, since years":            {customer.Monthly, "2023-11-10", "", "2026-12-10", 0, false},
		"a year in its last month, or monthly": {customer.Monthly, "2025-12-10", "", "2026-12-10", 0, false},
		"renewed every year":                   {customer.Yearly, "2023-03-01", "", "2027-03-01", 0, false},
		"nothing is written":                   {customer.Yearly, "2023-03-01", "", "", 0, false},
	} {
		s := customer.Subscription{Interval: c.every, Start: day(c.start), TermEnd: day(c.end), RenewsOn: day(c.renews)}
		if days, known := term(s, today); days != c.days || known != c.known {
			t.Errorf("%s: %d, %v; want %d, %v", name, days, known, c.days, c.known)
		}
	}
	year := customer.Subscription{Interval: customer.Yearly, Start: day("2026-03-01"), RenewsOn: day("2027-03-01")}
	if _, known := termOf([]customer.Subscription{year, {Interval: customer.Monthly, Start: today, TermEnd: today.AddDays(29)}}, today); known {
		t.Error("two contracts of different terms have one")
	}
}
