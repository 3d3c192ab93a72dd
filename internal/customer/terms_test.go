package customer_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/settlement"
	"hastaluego/internal/when"
)

// What is noted as used comes to what a statement computes of it, tax and all.
func TestUseComesToWhatAStatementComputes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := customer.Used{
			Quantity: rapid.Int64Range(0, 1e9).Draw(t, "quantity"), Free: rapid.Int64Range(0, 1e6).Draw(t, "free"), Per: rapid.Int64Range(1, 1e4).Draw(t, "per"),
			Price: rapid.Int64Range(1, 1e7).Draw(t, "price"), Tax: customer.Tax{Rate: rapid.Int64Range(0, 10_000).Draw(t, "rate"), OnTop: rapid.Bool().Draw(t, "on top")},
		}
		currency := rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(t, "currency")
		b := customer.Balance{Reference: "U", Kind: customer.Usage, Amount: money.Amount{Currency: currency}, Status: customer.Due, Used: u}
		if l := b.Tidy(); len(l) > 0 {
			t.Fatal(l)
		}
		s, err := settlement.Compute(settlement.Input{Asked: when.Date{Year: 2026, Month: 3, Day: 1}, Usage: []settlement.Usage{{
			Ref: "U", Quantity: u.Quantity, Free: u.Free, Per: u.Per, Price: money.Amount{Minor: u.Price, Currency: currency}, Tax: settlement.Tax{Rate: u.Tax.Rate, Included: !u.Tax.OnTop},
		}}}, settlement.Now)
		if err != nil {
			t.Fatal(err)
		}
		var total, tax int64
		for _, x := range s.Sections {
			total, tax = total-x.Total.Minor, tax-x.Tax
		}
		if b.Amount.Minor != total || b.Tax != tax {
			t.Fatalf("noted are %d with %d, the statement says %d with %d", b.Amount.Minor, b.Tax, total, tax)
		}
		again := b
		if l := again.Tidy(); len(l) > 0 || again != b {
			t.Fatalf("noted again: %+v, %v", again, l)
		}
	})
}

func TestPercentagesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{"21": 2100, "10.5": 1050, "5,25": 525, " 0 ": 0, "100": 10_000, "7.00": 700} {
		n, err := customer.ParsePercent(in)
		if err != nil || n != want {
			t.Errorf("%q: %d, %v", in, n, err)
		}
		if back, err := customer.ParsePercent(customer.Percent(n)); err != nil || back != n {
			t.Errorf("%q is written %s", in, customer.Percent(n))
		}
	}
	for _, in := range []string{"", "-1", "100.01", "1e2", "21%", "1.234", "1000", ".5", "x"} {
		if n, err := customer.ParsePercent(in); err == nil {
			t.Errorf("%q is %d", in, n)
		}
	}
}
