package metric_test

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/metric"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

func day(m, d int) when.Date {
	return when.Date{Year: 2026, Month: 1, Day: 1}.AddMonths(m - 1).AddDays(d - 1)
}

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

// line is a subscription of a customer at 29 € a month since January, recorded
// from the beginning.
func line(who string) metric.Line {
	return metric.Line{
		Customer: customer.ID(who), Start: day(1, 1), Recorded: day(1, 1),
		Prices: []metric.Price{{Amount: eur(2900), Interval: customer.Monthly, Live: true}},
	}
}

// ended is what the record says once a departure took effect on a day.
func ended(l metric.Line, on when.Date) metric.Line {
	was := l.Prices[len(l.Prices)-1]
	was.Through = on
	now := was
	now.Through, now.Live = when.Date{}, false
	l.End, l.Prices = on, append(l.Prices[:len(l.Prices)-1:len(l.Prices)-1], was, now)
	return l
}

func TestTwoOfTwelveIsSixteenPointSixSeven(t *testing.T) {
	t.Parallel()
	var lines []metric.Line
	for i := range 12 {
		lines = append(lines, line(fmt.Sprint(i)))
	}
	lines[3], lines[7] = ended(lines[3], day(11, 1)), ended(lines[7], day(11, 30))
	got := metric.Churn(lines, day(1, 1), day(12, 5), 2)
	nov := got[1]
	if rate, ok := nov.Rate(); nov.AtStart != 12 || nov.Lost != 2 || !ok || rate != 1667 || !nov.Small() || nov.Running || nov.Other != 0 {
		t.Errorf("November: %+v", nov)
	}
	if dec := got[0]; dec.AtStart != 10 || dec.Lost != 0 || !dec.Running {
		t.Errorf("December: %+v", dec)
	}
}

func TestOnlyAFullDepartureLosesACustomer(t *testing.T) {
	t.Parallel()
	kept, left := line("kept"), line("left")
	second := line("left")
	second.Start = day(3, 1)
	lines := []metric.Line{ended(kept, day(11, 10)), line("kept"), ended(left, day(11, 3)), ended(second, day(11, 20)), line("stays")}
	nov := metric.Churn(lines, day(1, 1), day(12, 1), 1)[1]
	if nov.AtStart != 3 || nov.Lost != 1 {
		t.Errorf("one of the two kept something: %+v", nov)
	}
	returned := line("left")
	returned.Start = day(11, 25)
	if nov := metric.Churn(append(lines, returned), day(1, 1), day(12, 1), 1)[1]; nov.Lost != 1 {
		t.Errorf("who comes back later was lost all the same: %+v", nov)
	}
}

func TestWhatEndedWithoutADepartureIsToldApart(t *testing.T) {
	t.Parallel()
	l := ended(line("a"), day(11, 10))
	l.End = when.Date{}
	if nov := metric.Churn([]metric.Line{l, line("b")}, day(1, 1), day(12, 1), 1)[1]; nov.Lost != 0 || nov.Other != 1 || nov.AtStart != 2 {
		t.Errorf("%+v", nov)
	}
}

func TestWhatIsNotKnownIsNotARate(t *testing.T) {
	t.Parallel()
	got := metric.Churn([]metric.Line{line("a")}, day(11, 12), day(12, 5), 3)
	if !got[1].Known || got[1].Since != day(11, 12) || !got[0].Since.IsZero() {
		t.Errorf("the month in which the record begins: %+v", got[1])
	}
	if _, ok := got[2].Rate(); ok || got[2].Known {
		t.Errorf("a month before the record: %+v", got[2])
	}
	if _, ok := (metric.Month{Known: true}).Rate(); ok {
		t.Error("a rate of nobody")
	}
	if m := (metric.Month{AtStart: 30}); m.Small() {
		t.Error("thirty are not few")
	}
}

func TestASubscriptionThatIsBegunAgainRuns(t *testing.T) {
	t.Parallel()
	l := ended(line("a"), day(5, 10))
	l.Prices[1].Through = day(7, 1)
	l.Prices = append(l.Prices, metric.Price{Amount: eur(2900), Interval: customer.Monthly, Live: true})
	got := metric.Churn([]metric.Line{l}, day(1, 1), day(8, 5), 3)
	if got[0].AtStart != 1 || got[1].AtStart != 0 || got[3].Lost != 1 {
		t.Errorf("%+v", got)
	}
}

