package offer_test

import (
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

// situation is somebody with one contract of 20.00 EUR a month since a year.
func situation(code string) offer.Situation {
	r, _ := reason.Builtin().Find(code)
	return offer.Situation{
		Reason: r.Code, Family: r.Family, Attribution: r.Attribution, Quiet: r.Quiet, Kind: customer.Person, Consumer: true,
		Leaving: 1, Product: "faro", Plan: "equipo", Interval: customer.Monthly, Months: 12, Price: money.Amount{Minor: 2000, Currency: "EUR"}, Since: -1,
	}
}

func decide(t *testing.T, p *offer.Policy, s offer.Situation) offer.Decision {
	t.Helper()
	d, err := p.Decide(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sayOf is what was decided in short: "offer", or "-" and the guards.
func sayOf(d offer.Decision) string {
	out := d.Line + ": "
	for _, x := range d.Turned {
		out += "!" + x.Offer + "=" + string(x.Why) + " "
	}
	if d.Offer == nil {
		return out + "-"
	}
	return out + d.Offer.Name
}

func TestTheShippedPolicy(t *testing.T) {
	t.Parallel()
	p := offer.Builtin()
	with := func(s offer.Situation, change func(*offer.Situation)) offer.Situation { change(&s); return s }
	for name, c := range map[string]struct {
		s    offer.Situation
		want string
	}{
		"a cheaper competitor gets no discount":     {situation("cheaper_elsewhere"), "cheaper: -"},
		"an unsolved incident gets a date first":    {with(situation("price"), func(s *offer.Situation) { s.Unsolved, s.Wronged = 1, true }), "incident: fix"},
		"so does one who goes to a competitor":      {with(situation("cheaper_elsewhere"), func(s *offer.Situation) { s.Unsolved = 1 }), "incident: fix"},
		"a wrong without a complaint is heard":      {with(situation("service"), func(s *offer.Situation) { s.Wronged = true }), "wronged: call"},
		"a death gets nothing":                      {situation("health"), "quiet: -"},
		"a price without a margin gets no discount": {situation("price_worth"), "price: !discount=margin_unknown pause"},
		"what is hard is taught":                    {situation("too_complex"), "hard_to_use: training"},
		"no reason gets nothing":                    {situation(""), ": -"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := sayOf(decide(t, p, c.s)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestNoFileSwitchesAGuardOff(t *testing.T) {
	t.Parallel()
	p := policyOf(t, rules, good)
	for name, c := range map[string]struct {
		change func(*offer.Situation)
		want   string
	}{
		"as it is":             {func(*offer.Situation) {}, "dear: less"},
		"asked already":        {func(s *offer.Situation) { s.Proposed = true }, "dear: !less=once -"},
		"not long ago":         {func(s *offer.Situation) { s.Accepted, s.Since = 1, offer.LeastCooldown-1 }, "dear: !less=cooldown -"},
		"long ago":             {func(s *offer.Situation) { s.Accepted, s.Since = 1, offer.LeastCooldown }, "dear: less"},
		"too many in a life":   {func(s *offer.Situation) { s.Accepted, s.Since = offer.MostInLife, 4000 }, "dear: !less=lifetime -"},
		"below cost":           {func(s *offer.Situation) { m := int64(399); s.Margin = &m }, "dear: !less=margin -"},
		"just above cost":      {func(s *offer.Situation) { m := int64(400); s.Margin = &m }, "dear: less"},
		"no price":             {func(s *offer.Situation) { s.Price = money.Amount{} }, "dear: !less=price -"},
		"several contracts":    {func(s *offer.Situation) { s.Leaving = 2 }, "dear: !less=price -"},
		"the packs allow none": {func(s *offer.Situation) { s.Places = []string{"none"} }, "dear: !less=place -"},
		"its own guard":        {func(s *offer.Situation) { s.Months = 5 }, "dear: !less=own -"},
		"its own, not known":   {func(s *offer.Situation) { s.Months = -1 }, "dear: !less=own_unknown -"},
		"quiet":                {func(s *offer.Situation) { s.Quiet = true }, "dear: !less=quiet -"},
		"broken, nobody asked": {func(s *offer.Situation) { s.During, s.Unsolved = true, 1 }, "dear: !less=during -"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := situation("price_rise")
			c.change(&s)
			if got := sayOf(decide(t, p, s)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestMoneyOfAnotherCurrencyIsNotOffered(t *testing.T) {
	t.Parallel()
	p := policyOf(t, rules, strings.Replace(good, "percent: 20", `off: "3.00 USD"`, 1))
	if got := sayOf(decide(t, p, situation("price"))); got != "dear: !less=currency -" {
		t.Error(got)
	}
}

func TestWhatIsNotKnownIsToldAndTheNextLineDecides(t *testing.T) {
	t.Parallel()
	src := strings.Replace(rules, "  - id: dear", `  - id: rich
    segment: [gold]
    when: value.expected > 100
    offers: []
    why: {es: "b", en: "b", de: "b", fr: "b"}
  - id: dear`, 1)
	p := policyOf(t, src, good)
	s := situation("price")
	d := decide(t, p, s)
	if got := sayOf(d); got != "dear: less" || len(d.Unread) != 1 || strings.Join(d.Unread[0].Missing, " ") != "segments value.expected" {
		t.Errorf("%s, unread %v", got, d.Unread)
	}
	worth := int64(500)
	s.Segments, s.Expected = []string{"gold"}, &worth
	if got := sayOf(decide(t, p, s)); got != "rich: -" {
		t.Error(got)
	}
}

func TestTheHighestRankDecides(t *testing.T) {
	t.Parallel()
	src := strings.Replace(rules, "choose: first", "choose: ranked", 1) + `  - id: higher
    rank: 5
    reason: [price]
    offers: []
    why: {es: "b", en: "b", de: "b", fr: "b"}
`
	if got := sayOf(decide(t, policyOf(t, src, good), situation("price"))); got != "higher: -" {
		t.Error(got)
	}
}

func TestWordsAreFilledWithWhatTheyPay(t *testing.T) {
	t.Parallel()
	p := policyOf(t, rules, good)
	d := decide(t, p, situation("price"))
	c := customer.Subscription{Amount: money.Amount{Minor: 2420, Currency: "EUR"}, Interval: customer.Monthly}
	c.Terms.Tax.Rate = 2100
	w := d.Say("es", offer.Terms{Until: when.Date{Year: 2026, Month: 12, Day: 9}, Contract: c})
	if want := "19,36 € en vez de 24,20 €"; strings.ReplaceAll(w.What, "\u00a0", " ") != want {
		t.Errorf("%q, want %q", w.What, want)
	}
}

// code is any reason of the taxonomy, or none.
func code(t *rapid.T) string {
	codes := []string{""}
	for _, r := range reason.Builtin().Reasons {
		codes = append(codes, r.Code)
	}
	return rapid.SampledFrom(codes).Draw(t, "reason")
}

// The same situation has the same menu: whatever differs that is no declared
// fact, the decision is the same to the last word.
func TestTheSameSituationHasTheSameAnswer(t *testing.T) {
	t.Parallel()
	own := policyOf(t, rules, good)
	rapid.Check(t, func(t *rapid.T) {
		day := when.Date{Year: 2026, Month: 11, Day: 29}
		some := func(name string) string { return rapid.StringMatching(`[A-Za-zÀ-ÿ ]{0,20}`).Draw(t, name) }
		hour := func(name string) time.Time {
			return time.Date(2026, 11, 29, rapid.IntRange(0, 23).Draw(t, name), rapid.IntRange(0, 59).Draw(t, name), 0, 0, time.UTC)
		}
		stated := code(t)
		interval := rapid.SampledFrom(customer.Intervals).Draw(t, "interval")
		price, months := rapid.Int64Range(1, 100_000).Draw(t, "price"), rapid.IntRange(0, 40).Draw(t, "months")
		consumer, wronged, unsolved := rapid.Bool().Draw(t, "consumer"), rapid.Bool().Draw(t, "wronged"), rapid.Bool().Draw(t, "unsolved")
		since := rapid.IntRange(-1, 800).Draw(t, "since")
		record := func(who string) offer.Record {
			r := offer.Record{Today: day, Taxonomy: reason.Builtin(), Wronged: wronged, Zone: time.UTC}
			// What makes no difference.
			r.Customer = customer.Customer{
				ID: customer.ID(some(who + "id")), Name: some(who + "name"), Reference: some(who + "reference"), Country: some(who + "country"),
				Region: some(who + "region"), Language: some(who + "language"), CreatedAt: hour(who + "created"), Version: rapid.Int64().Draw(t, who+"version"),
			}
			// What does.
			r.Customer.Kind, r.Customer.Consumer = customer.Person, consumer
			if stated != "" {
				found, _ := reason.Builtin().Find(stated)
				r.Stated = &reason.Given{Code: stated, Attribution: found.Attribution, By: some(who + "agent"), At: hour(who + "at"), Text: some(who + "text")}
			}
			if unsolved {
				r.Complaints = []relationship.Complaint{{State: relationship.Open, What: some(who + "what")}}
			}
			if since >= 0 {
				at := day.AddDays(-since).Start(time.UTC).Add(time.Duration(rapid.IntRange(0, 23).Draw(t, who+"hour")) * time.Hour)
				r.Past = []offer.Offer{{Kind: offer.Discount, State: offer.Applied, AnsweredAt: at, OfferedBy: some(who + "by"), Heard: some(who + "heard")}}
			}
			r.Leaving = []customer.Subscription{{
				ID: customer.SubscriptionID(some(who + "sub")), Reference: some(who + "number"), Product: "faro", Plan: "equipo",
				Amount: money.Amount{Minor: price, Currency: "EUR"}, Interval: interval, Start: day.AddMonths(-months),
			}}
			return r
		}
		one, other := offer.Observe(record("a.")), offer.Observe(record("b."))
		for _, p := range []*offer.Policy{offer.Builtin(), own} {
			a, err := p.Decide(one)
			if err != nil {
				t.Fatal(err)
			}
			b, err := p.Decide(other)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("%s and %s", sayOf(a), sayOf(b))
			}
		}
	})
}

// What is left after a discount, over any life that a customer may have within
// its term, is never expected to be below zero. It is computed here otherwise
// than the guard does: as an expectation over survival.
func TestNothingIsSoldBelowCostToKeepSomebody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		percent, charges := rapid.IntRange(1, 100).Draw(t, "percent"), rapid.IntRange(1, 12).Draw(t, "charges")
		file := strings.Replace(good, "{percent: 20, charges: 3}", "{percent: "+itoa(percent)+", charges: "+itoa(charges)+"}", 1)
		files := []offer.File{{Name: "policy.yaml", Source: []byte(rules)}, {Name: "less.yaml", Source: []byte(file)}}
		p, err := offer.Read(files, reason.Builtin())
		if err != nil {
			t.Fatal(err)
		}
		s := situation("price")
		s.Price.Minor = rapid.Int64Range(1, 1_000_000).Draw(t, "price")
		margin := rapid.Int64Range(-1000, s.Price.Minor).Draw(t, "margin")
		s.Margin = &margin
		d, err := p.Decide(s)
		if err != nil {
			t.Fatal(err)
		}
		paid := s.Price.Minor * int64(100-percent) / 100
		cost := s.Price.Minor - margin
		if d.Offer == nil {
			if paid >= cost && paid < s.Price.Minor {
				t.Fatalf("%s though %d bears %d", sayOf(d), paid, cost)
			}
			return
		}
		expected, stays := new(big.Rat), big.NewRat(1, 1)
		for range charges {
			stays.Mul(stays, big.NewRat(rapid.Int64Range(0, 100).Draw(t, "stays"), 100))
			expected.Add(expected, new(big.Rat).Mul(stays, new(big.Rat).SetInt64(paid-cost)))
		}
		if expected.Sign() < 0 {
			t.Fatalf("%s is expected to lose %s", sayOf(d), expected.FloatString(2))
		}
	})
}

// However often somebody leaves in their life, and however long they wait, accepting
// whatever is proposed each time: what gives something comes three times at most, and
// half a year apart at least. No policy loosens that.
func TestLeavingAgainAndAgainBringsNothingMore(t *testing.T) {
	t.Parallel()
	policies := []*offer.Policy{
		policyOf(t, rules, good),
		policyOf(t, strings.Replace(rules, "choose: first", "choose: ranked", 1), good),
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(policies).Draw(t, "policy")
		day := when.Date{Year: 2026, Month: 1, Day: 1}
		began := day.AddMonths(-rapid.IntRange(12, 60).Draw(t, "since"))
		var past []offer.Offer
		var got []when.Date
		for range rapid.IntRange(1, 30).Draw(t, "departures") {
			day = day.AddDays(rapid.IntRange(1, 300).Draw(t, "later"))
			found, _ := reason.Builtin().Find("price_rise")
			d, err := p.Decide(offer.Observe(offer.Record{
				Today: day, Taxonomy: reason.Builtin(), Zone: time.UTC, Past: past,
				Customer: customer.Customer{Kind: customer.Person, Consumer: true},
				Stated:   &reason.Given{Code: found.Code, Attribution: found.Attribution},
				Leaving:  []customer.Subscription{{Product: "faro", Plan: "equipo", Amount: money.Amount{Minor: 2000, Currency: "EUR"}, Interval: customer.Monthly, Start: began}},
			}))
			if err != nil {
				t.Fatal(err)
			}
			if d.Offer == nil {
				continue
			}
			state := rapid.SampledFrom([]offer.State{offer.Accepted, offer.Applied, offer.Declined}).Draw(t, "answer")
			past = append(past, offer.Offer{Kind: d.Offer.Kind, State: state, AnsweredAt: day.Start(time.UTC)})
			if state != offer.Declined { // a discount: it gives something
				got = append(got, day)
			}
		}
		if len(got) > offer.MostInLife {
			t.Fatalf("it came %d times: %v", len(got), got)
		}
		for i := 1; i < len(got); i++ {
			if gap := got[i-1].DaysUntil(got[i]); gap < offer.LeastCooldown {
				t.Fatalf("it came %d days after the last: %v", gap, got)
			}
		}
	})
}

func itoa(n int) string { return big.NewInt(int64(n)).String() }

// Of a segment of which nobody can tell, a line that speaks of it is unread; of the
// others what is known decides.
func TestWhatNobodyCanTellOfASegmentIsUnread(t *testing.T) {
	t.Parallel()
	p := segments(t)
	for _, c := range []struct {
		in, unsure   []string
		line, unread string
	}{
		{[]string{"dear"}, nil, "dear", ""},
		{[]string{"dear"}, []string{"late"}, "dear", "either"},
		{[]string{}, []string{"dear"}, "rest", "dear"},
		{[]string{}, []string{"late"}, "rest", "either"},
		{[]string{}, nil, "rest", ""},
		{[]string{"late"}, nil, "either", ""},
		{nil, nil, "rest", "dear"},
	} {
		d, err := p.Decide(offer.Situation{Segments: c.in, Unsure: c.unsure, Months: -1, Since: -1})
		if err != nil {
			t.Fatal(err)
		}
		unread := ""
		if len(d.Unread) > 0 {
			unread = d.Unread[0].Line
		}
		if d.Line != c.line || unread != c.unread {
			t.Errorf("in %v, unsure %v: line %q, unread %q", c.in, c.unsure, d.Line, unread)
		}
	}
}

func segments(t *testing.T) *offer.Policy {
	t.Helper()
	const why = `why: {es: "x", en: "x", de: "x", fr: "x"}`
	src := `policy: house
choose: first
answers: person
lines:
  - {id: dear, segment: [dear], ` + why + `}
  - {id: either, when: "'late' in segments", ` + why + `}
  - {id: rest, ` + why + `}
`
	p, err := offer.Read([]offer.File{{Name: offer.PolicyFile, Source: []byte(src)}}, reason.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	return p
}
