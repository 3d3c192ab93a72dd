package jurisdiction_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

var spans = []jurisdiction.Unit{jurisdiction.Minutes, jurisdiction.Hours, jurisdiction.Days, jurisdiction.BusinessDays, jurisdiction.Months}

func span(t *rapid.T) jurisdiction.Span {
	s := jurisdiction.Span{N: rapid.IntRange(0, 40).Draw(t, "n"), Unit: rapid.SampledFrom(spans).Draw(t, "unit")}
	if s.Unit == jurisdiction.Minutes && s.N == 0 {
		s.Unit = jurisdiction.Hours
	}
	return s
}

// value is any value that a pack could give the parameter.
func value(t *rapid.T, p *jurisdiction.Param) (v jurisdiction.Value) {
	some := func(list []string) []string {
		w := rapid.SliceOfNDistinct(rapid.SampledFrom(list), 1, len(list), rapid.ID[string]).Draw(t, "words")
		slices.Sort(w)
		return w
	}
	switch p.Kind {
	case jurisdiction.Flag, jurisdiction.Ban:
		v.On = true
	case jurisdiction.Count, jurisdiction.Percent:
		v.N = rapid.Int64Range(0, 200).Draw(t, "n")
	case jurisdiction.Enum:
		v.Word = rapid.SampledFrom(p.Words).Draw(t, "word")
	case jurisdiction.Choice, jurisdiction.Set:
		v.Words = some(p.Words)
	case jurisdiction.Duration:
		x := jurisdiction.Time{Span: span(t), From: rapid.SampledFrom([]string{"effect", "request.submitted"}).Draw(t, "from"), Count: "exclude_start", Roll: rapid.SampledFrom([]string{"none", "next_bd"}).Draw(t, "roll")}
		if x.Unit == jurisdiction.Minutes || x.Unit == jurisdiction.Hours {
			x.Roll = "none" // as a pack is read
		}
		if x.Unit == jurisdiction.BusinessDays || x.Rolls() {
			x.Calendar = rapid.SampledFrom([]string{"ES", "AR"}).Draw(t, "calendar")
		}
		if rapid.IntRange(0, 9).Draw(t, "computed") == 0 {
			x = jurisdiction.Time{From: x.From, Count: x.Count, Roll: x.Roll, Formula: "limitation_periods"}
		}
		v.Times = []jurisdiction.Time{x}
	case jurisdiction.Money:
		v.Sums = []jurisdiction.Sum{rapid.SampledFrom([]jurisdiction.Sum{
			{},
			{Minor: 100, Currency: "EUR"},
			{Minor: 300, Currency: "EUR"},
			{Minor: 100, Currency: "ARS"},
			{Percent: 20, Of: "remaining_fees"},
			{Percent: 50, Of: "remaining_fees"},
			{Formula: "benefit_prorata"},
			{Formula: "direct_cost"},
		}).Draw(t, "sum")}
	case jurisdiction.Label:
		v.Labels = []jurisdiction.Wording{{
			Pack: rapid.SampledFrom([]string{"de", "fr"}).Draw(t, "pack"), Lang: rapid.SampledFrom([]string{"de", "fr"}).Draw(t, "lang"),
			AnyOf: some([]string{"a", "b", "c"}), Exclusive: rapid.Bool().Draw(t, "exclusive"), Reviewed: rapid.Bool().Draw(t, "reviewed"),
		}}
	case jurisdiction.Window:
		w := jurisdiction.DaysBefore{Anchor: rapid.SampledFrom([]string{"renewal.date", "cancel.deadline"}).Draw(t, "anchor"), NotAfter: span(t)}
		w.NotAfter.Unit = rapid.SampledFrom([]jurisdiction.Unit{jurisdiction.Days, jurisdiction.Months}).Draw(t, "unit of the end")
		if rapid.Bool().Draw(t, "closed") {
			w.NotBefore = jurisdiction.Span{N: w.NotAfter.N + rapid.IntRange(0, 30).Draw(t, "more"), Unit: w.NotAfter.Unit}
		}
		v.Windows = []jurisdiction.DaysBefore{w}
	}
	return v
}

func same(t *rapid.T, what string, a, b jurisdiction.Value) {
	if x, y := fmt.Sprintf("%#v", a), fmt.Sprintf("%#v", b); x != y {
		t.Fatalf("%s:\n%s\n%s", what, x, y)
	}
}

// The order in which packs are read, and reading one twice, changes nothing.
func TestMergingIsAJoin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(jurisdiction.Params()).Draw(t, "param")
		join := func(a, b jurisdiction.Value) jurisdiction.Value { v, _ := p.Join(a, b); return v }
		a, b, c := value(t, p), value(t, p), value(t, p)
		ab := join(a, b)
		same(t, p.Name+": commutative", ab, join(b, a))
		same(t, p.Name+": associative", join(ab, c), join(a, join(b, c)))
		same(t, p.Name+": idempotent", join(a, a), a)
		same(t, p.Name+": absorbs what it holds", join(ab, b), ab)
	})
}

