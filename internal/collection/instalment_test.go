package collection_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/collection"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// However a sum is divided: the parts add up to it to the smallest unit of its
// currency, none is zero, no two differ by more than one unit, and each is due a
// month after the one before, whatever the month.
func TestPartsAddUpToTheCent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(collection.LeastParts, collection.MostParts).Draw(t, "n")
		sum := money.Amount{
			Minor:    rapid.Int64Range(int64(n), 1<<50).Draw(t, "minor"),
			Currency: rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "CLF"}).Draw(t, "currency"),
		}
		today := first.AddDays(rapid.IntRange(0, 800).Draw(t, "today"))
		begin := today.AddDays(rapid.IntRange(0, 45).Draw(t, "begin"))
		parts, err := collection.Divide(sum, n, begin, today)
		if err != nil || len(parts) != n {
			t.Fatalf("%d parts: %v", len(parts), err)
		}
		total := int64(0)
		for i, p := range parts {
			total += p.Minor
			if p.Minor < 1 || parts[0].Minor-p.Minor > 1 || p.On != begin.AddMonths(i) || i > 0 && !parts[i-1].On.Before(p.On) {
				t.Fatalf("part %d of %v: %+v", i, sum, parts)
			}
		}
		if total != sum.Minor {
			t.Fatalf("%v became %d", sum, total)
		}
	})
}

// Whatever happens in whatever order: only the other side agrees, what is over
// stays over, a part is paid once, nothing rests once a part is late, and it is done
// exactly with the last part.
func TestAPlanIsAgreedByTheOtherSide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts, err := collection.Divide(money.Amount{Minor: 1000, Currency: "EUR"}, rapid.IntRange(2, 5).Draw(t, "n"), first, first)
		if err != nil {
			t.Fatal(err)
		}
		began := rapid.SampledFrom([]collection.PlanState{collection.Asked, collection.Proposed}).Draw(t, "began")
		p := collection.Plan{State: began, Parts: parts}
		for n := range 60 {
			today := first.AddDays(5 * n)
			was := p
			customer := rapid.Bool().Draw(t, "customer")
			switch rapid.SampledFrom([]string{"yes", "no", "pay", "pay", "pay", "end", ""}).Draw(t, "event") {
			case "yes":
				_ = p.Answer(customer, true, "x", at(today))
			case "no":
				_ = p.Answer(customer, false, "x", at(today))
			case "pay":
				_ = p.Pay(rapid.IntRange(-1, 6).Draw(t, "part"), today, at(today))
			case "end":
				if rapid.IntRange(0, 20).Draw(t, "sure") == 0 {
					_ = p.To(collection.Ended, at(today))
				}
			}
			over := was.State != collection.Asked && was.State != collection.Proposed && was.State != collection.Agreed
			switch {
			case over && p.State != was.State:
				t.Fatalf("%s became %s", was.State, p.State)
			case p.State == collection.Agreed && was.State != collection.Agreed && customer != (began == collection.Proposed):
				t.Fatalf("whoever %s it agreed", began)
			case (p.State == collection.Done) != (p.Left() == 0):
				t.Fatalf("%s with %d left", p.State, p.Left())
			case p.Left() > was.Left():
				t.Fatalf("%d left, then %d", was.Left(), p.Left())
			}
			late := false
			for _, x := range p.Parts {
				late = late || x.State(today) == "late"
			}
			if rest := p.Rest(today, first); p.State == collection.Agreed && late != rest.IsZero() || !rest.IsZero() && rest.Before(today) {
				t.Fatalf("%s on %s rests until %s: %+v", p.State, today, rest, p.Parts)
			}
		}
	})
}

func TestWhatCannotBeDividedIsRefused(t *testing.T) {
	t.Parallel()
	eur := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: "EUR"} }
	for name, c := range map[string]struct {
		sum   money.Amount
		n     int
		first when.Date
		code  string
	}{
		"one part":       {eur(1000), 1, first, "collection.parts"},
		"too many":       {eur(1000), collection.MostParts + 1, first, "collection.parts"},
		"less than each": {eur(2), 3, first, "collection.parts"},
		"yesterday":      {eur(1000), 2, first.AddDays(-1), "collection.day"},
		"too late":       {eur(1000), 2, first.AddDays(46), "collection.day"},
		"no day":         {eur(1000), 2, when.Date{}, "collection.day"},
	} {
		if _, err := collection.Divide(c.sum, c.n, c.first, first); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if collection.MayPlan([]collection.Plan{{State: collection.Refused}, {State: collection.Refused}, {State: collection.Ended}}) != nil {
		t.Error("two refused, and no third")
	}
	if fault.CodeOf(collection.MayPlan([]collection.Plan{{State: collection.Refused}, {State: collection.Refused}, {State: collection.Refused}})) != "collection.plans_over" {
		t.Error("a fourth")
	}
}

// Of a plan no more counts as paid elsewhere than less is open, in the order of its
// parts, and what was noted as paid stays so.
func TestAPlanHeedsWhatIsOpen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := collection.Plan{State: collection.Agreed}
		for i := range rapid.IntRange(1, 6).Draw(t, "parts") {
			x := collection.Part{On: first.AddMonths(i), Minor: rapid.Int64Range(1, 1000).Draw(t, "minor")}
			if rapid.Bool().Draw(t, "paid") {
				x.Paid = first
			}
			p.Parts = append(p.Parts, x)
		}
		open := rapid.Int64Range(0, 6000).Draw(t, "open")
		h := p.Heed(open, first.AddDays(1))
		if h.Left() < min(open, p.Left()) || h.Left() > p.Left() {
			t.Fatalf("%d of %d is open, and %d is left", open, p.Left(), h.Left())
		}
		skipped := false
		for i, x := range p.Parts {
			switch {
			case !x.Paid.IsZero() && h.Parts[i] != x, x.Paid.IsZero() && skipped && !h.Parts[i].Paid.IsZero():
				t.Fatalf("part %d of %+v became %+v", i, p.Parts, h.Parts)
			case x.Paid.IsZero() && h.Parts[i].Paid.IsZero():
				if !skipped && h.Left()-x.Minor >= open {
					t.Fatalf("%d is open, and part %d of %+v is not paid", open, i, h.Parts)
				}
				skipped = true
			}
		}
	})
}
