package withdrawal_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/calendar"
	"hastaluego/internal/customer"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func day(s string) when.Date {
	d, err := when.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func drawPaid(t *rapid.T) (list []withdrawal.Paid) {
	from := day("2026-01-01").AddDays(rapid.IntRange(0, 800).Draw(t, "from"))
	for range rapid.IntRange(0, 4).Draw(t, "n") {
		until := from.AddDays(rapid.IntRange(0, 400).Draw(t, "days"))
		list = append(list, withdrawal.Paid{Sum: eur(rapid.Int64Range(0, 1<<40).Draw(t, "sum")), From: from, Until: until})
		from = until.AddDays(1)
	}
	return list
}

// What comes back is never less than nothing and never more than was paid, what
// comes back and what is kept are what was paid to the cent, and one day later
// never brings more.
func TestARefundIsNeverLessThanNothingNorMoreThanWasPaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		paid := drawPaid(t)
		on := day("2025-12-20").AddDays(rapid.IntRange(0, 2500).Draw(t, "on"))
		way := rapid.SampledFrom([]withdrawal.Way{withdrawal.Whole, withdrawal.ProRata, withdrawal.Nothing}).Draw(t, "way")
		r, err := withdrawal.Compute(way, paid, on)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, p := range paid {
			sum += p.Sum.Minor
		}
		switch {
		case r.Paid.Minor != sum, r.Back.Minor+r.Kept.Minor != sum, r.Back.Minor < 0, r.Back.Minor > sum, r.Used > r.Of:
			t.Fatalf("of %d: %+v", sum, r)
		case way == withdrawal.Whole && r.Back.Minor != sum, way == withdrawal.Nothing && r.Back.Minor != 0:
			t.Fatalf("%s of %d: %+v", way, sum, r)
		}
		next, err := withdrawal.Compute(way, paid, on.AddDays(1))
		if err != nil || next.Back.Minor > r.Back.Minor {
			t.Fatalf("a day later %v instead of %v comes back, %v", next.Back, r.Back, err)
		}
	})
}

func TestAShareIsKeptForTheDaysBeforeAndRoundedDown(t *testing.T) {
	t.Parallel()
	year := []withdrawal.Paid{{Sum: eur(10000), From: day("2026-11-20"), Until: day("2027-11-19")}}
	for _, c := range []struct {
		on         string
		kept, back int64
	}{{"2026-11-20", 0, 10000}, {"2026-11-27", 191, 9809}, {"2027-11-20", 10000, 0}} { // 7 of 365 days are 191.78
		r, err := withdrawal.Compute(withdrawal.ProRata, year, day(c.on))
		if err != nil || r.Kept != eur(c.kept) || r.Back != eur(c.back) {
			t.Errorf("on %s: %+v, %v", c.on, r, err)
		}
	}
	if _, err := withdrawal.Compute(withdrawal.Whole, []withdrawal.Paid{{Sum: eur(1)}, {Sum: money.Amount{Minor: 1, Currency: "USD"}}}, day("2026-11-20")); err == nil {
		t.Error("two currencies were added")
	}
}

func TestWhatWasPaidFollowsTheRhythmAndWhatIsKnown(t *testing.T) {
	t.Parallel()
	s := customer.Subscription{Amount: eur(1200), Interval: customer.Monthly, Start: day("2026-10-31")}
	list, ok := withdrawal.PaidUntil(s, day("2026-12-01"))
	if !ok || len(list) != 2 || list[1].From != day("2026-11-30") || list[1].Until != day("2026-12-30") {
		t.Error(list, ok)
	}
	s.Terms.Prices = customer.PricesOf([]customer.Price{{From: day("2026-11-01"), Minor: 1500}})
	if list, _ = withdrawal.PaidUntil(s, day("2026-12-01")); list[0].Sum != eur(1200) || list[1].Sum != eur(1500) {
		t.Errorf("each was paid with the price of its day: %v", list)
	}
	s.PaidUntil = day("2026-11-29") // the second was not paid
	if list, _ = withdrawal.PaidUntil(s, day("2026-12-01")); len(list) != 1 || list[0].Sum != eur(1200) {
		t.Error(list)
	}
	if _, ok := withdrawal.PaidUntil(customer.Subscription{Amount: eur(90000), Start: day("2026-10-31")}, day("2026-12-01")); ok {
		t.Error("of what does not recur nobody knows what was paid")
	}
}

