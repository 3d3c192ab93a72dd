package segment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/segment"
)

func file(rule string) string {
	return "set: x\nsegments:\n  - id: one\n    name: {es: Uno, en: One}\n    purpose: {es: Para ver, en: To see}\n    rule: " + fmt.Sprintf("%q", rule) + "\n"
}

func load(t interface{ Fatal(...any) }, src string) *segment.Set {
	s, err := segment.Load("s.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func in(t *testing.T, s *segment.Set, f segment.Facts) (bool, []string) {
	t.Helper()
	list, err := s.Of(f)
	if err != nil {
		t.Fatal(err)
	}
	return list[0].In, list[0].Missing
}

func n(x int64) *int64 { return &x }

func TestTheExampleIsGood(t *testing.T) {
	t.Parallel()
	s := load(t, string(segment.Example()))
	if len(s.Segments) != 3 || s.Find("costly_low") == nil || s.Find("nobody") != nil {
		t.Errorf("%+v", s.Segments)
	}
	if reads := s.Find("costly_low").Reads; !slices.Equal(reads, []string{"incidents.year", "tenure.months", "value.band", "worked.minutes"}) {
		t.Errorf("what a term asks for is not told: %v", reads)
	}
}

// Everything that is wrong is told at its place.
func TestWhatIsWrongIsToldAtItsPlace(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"set: X\nsegments: []\n":    "s.yaml:1:6 file.name; s.yaml:2:11 file.empty_list",
		file("customer.height > 3"): "s.yaml:6:20 segment.condition",
		file("tenure.months"):       "s.yaml:6:12 segment.condition",
		file("contracts.plans.all(a, contracts.plans.all(b, contracts.plans.all(c, a + b == c)))"):               "s.yaml:6:12 segment.condition",
		file("tenure.months > 3 && customer.age > 65"):                                                           "s.yaml:6:42 segment.protected",
		file("customer.birthDate > 3"):                                                                           "s.yaml:6:21 segment.protected",
		file("customer.postal_code == '28001'"):                                                                  "s.yaml:6:21 segment.proxy.address",
		file("customer.language == 'es'"):                                                                        "s.yaml:6:21 segment.proxy.language",
		file("customer.name.startsWith('A')"):                                                                    "s.yaml:6:21 segment.proxy.name",
		file("contracts.plans.exists(p, p == 'Plan Jóvenes')"):                                                   "s.yaml:6:49 segment.protected",
		strings.Replace(file("tenure.months > 3"), "es: Uno", "es: Mayores de 65", 1):                            "s.yaml:4:16 segment.protected",
		strings.Replace(file("tenure.months > 3"), ", en: One", "", 1):                                           "s.yaml:4:12 file.language_missing",
		strings.Replace(file("tenure.months > 3"), "set: x", "set: x\ndeclare:\n  gender: tenure.months > 3", 1): "s.yaml:3:11 segment.protected",
		strings.Replace(file("tenure.months > 3"), "set: x", "set: x\ndeclare:\n  far: customer.zip == '1'", 1):  "s.yaml:3:17 segment.proxy.address",
		file(" "): "s.yaml:6:11 segment.no_rule",
	} {
		_, err := segment.Load("s.yaml", []byte(src))
		var got []string
		for _, e := range fault.Fields(err) {
			got = append(got, fmt.Sprint(e.Field, " ", e.Code))
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s\n%v\nwant %s", src, got, want)
		}
	}
}

// No fact that a rule may see is one that the law protects, or gives it away; and every
// word of the list is found however it is written.
func TestNothingProtectedCanBeAskedFor(t *testing.T) {
	t.Parallel()
	for _, name := range segment.FactNames() {
		if found, is := segment.Find(name); is {
			t.Errorf("%s names %s (%s)", name, found.Word, found.Code)
		}
	}
	for _, a := range segment.Attributes {
		if (a.Cite == "") != a.Proxy {
			t.Errorf("%s: where is it written?", a.Code)
		}
		for _, w := range a.Words {
			w = strings.TrimSuffix(w, "*")
			for _, written := range []string{w, strings.ToUpper(w), "customer." + w, "my_" + w + "_field", "x == '" + w + "'"} {
				if _, is := segment.Find(written); !is {
					t.Errorf("%s: %q passes", a.Code, written)
				}
			}
		}
	}
	for _, fine := range []string{"average", "manager", "message.minutes", "tenure.months", "package", "sexta planta", "Villa"} {
		if found, is := segment.Find(fine); is {
			t.Errorf("%q is taken for %s", fine, found.Code)
		}
	}
}