func TestMoneyIsComparedByCustomerAndCurrency(t *testing.T) {
	t.Parallel()
	more := line("more")
	more.Prices = []metric.Price{{Through: day(10, 31), Amount: eur(1000), Interval: customer.Monthly, Live: true}, {Amount: eur(12500), Interval: customer.Yearly, Live: true}}
	less := line("less")
	less.Prices = []metric.Price{{Through: day(11, 15), Amount: eur(900), Interval: customer.Quarterly, Live: true}, {Amount: eur(900), Interval: customer.HalfYearly, Live: true}}
	fresh := line("new")
	fresh.Start, fresh.Recorded = day(11, 20), day(11, 20)
	late := line("late")
	late.Recorded = day(11, 20)
	pesos := line("pesos")
	pesos.Prices[0].Amount = money.Amount{Minor: 99000, Currency: "CLP"}
	got, err := metric.Compare([]metric.Line{more, less, line("same"), fresh, late, pesos, ended(line("left"), day(11, 2))}, day(11, 26), day(10, 26))
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	want := metric.Movement{Currency: "EUR", Then: eur(1000 + 300 + 2900 + 2900), Now: eur(1042 + 150 + 2900 + 2900 + 2900), More: 1, Same: 1, Less: 1, New: 1, Left: 1, Unknown: 1}
	if got[1] != want || got[1].N() != 5 {
		t.Errorf("got  %+v\nwant %+v", got[1], want)
	}
	if got[0].Currency != "CLP" || got[0].Same != 1 {
		t.Errorf("%+v", got[0])
	}
}

// Whatever happens to customers, everybody who can be compared is counted once,
// nobody is lost who was not there, and both sums are of what was paid.
func TestFiguresAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var lines []metric.Line
		n := rapid.IntRange(0, 12).Draw(t, "customers")
		for i := range n {
			for range rapid.IntRange(1, 2).Draw(t, "lines") {
				l := line(fmt.Sprint(i))
				l.Start = day(1, 1).AddDays(rapid.IntRange(0, 300).Draw(t, "start"))
				l.Recorded = l.Start.AddDays(rapid.IntRange(0, 40).Draw(t, "recorded"))
				l.Prices[0].Amount.Minor = rapid.Int64Range(0, 1_000_000).Draw(t, "minor")
				if rapid.Bool().Draw(t, "ends") {
					l = ended(l, l.Start.AddDays(rapid.IntRange(0, 200).Draw(t, "end")))
				}
				lines = append(lines, l)
			}
		}
		for _, m := range metric.Churn(lines, day(1, 1), day(12, 15), 11) {
			if m.Lost+m.Other > m.AtStart || m.AtStart > n {
				t.Fatalf("%+v", m)
			}
		}
		moves, err := metric.Compare(lines, day(12, 15), day(9, 15))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range moves {
			if m.N()+m.Unknown > n || m.Then.Minor < 0 {
				t.Fatalf("%+v of %d", m, n)
			}
			if m.More+m.Less+m.New+m.Left+m.Unknown == 0 && m.Then != m.Now {
				t.Fatalf("nothing changed and the sums differ: %+v", m)
			}
		}
	})
}

func TestOpinionsAreCountedByTheirScale(t *testing.T) {
	t.Parallel()
	p := metric.NPS([]int{10, 9, 8, 7, 6, 0, 11, -1})
	if score, ok := p.Score(); p != (metric.Promoters{N: 6, Promoters: 2, Passives: 2, Detractors: 2}) || !ok || score != 0 {
		t.Errorf("%+v %d", p, score)
	}
	if score, _ := metric.NPS([]int{0, 3, 9}).Score(); score != -3333 {
		t.Errorf("score %d", score)
	}
	s := metric.CSAT([]int{5, 4, 3, 1, 0, 6})
	if share, ok := s.Share(); s != (metric.Satisfaction{N: 4, Satisfied: 2}) || !ok || share != 5000 {
		t.Errorf("%+v %d", s, share)
	}
	if _, ok := metric.NPS(nil).Score(); ok {
		t.Error("a score of nobody")
	}
	list, n := metric.Count([]string{"b", "a", "b", "", "c"})
	if n != 4 || list[0] != (metric.Tally{Value: "b", N: 2}) || list[1].Value != "a" {
		t.Errorf("%v %d", list, n)
	}
}

