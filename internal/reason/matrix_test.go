package reason_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/reason"
)

// However departures are looked at, they are the same: every table adds up to all
// of them, and what was given under other words has a line of its own.
func TestEveryTableOfReasonsAddsUp(t *testing.T) {
	t.Parallel()
	now := reason.Builtin()
	editions := []string{"", "aaaaaaaaaaaa"}
	for _, r := range now.Reasons {
		editions = append(editions, r.Edition)
	}
	rapid.Check(t, func(t *rapid.T) {
		var list []reason.Tally
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			x := reason.Tally{
				Stated: rapid.SampledFrom(editions).Draw(t, "stated"), Root: rapid.SampledFrom(editions).Draw(t, "root"),
				Attribution: rapid.SampledFrom(reason.Attributions).Draw(t, "who"), Segment: rapid.SampledFrom([]string{"", "oro"}).Draw(t, "segment"),
				N: rapid.IntRange(1, 9).Draw(t, "count"), Currency: rapid.SampledFrom([]string{"", "EUR"}).Draw(t, "currency"),
			}
			x.StatedFamily, x.RootFamily = familyOf(now, x.Stated), familyOf(now, x.Root)
			if x.Currency != "" {
				x.Yearly = rapid.Int64Range(0, 1e6).Draw(t, "yearly")
			}
			list = append(list, x)
		}
		m := reason.NewMatrix(now, list, nil)
		want, sum, both := 0, int64(0), 0
		for _, x := range list {
			want, sum = want+x.N, sum+x.Yearly
			if x.StatedFamily != "" && x.RootFamily != "" {
				both += x.N
			}
		}
		for _, k := range []reason.Kind{reason.Stated, reason.Root} {
			n, money := 0, int64(0)
			var seen []string
			for _, l := range m.By(k) {
				byWho, bySegment := 0, 0
				for _, x := range l.Attributions {
					byWho += x
				}
				for _, x := range l.Segments {
					bySegment += x
				}
				if byWho != l.N || bySegment != l.N {
					t.Fatalf("%s has %d: %d by attribution, %d by segment", l.Edition, l.N, byWho, bySegment)
				}
				n, money, seen = n+l.N, money+l.Yearly["EUR"], append(seen, l.Edition)
			}
			if n != want || money != sum {
				t.Fatalf("by %s: %d and %d, of %d and %d", k, n, money, want, sum)
			}
			if slices.Sort(seen); len(slices.Compact(seen)) != len(seen) {
				t.Fatalf("twice: %v", seen)
			}
		}
		c := m.Confusion()
		if c.Both != both || c.Same > c.Both {
			t.Fatalf("both are known of %d, counted %d", both, c.Both)
		}
		if e := c.Agreement(); e.Low > e.Point || e.Point > e.High {
			t.Fatalf("%+v", e)
		}
	})
}

func familyOf(x *reason.Taxonomy, edition string) string {
	if r, ok := x.InEdition(edition); ok {
		return r.FamilyEdition
	}
	return edition
}

// What was given before a reason was worded better is counted with it where
// somebody says that it meant the same, and apart where nobody does.
func TestEarlierWordsAreCountedApartUnlessTheyMeantTheSame(t *testing.T) {
	t.Parallel()
	was := editions(t, asked)["rise"]
	renamed := strings.Replace(asked, `"It went up"}}`, `"It rose"}}`, 1)
	for src, lines := range map[string]int{renamed: 2, strings.Replace(renamed, `"It rose"}}`, `"It rose"}, was: ["`+was+`"]}`, 1): 1} {
		x, err := reason.Load("asked.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		is, _ := x.Find("rise")
		m := reason.NewMatrix(x, []reason.Tally{{Root: was, N: 2}, {Root: is.Edition, N: 3}}, []reason.Edition{{ID: was, Code: "rise", Label: map[string]string{"en": "It went up"}}})
		if got := m.By(reason.Root); len(got) != lines || m.All().N != 5 {
			t.Errorf("%d lines, want %d: %+v", len(got), lines, got)
		}
		if m.Now(was) || m.Editions[was].Label["en"] != "It went up" {
			t.Errorf("it was called %+v", m.Editions[was])
		}
	}
}
