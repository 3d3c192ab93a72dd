package customer

import (
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Price is what an interval of a contract costs from a day on.
type Price struct {
	From  when.Date
	Plan  string // empty: that of the contract
	Minor int64  // in the smallest unit of the currency of the contract
}

// LaterPrices are later prices of a contract, in the order of their days: one value, so
// that contracts can be compared.
type LaterPrices string

// PricesOf are these.
func PricesOf(list []Price) LaterPrices {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Price) int { return strings.Compare(a.From.String(), b.From.String()) })
	lines := make([]string, len(list))
	for i, p := range list {
		lines[i] = strings.TrimSpace(p.From.String() + " " + strconv.FormatInt(p.Minor, 10) + " " + p.Plan)
	}
	return LaterPrices(strings.Join(lines, "\n"))
}

// List are they one by one.
func (p LaterPrices) List() (out []Price) {
	for line := range strings.Lines(string(p)) {
		day, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		minor, plan, _ := strings.Cut(rest, " ")
		from, err := when.ParseDate(day)
		n, bad := strconv.ParseInt(minor, 10, 64)
		if err == nil && bad == nil { // PricesOf writes nothing else
			out = append(out, Price{from, plan, n})
		}
	}
	return out
}

// mostPrices is how many later prices a contract has at most.
const mostPrices = 24

// PriceOn is what an interval of the contract costs on a day, and the plan then: the
// last price that is in force by it.
func (s Subscription) PriceOn(day when.Date) (amount money.Amount, plan string) {
	amount, plan = s.Amount, s.Plan
	for _, p := range s.Terms.Prices.List() {
		if day.Before(p.From) {
			break
		}
		amount.Minor = p.Minor
		if p.Plan != "" {
			plan = p.Plan
		}
	}
	return amount, plan
}

// PricedOn are contracts with what they cost on a day, and their plans then; one that
// ended by then with those of its last paid day. It is for telling prices: whoever
// changes or computes takes what is recorded.
func PricedOn(list []Subscription, day when.Date) []Subscription {
	out := slices.Clone(list)
	for i, s := range list {
		on := day
		if s.Status == Ended && !s.PaidUntil.IsZero() && s.PaidUntil.Before(day) {
			on = s.PaidUntil
		}
		out[i].Amount, out[i].Plan = s.PriceOn(on)
	}
	return out
}

// ParsePrices reads later prices of a contract in a currency: the day, the amount
// and, if it changes, the plan, with semicolons between: 2027-01-01 25.00 Pro;
// 2028-01-01 30. What cannot be read is price.unreadable, with its place in the list.
func ParsePrices(s, currency string) (LaterPrices, *fault.Error) {
	var out []Price
	for i, part := range strings.Split(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		wrong := fault.New(fault.Invalid, "price.unreadable", "n", i+1, "value", part)
		day, rest, _ := strings.Cut(part, " ")
		number, plan, _ := strings.Cut(strings.TrimSpace(rest), " ")
		from, err := when.ParseDate(day)
		if err != nil {
			return "", wrong
		}
		a, err := money.Parse(strings.Replace(number, ",", ".", 1), currency)
		if err != nil {
			return "", wrong
		}
		out = append(out, Price{from, strings.TrimSpace(plan), a.Minor})
	}
	return PricesOf(out), nil
}

// PricesText writes later prices as ParsePrices reads them.
func PricesText(prices LaterPrices, currency string) string {
	list := prices.List()
	parts := make([]string, len(list))
	digits, err := money.Digits(currency)
	for i, p := range list {
		if err != nil { // no currency has no price
			return ""
		}
		parts[i] = strings.TrimSpace(p.From.String() + " " + money.Amount{Minor: p.Minor, Currency: currency}.Decimal(digits) + " " + p.Plan)
	}
	return strings.Join(parts, "; ")
}

// tidyPrices puts later prices in their order and reports what is wrong with them.
func (t *Terms) tidyPrices(s *Subscription) (l fault.List) {
	list := t.Prices.List()
	if len(list) == 0 {
		t.Prices = ""
		return nil
	}
	refuse := func(code string) { l = append(l, fault.New(fault.Invalid, code).On("later_prices")) }
	if len(list) > mostPrices || !s.Interval.Recurs() {
		refuse("field.invalid")
	}
	for i := range list {
		p := &list[i]
		clean, wrong := CheckText("later_prices", p.Plan, 200, false)
		if p.Plan = clean; wrong != nil || strings.Contains(clean, ";") {
			refuse("field.text")
		}
		switch {
		case p.From.IsZero(), p.Minor < 0, p.Minor > mostUsed, i > 0 && list[i-1].From == p.From:
			refuse("field.invalid")
		case !s.Start.IsZero() && !s.Start.Before(p.From):
			refuse("date.before_start")
		}
	}
	t.Prices = PricesOf(list)
	return l
}