// What is told of customers in parts adds up to what is told of all of them.
func TestPartsAddUpToTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []metric.Line
		parts := make([][]metric.Line, 3)
		for i := range rapid.IntRange(0, 12).Draw(t, "customers") {
			for range rapid.IntRange(1, 2).Draw(t, "lines") {
				l := line(fmt.Sprint(i))
				l.Start = day(1, 1).AddDays(rapid.IntRange(0, 300).Draw(t, "start"))
				l.Recorded = l.Start.AddDays(rapid.IntRange(0, 40).Draw(t, "recorded"))
				l.Prices[0].Amount = money.Amount{Minor: rapid.Int64Range(0, 1000).Draw(t, "minor"), Currency: rapid.SampledFrom([]string{"EUR", "CLP", "USD"}).Draw(t, "currency")}
				if rapid.Bool().Draw(t, "ends") {
					l = ended(l, l.Start.AddDays(rapid.IntRange(0, 200).Draw(t, "end")))
				}
				all, parts[i%3] = append(all, l), append(parts[i%3], l)
			}
		}
		recorded, today := day(1, 1).AddDays(rapid.IntRange(0, 300).Draw(t, "since")), day(12, 15)
		churn := metric.Churn(nil, recorded, today, 12)
		moves := []metric.Movement{}
		for _, part := range parts {
			metric.AddChurn(churn, metric.Churn(part, day(1, 1).AddMonths(-24), today, 12))
			more, err := metric.Compare(part, today, today.AddMonths(-3))
			if err != nil {
				t.Fatal(err)
			}
			if moves, err = metric.AddMovements(moves, more); err != nil {
				t.Fatal(err)
			}
		}
		if want := metric.Churn(all, recorded, today, 12); !reflect.DeepEqual(churn, want) {
			t.Fatalf("churn\n%+v\nof all\n%+v", churn, want)
		}
		if want, err := metric.Compare(all, today, today.AddMonths(-3)); err != nil || !reflect.DeepEqual(moves, want) {
			t.Fatalf("movements\n%+v\nof all\n%+v %v", moves, want, err)
		}
		numbers := rapid.SliceOf(rapid.IntRange(-1, 11)).Draw(t, "answers")
		cut := rapid.IntRange(0, len(numbers)).Draw(t, "cut")
		nps, csat := metric.NPS(numbers[:cut]), metric.CSAT(numbers[:cut])
		nps.Add(metric.NPS(numbers[cut:]))
		csat.Add(metric.CSAT(numbers[cut:]))
		if nps != metric.NPS(numbers) || csat != metric.CSAT(numbers) {
			t.Fatalf("%+v %+v of %v", nps, csat, numbers)
		}
		values := make([]string, len(numbers))
		for i, n := range numbers {
			values[i] = fmt.Sprint(n)
		}
		a, _ := metric.Count(values[:cut])
		b, _ := metric.Count(values[cut:])
		if want, _ := metric.Count(values); !reflect.DeepEqual(metric.AddTallies(a, b), want) {
			t.Fatalf("%v and %v, of all %v", a, b, want)
		}
	})
}

func TestARetainerRecursAndAProjectIsAClientAllTheSame(t *testing.T) {
	t.Parallel()
	project, hours, retainer := line("project"), line("hours"), line("both")
	project.Prices[0].Interval, hours.Prices[0].Interval, retainer.Prices[0].Interval = customer.Once, customer.Hourly, customer.Quarterly
	beside := line("both")
	beside.Prices[0].Interval = customer.Once
	lines := []metric.Line{ended(project, day(11, 10)), hours, retainer, ended(beside, day(11, 10))}
	got, err := metric.Compare(lines, day(12, 1), day(11, 1))
	if want := (metric.Movement{Currency: "EUR", Then: eur(967), Now: eur(967), Same: 1}); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%+v %v", got, err)
	}
	if nov := metric.Churn(lines, day(1, 1), day(12, 1), 1)[1]; nov.AtStart != 3 || nov.Lost != 1 {
		t.Errorf("who leaves a project and keeps a retainer is still a client: %+v", nov)
	}
}