// Whatever satisfies the merged value satisfies each of those merged, and what
// could not be satisfied stays so whatever is added.
func TestTheStrictestWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(jurisdiction.Params()).Draw(t, "param")
		a, b, seen := value(t, p), value(t, p), value(t, p)
		if p.Kind == jurisdiction.Choice {
			seen.Word = rapid.SampledFrom(p.Words).Draw(t, "taken")
		}
		if p.Kind == jurisdiction.Flag || p.Kind == jurisdiction.Ban {
			seen.On = rapid.Bool().Draw(t, "there")
		}
		both, ok := p.Join(a, b)
		if p.Judge(both, &seen) == jurisdiction.Pass && (p.Judge(a, &seen) != jurisdiction.Pass || p.Judge(b, &seen) != jurisdiction.Pass) {
			t.Fatalf("%s: %s passes %s, but not %s and %s", p.Name, seen, both, a, b)
		}
		if p.Judge(a, nil) != jurisdiction.Unknown {
			t.Fatalf("%s passes though nothing was seen", p.Name)
		}
		if more, still := p.Join(both, value(t, p)); !ok && still {
			t.Fatalf("%s: %s became good again: %s", p.Name, both, more)
		}
		if p.Stricter(a, b) && p.Stricter(b, a) {
			t.Fatalf("%s: %s and %s are stricter than each other", p.Name, a, b)
		}
	})
}

// facts that a case could have, each known or not.
func facts(t *rapid.T) jurisdiction.Facts {
	f := jurisdiction.Facts{}
	for _, x := range jurisdiction.FactList() {
		if rapid.IntRange(0, 3).Draw(t, x.Name+" known") == 0 {
			continue
		}
		switch {
		case len(x.Known) > 0:
			f[x.Name] = rapid.SampledFrom(x.Known).Draw(t, x.Name)
		case x.Type == jurisdiction.IntFact:
			f[x.Name] = rapid.SampledFrom([]int64{0, 5, 60, 300, 60_000_000}).Draw(t, x.Name)
		case x.Type == jurisdiction.BoolFact:
			f[x.Name] = rapid.Bool().Draw(t, x.Name)
		case x.Type == jurisdiction.DateFact:
			f[x.Name] = "2026-07-01"
		default:
			f[x.Name] = rapid.SampledFrom([]string{"ES", "AR", "US-CA", "telecom", "finance"}).Draw(t, x.Name)
		}
	}
	return f
}

func effective(t rapid.TB, l *jurisdiction.Library, f jurisdiction.Facts, packs ...string) *jurisdiction.Effective {
	chosen, err := l.Named(packs...)
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Effective(chosen, f, when.Date{Year: 2026, Month: 12, Day: 28})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Another pack may ask for more; what held still holds, also where it stands in
// the place of other rules. A pack that extends the other is no other law, but
// the same more closely: it is chosen in its place.
func TestAddingAPackNeverWeakens(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	var ids []string
	for _, p := range l.Packs() {
		ids = append(ids, p.ID)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := facts(t)
		one, other := rapid.SampledFrom(ids).Draw(t, "one"), rapid.SampledFrom(ids).Draw(t, "other")
		if a, b := l.Pack(one), l.Pack(other); slices.Contains(l.Chain(b), a) {
			return
		}
		alone, both := effective(t, l, f, one), effective(t, l, f, one, other)
		for _, s := range alone.Settings {
			got, ok := both.Of(s.Param.Name)
			switch {
			case !ok:
				t.Fatalf("%s with %s says nothing about %s", one, other, s.Param.Name)
			case s.Outcome != jurisdiction.Settled || got.Outcome == jurisdiction.Conflict || got.Outcome == jurisdiction.Unsatisfiable:
				continue
			}
			if v, ok := s.Param.Join(s.Value, got.Value); !ok || v.String() != got.Value.String() {
				t.Fatalf("%s: %s says %s, with %s it is %s", s.Param.Name, one, s.Value, other, got.Value)
			}
		}
	})
}

// A fact that is learnt decides; it never makes a rule vanish that held, nor
// hold one that had failed.
func TestWhatIsDecidedStaysDecidedWhenMoreIsKnown(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		all := facts(t)
		less := jurisdiction.Facts{}
		for name, v := range all {
			if rapid.Bool().Draw(t, "known before: "+name) {
				less[name] = v
			}
		}
		before := map[string]jurisdiction.Result{}
		for _, phase := range []jurisdiction.Phase{jurisdiction.Static, jurisdiction.Clock, jurisdiction.Document} {
			for _, a := range effective(t, l, less, "es-l10-2025", "es-telecom").Rules(phase) {
				before[a.Rule.ID] = a.Holds
			}
		}
		for _, phase := range []jurisdiction.Phase{jurisdiction.Static, jurisdiction.Clock, jurisdiction.Document} {
			for _, a := range effective(t, l, all, "es-l10-2025", "es-telecom").Rules(phase) {
				if was, ok := before[a.Rule.ID]; !ok && a.Rule.When != "" {
					t.Fatalf("%s had failed and now is %s", a.Rule.ID, a.Holds)
				} else if was == jurisdiction.Pass && a.Holds != jurisdiction.Pass {
					t.Fatalf("%s held and now is %s", a.Rule.ID, a.Holds)
				}
			}
		}
	})
}

func BenchmarkMergingAllPacks(b *testing.B) {
	l := shipped(b)
	var ids []string
	for _, p := range l.Packs() {
		ids = append(ids, p.ID)
	}
	chosen, err := l.Named(ids...)
	if err != nil {
		b.Fatal(err)
	}
	f := jurisdiction.Facts{"customer.kind": "consumer", "seller.country": "ES", "seller.sector": "software", "seller.workers": int64(20)}
	for b.Loop() {
		if _, err := l.Effective(chosen, f, when.Date{Year: 2026, Month: 12, Day: 28}); err != nil {
			b.Fatal(err)
		}
	}
}
