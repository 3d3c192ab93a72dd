package settlement_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/settlement"
	"hastaluego/internal/when"
)

var base = when.Date{Year: 2024, Month: 1, Day: 1}

// drawn is an input such as a company could have, with everything that can be
// in one.
func drawn(t *rapid.T) settlement.Input {
	zone, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Europe/Madrid", "America/Santiago", "America/New_York", "Asia/Tokyo"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	in := settlement.Input{Zone: zone, Measure: rapid.SampledFrom([]settlement.Measure{settlement.Days, settlement.Seconds}).Draw(t, "measure")}
	in.Asked = base.AddDays(rapid.IntRange(0, 1200).Draw(t, "asked"))
	in.Made = maybe(t, "made later", in.Asked.AddDays(rapid.IntRange(0, 200).Draw(t, "made")))
	in.AskedAt = in.Asked.Start(zone).Add(time.Duration(rapid.IntRange(0, 22*3600).Draw(t, "second")) * time.Second)
	for i := range rapid.IntRange(0, 3).Draw(t, "contracts") {
		in.Contracts = append(in.Contracts, drawnContract(t, in.Asked, fmt.Sprintf("C-%d", i)))
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "bills") {
		in.Bills = append(in.Bills, drawnBill(t, in.Contracts, fmt.Sprintf("F-%d", i)))
	}
	drawnRecord(t, &in)
	for i := range rapid.IntRange(0, 2).Draw(t, "usages") {
		in.Usage = append(in.Usage, settlement.Usage{
			Ref: fmt.Sprintf("U-%d", i), Quantity: rapid.Int64Range(0, 1_000_000).Draw(t, "quantity"), Free: rapid.Int64Range(0, 10_000).Draw(t, "free"),
			Price: drawnMoney(t, 0, 10_000), Per: rapid.SampledFrom([]int64{1, 10, 1000}).Draw(t, "per"), Tax: drawnTax(t),
		})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "sums") {
		a := drawnMoney(t, 0, 100_000)
		in.Sums = append(in.Sums, settlement.Sum{Kind: rapid.SampledFrom(settlement.SumKinds).Draw(t, "kind"), Ref: fmt.Sprintf("S-%d", i), Amount: a, Tax: rapid.Int64Range(0, a.Minor).Draw(t, "tax")})
	}
	if len(in.Contracts) > 0 && rapid.IntRange(0, 2).Draw(t, "has books") == 0 {
		drawnBooks(t, &in)
	}
	return in
}

// drawnRecord marks some bills as recorded, and draws periods that count as paid
// without one.
func drawnRecord(t *rapid.T, in *settlement.Input) {
	for i := range in.Bills {
		in.Bills[i].Recorded = rapid.Bool().Draw(t, "bill recorded")
	}
	for _, c := range in.Contracts {
		for n := range rapid.IntRange(0, 2).Draw(t, "paid periods") {
			from := latest(c.Start, in.Asked.AddDays(30*(n-1)))
			in.Bills = append(in.Bills, settlement.Bill{
				Ref: fmt.Sprintf("P-%d of %s", n, c.Ref), Contract: c.Ref, From: from, Until: from.AddDays(29), Amount: drawnMoney(t, 0, 100_000), Included: true, Recorded: true, Presumed: true,
			})
		}
	}
}