// What is not known is not guessed: neither by a rule nor by a term behind it.
func TestWhatIsNotKnownIsNotGuessed(t *testing.T) {
	t.Parallel()
	s := load(t, strings.Replace(file("costly || tenure.months > 12"), "set: x", "set: x\ndeclare:\n  costly: worked.minutes > 60", 1))
	for _, c := range []struct {
		f       segment.Facts
		in      bool
		missing string
	}{
		{segment.Facts{Months: 3}, false, "worked.minutes"},
		{segment.Facts{Months: 13}, true, ""},
		{segment.Facts{Months: 3, Minutes: n(61)}, true, ""},
		{segment.Facts{Months: 3, Minutes: n(60)}, false, ""},
		{segment.Facts{Months: -1, Minutes: n(60)}, false, "tenure.months"},
		{segment.Facts{Months: -1}, false, "tenure.months worked.minutes"},
	} {
		got, missing := in(t, s, c.f)
		if got != c.in || strings.Join(missing, " ") != c.missing {
			t.Errorf("%+v: %t, missing %v", c.f, got, missing)
		}
	}
}

// By where somebody lives nothing is decided.
func TestAPlaceIsForReportsAlone(t *testing.T) {
	t.Parallel()
	s := load(t, file("customer.country == 'ES'"))
	list, err := s.Of(segment.Facts{Country: "ES"})
	if err != nil || !list[0].In || !list[0].Segment.Reports {
		t.Fatalf("%+v: %v", list, err)
	}
	if in, unsure := segment.Decides(list); len(in)+len(unsure) > 0 {
		t.Errorf("something is decided by a place: %v %v", in, unsure)
	}
}

// Of every customer that is counted it is said once whether they are in a segment, are
// not, or whether nobody knows.
func TestEverybodyIsCountedOnce(t *testing.T) {
	t.Parallel()
	s := load(t, file("late.overdue > 100 && tenure.months > 6"))
	rapid.Check(t, func(t *rapid.T) {
		c := s.NewCounter()
		var want segment.Count
		people := rapid.IntRange(0, 40).Draw(t, "people")
		for i := range people {
			f := segment.Facts{Months: rapid.IntRange(-1, 12).Draw(t, "months")}
			if rapid.Bool().Draw(t, "known") {
				f.Overdue = n(rapid.Int64Range(0, 200).Draw(t, "overdue"))
			}
			late, old := f.Overdue != nil && *f.Overdue > 100, f.Months > 6
			switch {
			case late && old:
				want.In++
			case f.Overdue != nil && !late || f.Months >= 0 && !old:
			default:
				want.Unsure++
			}
			if err := c.Add(customer.ID(fmt.Sprint(i)), f); err != nil {
				t.Fatal(err)
			}
		}
		got := c.Counts[0]
		if c.Asked != people || got.In != want.In || got.Unsure != want.Unsure || len(got.Examples) != min(got.In, segment.MostExamples) {
			t.Fatalf("%+v of %d, want %+v", got, c.Asked, want)
		}
		codes := map[string]bool{}
		for _, w := range c.Warn() {
			codes[w.Code] = true
		}
		if people > 0 && (codes["segment.warn.nobody"] != (got.In == 0) || codes["segment.warn.everybody"] != (got.In == people)) {
			t.Fatalf("%+v of %d: %v", got, people, codes)
		}
	})
}

// A version follows what is asked, and nothing else in the file.
func TestAVersionFollowsTheRule(t *testing.T) {
	t.Parallel()
	declared := func(term string) string {
		return strings.Replace(file("costly"), "set: x", "set: x\ndeclare:\n  costly: "+term+"\n  other: tenure.months > 1", 1)
	}
	v := func(src string) string { return load(t, src).Segments[0].Version() }
	one := v(declared("worked.minutes > 60"))
	if same := v(strings.NewReplacer("Para ver", "Para mirar", "months > 1", "months > 2").Replace(declared("worked.minutes > 60"))); same != one {
		t.Errorf("%s and %s ask the same", one, same)
	}
	if other := v(declared("worked.minutes > 61")); other == one {
		t.Error("another term, and the same version")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(string(segment.Example()))
	f.Add(file("tenure.months > 3"))
	f.Add("set: a\ndeclare: {b: 'true'}\nsegments: [{id: c, rule: b}]")
	f.Fuzz(func(t *testing.T, src string) {
		s, err := segment.Load("s.yaml", []byte(src))
		if err != nil {
			if len(fault.Fields(err)) == 0 {
				t.Fatalf("no place: %v", err)
			}
			return
		}
		if _, err := s.Of(segment.Facts{Months: -1}); err != nil && strings.Contains(err.Error(), "panic") {
			t.Fatal(err)
		}
	})
}
