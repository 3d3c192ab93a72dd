package customer_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

func engaged(kind customer.EngagementKind, every customer.Interval) customer.Subscription {
	return customer.Subscription{
		Reference: "E-1", Product: "Web", Amount: money.Amount{Minor: 90000, Currency: "EUR"}, Interval: every, Start: when.Date{Year: 2026, Month: 1, Day: 31},
		Status: customer.Active, Engagement: customer.Engagement{Kind: kind, Billed: customer.Behind},
	}
}

func TestAnEngagementIsPaidAsItsKindSays(t *testing.T) {
	t.Parallel()
	for kind, want := range map[customer.EngagementKind]customer.Interval{customer.Project: customer.Once, customer.Hours: customer.Hourly, customer.Retainer: customer.Quarterly} {
		s := engaged(kind, customer.Quarterly)
		if l := s.Tidy(); len(l) > 0 || s.Interval != want || s.Interval.Recurs() != (kind == customer.Retainer) {
			t.Errorf("%s is paid %s: %v", kind, s.Interval, l)
		}
	}
	for name, s := range map[string]customer.Subscription{
		"a retainer paid once": engaged(customer.Retainer, customer.Once), "of no kind": engaged("friendship", customer.Monthly),
		"a product paid by the hour": {Reference: "S", Product: "Faro", Amount: money.Amount{Currency: "EUR"}, Interval: customer.Hourly, Start: when.Date{Year: 2026, Month: 1, Day: 1}, Status: customer.Active},
		"a product billed behind":    {Reference: "S", Product: "Faro", Amount: money.Amount{Currency: "EUR"}, Interval: customer.Monthly, Start: when.Date{Year: 2026, Month: 1, Day: 1}, Status: customer.Active, Engagement: customer.Engagement{Billed: customer.Behind}},
	} {
		if l := s.Tidy(); len(l) != 1 {
			t.Errorf("%s: %v", name, l)
		}
	}
}

// What is not paid again and again is charged by nothing, and is left on its
// agreed end or at once, never in the past.
func TestWorkThatDoesNotRecurEndsWhenItWasAgreed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := engaged(rapid.SampledFrom([]customer.EngagementKind{customer.Project, customer.Hours}).Draw(t, "kind"), "")
		if rapid.Bool().Draw(t, "an end is agreed") {
			s.TermEnd = s.Start.AddDays(rapid.IntRange(0, 800).Draw(t, "end"))
		}
		if l := s.Tidy(); len(l) > 0 {
			t.Fatal(l)
		}
		today := s.Start.AddDays(rapid.IntRange(0, 1600).Draw(t, "today"))
		want := today
		if today.Before(s.TermEnd) {
			want = s.TermEnd
		}
		if got := s.PaidThrough(today); got != want {
			t.Fatalf("agreed until %s, today %s: ends %s", s.TermEnd, today, got)
		}
		if all := s.Charges(s.Start.AddDays(-1), today.AddMonths(24)); len(all) > 0 || !s.NextCharge(today).IsZero() {
			t.Fatalf("charged on %v", all)
		}
	})
}

func TestADeliverableIsLateTheDayAfter(t *testing.T) {
	t.Parallel()
	due := when.Date{Year: 2026, Month: 3, Day: 31}
	d := customer.Deliverable{Title: " Página  de inicio ", Due: due}
	if l := d.Tidy(); len(l) > 0 || d.Late(due) || !d.Late(due.AddDays(1)) {
		t.Errorf("%+v %v", d, l)
	}
	if d.Delivered = due.AddDays(3); d.Late(due.AddDays(9)) {
		t.Error("what was delivered is late")
	}
	if l := (&customer.Deliverable{}).Tidy(); len(l) != 1 {
		t.Errorf("of nothing: %v", l)
	}
}

func TestAPieceHasASumOfSixtyFourDigitsOrNone(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0aF9", 16)
	for typed, want := range map[string]string{"": "", sum: strings.ToLower(sum), " " + sum[:32] + " " + sum[32:]: strings.ToLower(sum), sum[1:]: "piece.sha256", sum[1:] + "g": "piece.sha256"} {
		p := customer.Piece{Format: " PDF ", SHA256: typed}
		switch l := p.Tidy(); {
		case len(l) == 0 && (p.SHA256 != want || p.Format != "pdf"):
			t.Errorf("%q: %+v", typed, p)
		case len(l) > 0 && l[0].Code != want:
			t.Errorf("%q: %v", typed, l)
		}
	}
}

func TestARenewalHasADay(t *testing.T) {
	t.Parallel()
	day := when.Date{Year: 2027, Month: 3, Day: 1}
	for name, c := range map[string]struct {
		asset customer.Asset
		wrong string
	}{
		"nothing":           {customer.Asset{}, ""},
		"a day":             {customer.Asset{RenewsOn: day}, ""},
		"everything":        {customer.Asset{Owner: customer.OwnerThird, RenewsOn: day, Renewal: money.Amount{Minor: 1200, Currency: "EUR"}, Payer: customer.PayerClient}, ""},
		"a currency alone":  {customer.Asset{RenewsOn: day, Renewal: money.Amount{Currency: "EUR"}}, ""},
		"a cost without":    {customer.Asset{Renewal: money.Amount{Minor: 1200, Currency: "EUR"}}, "asset.renews_on"},
		"a payer without":   {customer.Asset{Payer: customer.PayerHouse}, "asset.renews_on"},
		"an owner unheard":  {customer.Asset{Owner: "mine"}, "field.choice"},
		"a cost below zero": {customer.Asset{RenewsOn: day, Renewal: money.Amount{Minor: -1, Currency: "EUR"}}, "field.invalid"},
		"no such currency":  {customer.Asset{RenewsOn: day, Renewal: money.Amount{Minor: 1, Currency: "ABC1"}}, "field.currency"},
	} {
		c.asset.Reference, c.asset.Name = "D-1", "riaalta.example"
		l := c.asset.Tidy()
		if got := ""; len(l) > 0 {
			got = l[0].Code
			if got != c.wrong {
				t.Errorf("%s: %v", name, l)
			}
		} else if c.wrong != "" {
			t.Errorf("%s: nothing is wrong", name)
		}
	}
}