// drawnBooks draws what billing systems say of some contracts, some of it in
// several books, and marks some of what else there is as recorded.
func drawnBooks(t *rapid.T, in *settlement.Input) {
	in.Whole = rapid.Bool().Draw(t, "whole")
	for i := range in.Usage {
		in.Usage[i].Recorded = rapid.Bool().Draw(t, "use recorded")
		if rapid.Bool().Draw(t, "use of one") {
			in.Usage[i].Contract = rapid.SampledFrom(in.Contracts).Draw(t, "used").Ref
		}
	}
	for i := range in.Sums {
		in.Sums[i].Recorded = rapid.Bool().Draw(t, "sum recorded")
	}
	for _, c := range in.Contracts {
		if rapid.IntRange(0, 3).Draw(t, "without books") == 0 {
			continue
		}
		b := settlement.Books{System: rapid.SampledFrom([]string{"stripe", "erp"}).Draw(t, "system"), Account: rapid.SampledFrom([]string{"cus_1", "cus_2"}).Draw(t, "account"), Contract: c.Ref}
		for range rapid.IntRange(0, 2).Draw(t, "open invoices") {
			x := drawnBill(t, in.Contracts, fmt.Sprintf("F-%d", rapid.IntRange(0, 5).Draw(t, "no")))
			x.Contract, x.Shares, x.Included = "", nil, true
			if x.Amount.Minor < 0 {
				x.Amount.Minor, x.Tax = -x.Amount.Minor, -x.Tax
			}
			x.Open, x.Returned = rapid.Int64Range(0, x.Amount.Minor).Draw(t, "still open"), rapid.Int64Range(0, x.Amount.Minor).Draw(t, "came back")
			b.Invoices = append(b.Invoices, x)
		}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			x := settlement.Item{
				Ref: fmt.Sprintf("ii_%d", rapid.IntRange(0, 5).Draw(t, "item")), Amount: drawnMoney(t, -20_000, 50_000), Used: rapid.Bool().Draw(t, "is use"), Prorated: rapid.Bool().Draw(t, "prorated"),
			}
			if x.Amount.Minor < 0 {
				x.Tax = -rapid.Int64Range(0, -x.Amount.Minor).Draw(t, "tax back")
			} else {
				x.Tax = rapid.Int64Range(0, x.Amount.Minor).Draw(t, "item tax")
			}
			if from := maybe(t, "item for", in.Asked.AddDays(rapid.IntRange(-40, 40).Draw(t, "item from"))); !from.IsZero() {
				x.From, x.Until = from, from.AddDays(30)
			}
			b.Items = append(b.Items, x)
		}
		for range rapid.IntRange(0, 2).Draw(t, "balances") {
			b.Balances = append(b.Balances, drawnMoney(t, -10_000, 10_000))
		}
		in.Books = append(in.Books, b)
	}
}

func drawnMoney(t *rapid.T, least, most int64) money.Amount {
	return money.Amount{Minor: rapid.Int64Range(least, most).Draw(t, "minor"), Currency: rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "CLP"}).Draw(t, "currency")}
}

func drawnTax(t *rapid.T) settlement.Tax {
	return settlement.Tax{Rate: rapid.SampledFrom([]int64{0, 770, 1900, 2100}).Draw(t, "rate"), Included: rapid.Bool().Draw(t, "included")}
}

func maybe(t *rapid.T, name string, d when.Date) when.Date {
	if rapid.Bool().Draw(t, name) {
		return d
	}
	return when.Date{}
}