// facts of a consumer who concluded online and was told of the right.
func facts(more jurisdiction.Facts) jurisdiction.Facts {
	f := jurisdiction.Facts{
		"customer.kind": "consumer", "contract.concluded_via": "web", "service.goods": false, "contract.off_premises": false, "contract.continuing": true,
		"contract.started_on_request": false, "contract.withdrawal_informed": true, "contract.trial_days": int64(0), "contract.for_resale": false,
		"request.act": "withdraw", "customer.vulnerable": false, "contract.unfair_sale": false,
	}
	for k, v := range more {
		if v == nil {
			delete(f, k)
		} else {
			f[k] = v
		}
	}
	return f
}

func effective(t testing.TB, pack string, f jurisdiction.Facts) *jurisdiction.Effective {
	t.Helper()
	l := jurisdiction.Shipped()
	sel, err := l.Named(pack)
	if err != nil {
		t.Fatal(err)
	}
	law, err := l.Effective(sel, f, day("2026-11-27"))
	if err != nil {
		t.Fatal(err)
	}
	return law
}

// The days are counted on a calendar by hand.
func TestTheRightLastsAsTheLawSays(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, c := range []struct {
		name, pack, began, asked string
		more                     jurisdiction.Facts
		want                     withdrawal.State
		last                     string
	}{
		// The fourteenth day is Sunday the 15th: the right goes on until Monday is over
		// (Regulation 1182/71, art. 3(4)).
		{"on the Sunday on which it would end", "es", "2026-11-01", "2026-11-15 23:59:59", nil, withdrawal.Open, "2026-11-16"},
		{"in the last second of the working day after it", "es", "2026-11-01", "2026-11-16 23:59:59", nil, withdrawal.Open, "2026-11-16"},
		{"a second later", "es", "2026-11-01", "2026-11-17 00:00:00", nil, withdrawal.Over, "2026-11-16"},
		{"over Christmas, with the holidays of where one lives", "de", "2026-12-11", "2026-12-28 12:00:00", nil, withdrawal.Open, "2026-12-28"}, // the 25th, the 26th, Saturday, Sunday
		{"over Epiphany", "es", "2026-12-23", "2027-01-07 12:00:00", nil, withdrawal.Open, "2027-01-07"},
		{"over Epiphany, where it is no holiday", "fr", "2026-12-23", "2027-01-07 12:00:00", nil, withdrawal.Over, "2027-01-06"},
		{"the residence decides, not the pack", "eu", "2026-12-23", "2027-01-07 12:00:00", jurisdiction.Facts{"customer.residence": "ES"}, withdrawal.Open, "2027-01-07"},
		{"where there is no calendar, weekends at least", "eu", "2026-11-01", "2026-11-16 12:00:00", jurisdiction.Facts{"customer.residence": "IT"}, withdrawal.Open, "2026-11-16"},
		{"the end of a trial on a Sunday", "eu", "2026-10-01", "2026-11-16 12:00:00", jurisdiction.Facts{"contract.trial_days": int64(31), "contract.trial_price_told": false}, withdrawal.Open, "2026-11-16"},
		{"calendar days that no holiday moves", "ar", "2026-11-12", "2026-11-23 12:00:00", nil, withdrawal.Over, "2026-11-22"},                                                                         // a Sunday
		{"goods at the door, from their delivery", "es", "2026-11-02", "2026-12-07 12:00:00", jurisdiction.Facts{"contract.off_premises": true, "service.goods": true}, withdrawal.Open, "2026-12-09"}, // delivered on the 9th; the 9th is a Wednesday
		{"at the door", "es", "2026-11-01", "2026-11-30 12:00:00", jurisdiction.Facts{"contract.off_premises": true}, withdrawal.Open, "2026-12-01"},
		{"never told of it", "es", "2026-01-05", "2027-01-19 12:00:00", jurisdiction.Facts{"contract.withdrawal_informed": false}, withdrawal.Open, "2027-01-19"},
		{"never told, and a year and more", "es", "2026-01-05", "2027-01-20 00:00:00", jurisdiction.Facts{"contract.withdrawal_informed": false}, withdrawal.Over, "2027-01-19"},
		{"nobody knows whether they were told", "es", "2026-01-05", "2026-11-27 12:00:00", jurisdiction.Facts{"contract.withdrawal_informed": nil}, withdrawal.Doubt, "2027-01-19"},
		{"nobody knows how it was concluded", "eu", "2026-11-20", "2026-11-27 12:00:00", jurisdiction.Facts{"contract.concluded_via": nil}, withdrawal.Doubt, "2026-12-04"},
		{"a business", "es", "2026-11-20", "2026-11-27 12:00:00", jurisdiction.Facts{"customer.kind": "business"}, withdrawal.None, ""},
		{"in a shop", "de", "2026-11-20", "2026-11-27 12:00:00", jurisdiction.Facts{"contract.concluded_via": "store"}, withdrawal.None, ""},
		{"business days", "co", "2026-11-20", "2026-11-27 12:00:00", nil, withdrawal.Open, "2026-11-27"},
		{"begun with their agreement", "co", "2026-11-20", "2026-11-25 12:00:00", jurisdiction.Facts{"contract.started_on_request": true}, withdrawal.None, ""},
		{"ten days", "ar", "2026-11-20", "2026-11-30 23:00:00", nil, withdrawal.Open, "2026-11-30"},
		{"never told, without end", "uy", "2024-11-20", "2026-11-27 12:00:00", jurisdiction.Facts{"contract.withdrawal_informed": false}, withdrawal.Open, ""},
		{"nothing of the kind", "us-ca", "2026-11-26", "2026-11-27 12:00:00", nil, withdrawal.None, ""},
	} {
		begun := day(c.began).Start(zone)
		happened := map[string]time.Time{"contract.concluded": begun, "service.contracted": begun, "withdrawal.submitted": at(c.asked)}
		if days, ok := c.more["contract.trial_days"].(int64); ok {
			happened["trial.end"] = day(c.began).AddDays(int(days)).Start(zone)
		}
		if c.more["service.goods"] == true {
			happened["goods.delivered"] = day(c.began).AddDays(7).Start(zone)
		}
		r := withdrawal.RightOf(effective(t, c.pack, facts(c.more)), happened, at(c.asked), calendar.Shipped(), zone)
		last := ""
		if !r.Until.IsZero() {
			last = when.DateOf(r.Last(), zone).String()
		}
		if r.State != c.want || last != c.last {
			t.Errorf("%s: %s until %q, want %s until %q (%+v)", c.name, r.State, last, c.want, c.last, r)
		}
		if (r.State == withdrawal.Doubt) != (len(r.Missing) > 0) {
			t.Errorf("%s: a doubt names what is missing, and nothing else does: %+v", c.name, r)
		}
		if r.State == withdrawal.Open && (r.Rule == "" || r.Cite == "") {
			t.Errorf("%s: no rule gives it: %+v", c.name, r)
		}
	}
}

