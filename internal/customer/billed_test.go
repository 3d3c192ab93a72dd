package customer_test

import (
	"testing"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// What is read is written as it is read, and what is stored is what was said.
func FuzzShares(f *testing.F) {
	for _, s := range []string{"C-1", "C-1 = 10; C-2=5", "", ";;", "A=B=3", "C-1; C-2", "= 4", "C-1 = -1", "C 1=9223372036854775808"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		shares, wrong := customer.ParseShares(s)
		if wrong != nil {
			if wrong.Code != "balance.contracts" {
				t.Fatal(wrong)
			}
			return
		}
		b := bill()
		b.Billed.Contracts = shares
		if len(b.Tidy()) > 0 || shares == "" {
			return
		}
		again, wrong := customer.ParseShares(customer.SharesText(b.Billed.Contracts))
		if wrong != nil || again != b.Billed.Contracts {
			t.Fatalf("%q became %q, written %q and read %q: %v", s, b.Billed.Contracts, customer.SharesText(b.Billed.Contracts), again, wrong)
		}
		if customer.SharesOf(again.List()) != again {
			t.Fatalf("%q is stored as %q", again, customer.SharesOf(again.List()))
		}
	})
}

func bill() customer.Balance {
	from := when.Date{Year: 2026, Month: 6, Day: 1}
	return customer.Balance{
		Reference: "F-9", Kind: customer.Invoice, Status: customer.Due, Amount: money.Amount{Minor: 100, Currency: "EUR"},
		Billed: customer.Billed{Contracts: "1 C-1", From: from, Until: from.AddDays(29)},
	}
}

// What makes no sense about what a bill is for is refused with its field.
func TestWhatABillIsForIsChecked(t *testing.T) {
	t.Parallel()
	ok := bill()
	if l := ok.Tidy(); len(l) > 0 {
		t.Fatal(l)
	}
	for name, x := range map[string]struct {
		spoil       func(*customer.Balance)
		field, code string
	}{
		"a deposit":         {func(b *customer.Balance) { b.Kind = customer.Deposit }, "contracts", "balance.not_billed"},
		"a fee for days":    {func(b *customer.Balance) { b.Kind, b.Billed.Contracts = customer.Fee, "" }, "from", "balance.not_billed"},
		"no contract":       {func(b *customer.Balance) { b.Billed.Contracts = "" }, "contracts", "field.required"},
		"no first day":      {func(b *customer.Balance) { b.Billed.From = when.Date{} }, "from", "field.required"},
		"no last day":       {func(b *customer.Balance) { b.Billed.Until = when.Date{} }, "until", "field.required"},
		"backwards":         {func(b *customer.Balance) { b.Billed.Until = b.Billed.From.AddDays(-1) }, "until", "balance.until"},
		"two centuries":     {func(b *customer.Balance) { b.Billed.Until = b.Billed.From.AddDays(73_000) }, "until", "field.invalid"},
		"twice":             {func(b *customer.Balance) { b.Billed.Contracts = "1 C-1\n2 C-1" }, "contracts", "balance.contracts"},
		"of no weight":      {func(b *customer.Balance) { b.Billed.Contracts = "1 C-1\n0 C-2" }, "contracts", "balance.contracts"},
		"with a semicolon":  {func(b *customer.Balance) { b.Billed.Contracts = "1 C;1" }, "contracts", "balance.contracts"},
		"of what is nobody": {func(b *customer.Balance) { b.Billed.Contracts = "1 \n2 C-2" }, "contracts", "balance.contracts"},
	} {
		b := bill()
		x.spoil(&b)
		l := b.Tidy()
		if len(l) != 1 || l[0].Field != x.field || fault.CodeOf(l[0]) != x.code {
			t.Errorf("%s: %v", name, l)
		}
	}
}