func drawnContract(t *rapid.T, asked when.Date, ref string) settlement.Contract {
	c := settlement.Contract{
		Ref: ref, Start: asked.AddDays(-rapid.IntRange(0, 900).Draw(t, "age")), Interval: rapid.SampledFrom(customer.Prices).Draw(t, "interval"),
		Notice: rapid.SampledFrom([]int{0, 0, 15, 30, 90}).Draw(t, "notice"), NotRenewed: rapid.Bool().Draw(t, "not renewed"),
	}
	c.BilledUntil = maybe(t, "billed", latest(c.Start, asked.AddDays(rapid.IntRange(-60, 300).Draw(t, "billed until"))))
	c.Trial = maybe(t, "trial", c.Start.AddDays(rapid.IntRange(0, 30).Draw(t, "trial days")))
	c.Term = maybe(t, "term", c.Start.AddDays(rapid.IntRange(0, 1000).Draw(t, "term days")))
	c.Minimum = maybe(t, "minimum", c.Start.AddDays(rapid.IntRange(0, 1000).Draw(t, "minimum days")))
	if rapid.IntRange(0, 5).Draw(t, "fixed") == 0 {
		c.Ends = latest(c.Start, asked.AddDays(rapid.IntRange(0, 100).Draw(t, "ends")))
	}
	from := c.Start
	for range rapid.IntRange(0, 2).Draw(t, "prices") {
		c.Prices = append(c.Prices, settlement.Price{From: from, Amount: drawnMoney(t, 0, 100_000), Tax: drawnTax(t)})
		from = from.AddDays(rapid.IntRange(1, 400).Draw(t, "price days"))
	}
	if rapid.Bool().Draw(t, "commitment") {
		c.Commitment = &settlement.Commitment{
			Kind: rapid.SampledFrom([]settlement.FeeKind{settlement.Fixed, settlement.Benefit, settlement.Remaining, settlement.Device}).Draw(t, "fee"),
			From: c.Start, Until: c.Start.AddDays(rapid.IntRange(0, 1000).Draw(t, "committed")), Sum: drawnMoney(t, 0, 100_000), Percent: rapid.Int64Range(0, 100).Draw(t, "percent"), Tax: drawnTax(t),
			Benefit: rapid.Int64Range(0, 100_000).Draw(t, "benefit"), Unpaid: rapid.Int64Range(0, 100_000).Draw(t, "unpaid"), Shown: rapid.Int64Range(0, 100_000).Draw(t, "shown"),
		}
	}
	c.Law = settlement.Law{
		Refund: rapid.SampledFrom([]settlement.Way{settlement.ProRata, settlement.ProRata, settlement.Full, settlement.None}).Draw(t, "refund"), After: rapid.Bool().Draw(t, "after"),
		NoticeLast: maybe(t, "notice law", asked.AddDays(rapid.IntRange(0, 40).Draw(t, "notice last"))), LockMost: maybe(t, "lock law", c.Start.AddDays(rapid.IntRange(0, 730).Draw(t, "lock most"))),
		FreeRenewed: rapid.Bool().Draw(t, "free renewed"), Free: rapid.IntRange(0, 9).Draw(t, "free") == 0,
	}
	for range rapid.IntRange(0, 2).Draw(t, "caps") {
		x := settlement.Cap{Formula: rapid.SampledFrom([]settlement.Formula{"", settlement.BenefitProRata, settlement.UnpaidDevice, settlement.RemainingFees, settlement.RealDamage}).Draw(t, "formula")}
		switch x.Formula {
		case "":
			m := drawnMoney(t, 0, 50_000)
			x.Minor, x.Currency = m.Minor, m.Currency
		case settlement.RemainingFees:
			x.Percent = rapid.Int64Range(1, 100).Draw(t, "percent of it")
		}
		c.Law.Most = append(c.Law.Most, x)
	}
	return c
}

func latest(a, b when.Date) when.Date {
	if a.Before(b) {
		return b
	}
	return a
}

func drawnBill(t *rapid.T, contracts []settlement.Contract, ref string) settlement.Bill {
	b := settlement.Bill{Ref: ref, Amount: drawnMoney(t, -20_000, 100_000), Included: rapid.Bool().Draw(t, "tax included")}
	if b.Amount.Minor >= 0 {
		b.Tax = rapid.Int64Range(0, b.Amount.Minor).Draw(t, "bill tax")
		whole := b.Amount.Minor + b.Tax
		if b.Included {
			whole = b.Amount.Minor
		}
		b.Open, b.Returned = rapid.Int64Range(0, whole).Draw(t, "open"), rapid.Int64Range(0, whole).Draw(t, "returned")
	} else {
		b.Tax = -rapid.Int64Range(0, -b.Amount.Minor).Draw(t, "credit tax")
	}
	if len(contracts) == 0 {
		return b
	}
	of := rapid.SampledFrom(contracts).Draw(t, "of")
	b.Contract = of.Ref
	b.From = of.Start.AddDays(rapid.IntRange(0, 1000).Draw(t, "bill from"))
	b.Until = b.From.AddDays(rapid.IntRange(0, 400).Draw(t, "bill days"))
	if rapid.IntRange(0, 3).Draw(t, "shared") == 0 {
		b.Contract = ""
		for _, c := range contracts {
			b.Shares = append(b.Shares, settlement.Share{Contract: c.Ref, Weight: uint64(rapid.IntRange(0, 50).Draw(t, "weight"))})
		}
		if rapid.Bool().Draw(t, "one stays") {
			b.Shares = append(b.Shares, settlement.Share{Contract: "K-9", Weight: uint64(rapid.IntRange(0, 50).Draw(t, "its weight")), Stays: true})
		}
	}
	return b
}