func TestWhoAskedForTheServiceToBeginPaysForWhatWasUsedAndNobodyElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack  string
		begun any
		want  withdrawal.Way
	}{
		{"eu", false, withdrawal.Whole},
		{"eu", true, withdrawal.ProRata},
		{"eu", nil, withdrawal.Whole},
		{"es", true, withdrawal.ProRata},
		{"es", nil, withdrawal.Whole},
		{"ar", true, withdrawal.Whole},
		{"uy", true, withdrawal.Whole},
	} {
		way, cite := withdrawal.WayOf(effective(t, c.pack, facts(jurisdiction.Facts{"contract.started_on_request": c.begun})))
		if way != c.want || cite == "" {
			t.Errorf("%s, begun on request %v: %s by %q, want %s", c.pack, c.begun, way, cite, c.want)
		}
	}
	for pack, want := range map[string]withdrawal.Way{"es": withdrawal.ProRata, "de": withdrawal.Nothing, "uy": withdrawal.ProRata} {
		if way, _ := withdrawal.WayOf(effective(t, pack, facts(jurisdiction.Facts{"request.act": "terminate"}))); way != want {
			t.Errorf("ended in %s: %s, want %s", pack, way, want)
		}
	}
}

// The 24 languages of the Union, as law.md gives them; a language that it does
// not give gets no made-up words.
func TestTheWithdrawalFunctionHasItsOfficialWordsByPackAndLanguage(t *testing.T) {
	t.Parallel()
	law := effective(t, "eu", facts(nil))
	for _, lang := range []string{"bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv"} {
		fn, confirm := withdrawal.Labels(law, lang)
		if fn.Text == "" || confirm.Text == "" || fn.Lang != lang || confirm.Lang != lang || fn.Pack != "eu" || !confirm.Only {
			t.Errorf("%s: %+v, %+v", lang, fn, confirm)
		}
	}
	for pack, want := range map[string][3]string{
		"eu/de": {"Vertrag widerrufen", "Widerruf bestätigen", "de"}, "es/es": {"Desistir del contrato aquí", "Confirmar desistimiento", "es"},
		"ar/es": {"BOTÓN DE ARREPENTIMIENTO", "", "es"}, "ar/en": {"BOTÓN DE ARREPENTIMIENTO", "", "es"}, "eu/ca": {"", "", ""}, "mx/es": {"", "", ""},
	} {
		id, lang, _ := strings.Cut(pack, "/")
		fn, confirm := withdrawal.Labels(effective(t, id, facts(nil)), lang)
		if got := [3]string{fn.Text, confirm.Text, fn.Lang}; got != want {
			t.Errorf("%s: %q, want %q", pack, got, want)
		}
	}
}