func compute(t *rapid.T, in settlement.Input, choice settlement.Choice) settlement.Statement {
	s, err := settlement.Compute(in, choice)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Lines add up to their total, each has its tax within it, none is of another
// currency, and the same input gives the same statement.
func TestLinesAddUpAndNothingDependsOnChance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		for _, choice := range settlement.Choices {
			s := compute(t, in, choice)
			if again := compute(t, in, choice); !reflect.DeepEqual(s, again) {
				t.Fatalf("twice the same became\n%+v\n%+v", s, again)
			}
			for _, x := range s.Sections {
				var total, tax int64
				for _, l := range x.Lines {
					total, tax = total+l.Amount.Minor, tax+l.Tax
					if l.Amount.Currency != x.Currency || l.Tax != 0 && (l.Tax < 0) != (l.Amount.Minor < 0) || max(l.Tax, -l.Tax) > max(l.Amount.Minor, -l.Amount.Minor) {
						t.Fatalf("in a section of %s: %+v", x.Currency, l)
					}
				}
				if total != x.Total.Minor || tax != x.Tax {
					t.Fatalf("%d and %d of tax are %+v", total, tax, x)
				}
			}
		}
	})
}

// A balance is due when it was told, and before the last contract ends unless the
// customer leaves now or is told too late for that.
func TestABalanceIsDueBeforeTheEndAndNeverBeforeItIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		told := latest(in.Asked, in.Made)
		for _, choice := range settlement.Choices {
			s := compute(t, in, choice)
			due, end := s.DueOn(), s.LastDay()
			if due.Before(told) {
				t.Fatalf("told on %s, due on %s", told, due)
			}
			if choice == settlement.End && told.Before(end) && due != end.AddDays(-1) {
				t.Fatalf("told on %s, due on %s, over on %s", told, due, end)
			}
			if late := told.AddDays(settlement.DaysToPay); late.Before(due) && due != end.AddDays(-1) {
				t.Fatalf("told on %s, due on %s", told, due)
			}
		}
	})
}

// charged and paid are what was charged for a bill's contracts, and what of it
// was paid and not given back.
func sums(s settlement.Statement, kinds ...settlement.Kind) map[string]int64 {
	out := map[string]int64{}
	for _, x := range s.Sections {
		for _, l := range x.Lines {
			if slices.Contains(kinds, l.Kind) && l.Why != "promised" {
				out[l.Ref] += l.Amount.Minor
			}
		}
	}
	return out
}

// What comes back of a bill is never more than was paid of it, what falls away
// never more than is open, and both are never more than was charged less what
// came back before. Whoever leaves later never gets more, and so now is never
// less than at the end.
func TestARefundIsNeverMoreThanWasPaidAndNeverGrowsWithTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		if in.Books = nil; len(in.Contracts) == 0 {
			return
		}
		for i := range in.Bills {
			if in.Bills[i].Amount.Minor < 0 {
				in.Bills[i].Amount.Minor, in.Bills[i].Tax = -in.Bills[i].Amount.Minor, -in.Bills[i].Tax
			}
		}
		first := latest(in.Asked, in.Contracts[0].Start)
		later := first.AddDays(rapid.IntRange(1, 200).Draw(t, "later"))
		on := func(d when.Date) map[string]int64 {
			x := in
			x.Contracts = slices.Clone(in.Contracts)
			for i := range x.Contracts {
				x.Contracts[i].Ends = latest(d, x.Contracts[i].Start)
			}
			s := compute(t, x, settlement.End)
			back, falls := sums(s, settlement.LineRefund), sums(s, settlement.LineRelief)
			both := map[string]int64{}
			for _, b := range in.Bills {
				whole := b.Amount.Minor
				if !b.Included {
					whole += b.Tax
				}
				if back[b.Ref] > whole-b.Open || back[b.Ref] < 0 || falls[b.Ref] > b.Open || back[b.Ref]+falls[b.Ref] > whole-b.Returned {
					t.Fatalf("of %+v comes back %d and falls away %d", b, back[b.Ref], falls[b.Ref])
				}
				both[b.Ref] = back[b.Ref] + falls[b.Ref]
			}
			return both
		}
		soon, late := on(first), on(later)
		for _, b := range in.Bills {
			if late[b.Ref] > soon[b.Ref] {
				t.Fatalf("of %+v comes back %d, and later %d", b, soon[b.Ref], late[b.Ref])
			}
		}
		now, end := compute(t, in, settlement.Now), compute(t, in, settlement.End)
		a, b := sums(now, settlement.LineRefund, settlement.LineRelief), sums(end, settlement.LineRefund, settlement.LineRelief)
		for _, x := range in.Bills {
			if a[x.Ref] < b[x.Ref] {
				t.Fatalf("of %+v comes back %d now and %d at the end", x, a[x.Ref], b[x.Ref])
			}
		}
		for i := range now.Ends {
			if end.Ends[i].On.Before(now.Ends[i].On) {
				t.Fatalf("the end %+v is before now %+v", end.Ends[i], now.Ends[i])
			}
		}
	})
}

// Bills of one currency that are fully unused and come back add up to what was
// charged, however they are split over contracts.
func TestASplitBillComesBackWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		if len(in.Contracts) == 0 {
			return
		}
		for i := range in.Contracts {
			in.Contracts[i].Law.Refund, in.Contracts[i].Law.After = settlement.Full, false
		}
		b := drawnBill(t, in.Contracts, "WHOLE")
		b.Contract, b.Shares, b.Open, b.Returned = "", nil, 0, 0
		for _, c := range in.Contracts {
			b.Shares = append(b.Shares, settlement.Share{Contract: c.Ref, Weight: rapid.Uint64Range(0, 1<<40).Draw(t, "share")})
		}
		in.Bills = []settlement.Bill{b}
		whole := b.Amount.Minor
		if !b.Included {
			whole += b.Tax
		}
		if got := sums(compute(t, in, settlement.Now), settlement.LineRefund)["WHOLE"]; got != whole {
			t.Fatalf("%d of %d came back: %+v", got, whole, b)
		}
	})
}

// A fee is never more than any cap of the law, and never grows with time.
func TestAFeeStaysBelowTheLawAndShrinks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		in.Bills, in.Usage, in.Sums, in.Books = nil, nil, nil, nil
		c := drawnContract(t, in.Asked, "K")
		c.Prices = nil
		if c.Commitment == nil {
			return
		}
		in.Contracts = []settlement.Contract{c}
		fee := func(on when.Date) int64 {
			in.Contracts[0].Ends = latest(on, c.Start)
			return -sums(compute(t, in, settlement.End), settlement.LineFee)["K"]
		}
		day := in.Asked.AddDays(rapid.IntRange(0, 100).Draw(t, "on"))
		soon, late := fee(day), fee(day.AddDays(rapid.IntRange(1, 100).Draw(t, "later")))
		if late > soon || soon < 0 {
			t.Fatalf("leaving costs %d, and later %d: %+v", soon, late, c)
		}
		for _, x := range c.Law.Most {
			if x.Formula == "" && (x.Currency == c.Commitment.Sum.Currency && soon > x.Minor || x.Currency != c.Commitment.Sum.Currency && soon > 0) {
				t.Fatalf("leaving costs %d, the law allows %+v", soon, x)
			}
		}
	})
}

// What cannot be computed is refused with its field, and never by a panic.
func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	d := when.Date{Year: 2026, Month: 4, Day: 1}
	ok := func() settlement.Input {
		return settlement.Input{
			Asked: d, Contracts: []settlement.Contract{{Ref: "C", Start: d, Interval: customer.Monthly}},
			Bills: []settlement.Bill{{Ref: "F", Contract: "C", From: d, Until: d.AddDays(29), Amount: money.Amount{Minor: 100, Currency: "EUR"}}},
		}
	}
	if _, err := settlement.Compute(ok(), settlement.Now); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*settlement.Input){
		"asked":                func(in *settlement.Input) { in.Asked = when.Date{} },
		"asked_at":             func(in *settlement.Input) { in.Measure = settlement.Seconds },
		"made":                 func(in *settlement.Input) { in.Made = d.AddDays(-1) },
		"bills.0.presumed":     func(in *settlement.Input) { in.Bills[0].Presumed = true },
		"measure":              func(in *settlement.Input) { in.Measure = "moons" },
		"contracts.0.start":    func(in *settlement.Input) { in.Contracts[0].Start = when.Date{} },
		"contracts.0.interval": func(in *settlement.Input) { in.Contracts[0].Interval = "moon" },
		"contracts.0.trial":    func(in *settlement.Input) { in.Contracts[0].Trial = d.AddDays(-9) },
		"contracts.0.notice":   func(in *settlement.Input) { in.Contracts[0].Notice = -1 },
		"contracts.1.ref":      func(in *settlement.Input) { in.Contracts = append(in.Contracts, in.Contracts[0]) },
		"contracts.0.refund":   func(in *settlement.Input) { in.Contracts[0].Law.Refund = "half" },
		"contracts.0.prices.0.amount": func(in *settlement.Input) {
			in.Contracts[0].Prices = []settlement.Price{{From: d, Amount: money.Amount{Minor: -1, Currency: "EUR"}}}
		},
		"contracts.0.commitment.kind": func(in *settlement.Input) {
			in.Contracts[0].Commitment = &settlement.Commitment{From: d, Until: d, Sum: money.Amount{Currency: "EUR"}}
		},
		"bills.0.until":             func(in *settlement.Input) { in.Bills[0].Until = d.AddDays(-1) },
		"bills.0.from":              func(in *settlement.Input) { in.Bills[0].From = when.Date{} },
		"bills.0.contract":          func(in *settlement.Input) { in.Bills[0].Contract = "X" },
		"bills.0.amount.currency":   func(in *settlement.Input) { in.Bills[0].Amount.Currency = "EU" },
		"bills.0.amount":            func(in *settlement.Input) { in.Bills[0].Amount.Minor = 1 << 60 },
		"bills.0.tax":               func(in *settlement.Input) { in.Bills[0].Tax = -1 },
		"bills.0.open":              func(in *settlement.Input) { in.Bills[0].Open = 101 },
		"bills.0.returned":          func(in *settlement.Input) { in.Bills[0].Returned = -1 },
		"bills.0.shares.0.contract": func(in *settlement.Input) { in.Bills[0].Shares = []settlement.Share{{Contract: "X", Weight: 1}} },
		"usage.0.per":               func(in *settlement.Input) { in.Usage = []settlement.Usage{{Price: money.Amount{Currency: "EUR"}}} },
		"sums.0.kind": func(in *settlement.Input) {
			in.Sums = []settlement.Sum{{Kind: "gift", Amount: money.Amount{Currency: "EUR"}}}
		},
	} {
		in := ok()
		spoil(&in)
		_, err := settlement.Compute(in, settlement.Now)
		if !slices.ContainsFunc(fault.Fields(err), func(f *fault.Error) bool { return f.Field == field }) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Where the billing systems say of every contract what is open, nothing that was
// recorded of it counts beside their word; and what they say twice counts once.
func TestWhatABillingSystemSaysCountsOnceAndAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		if len(in.Books) == 0 {
			return
		}
		in.Whole = true
		without := in
		without.Bills = slices.DeleteFunc(slices.Clone(in.Bills), func(b settlement.Bill) bool { return b.Recorded && b.Open > 0 })
		without.Usage = slices.DeleteFunc(slices.Clone(in.Usage), func(u settlement.Usage) bool { return u.Recorded })
		without.Sums = slices.DeleteFunc(slices.Clone(in.Sums), func(x settlement.Sum) bool { return x.Recorded && x.Kind == settlement.Credit })
		twice := in
		twice.Books = append(slices.Clone(in.Books), in.Books...)
		for _, choice := range settlement.Choices {
			s := compute(t, in, choice)
			for what, other := range map[string]settlement.Input{"recorded sums": without, "a second reading": twice} {
				if x := compute(t, other, choice); !reflect.DeepEqual(x.Sections, s.Sections) {
					t.Fatalf("%s: with and without it\n%+v\n%+v", what, s.Sections, x.Sections)
				}
			}
		}
	})
}
