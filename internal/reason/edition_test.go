package reason_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
)

const asked = `taxonomy: asked
reasons:
  - code: price
    label: {es: "El precio", en: "The price"}
    attribution: ours
    billing: too_expensive
    sub:
      - {code: rise, label: {es: "Subió", en: "It went up"}}
      - {code: worth, label: {es: "No lo vale", en: "Not worth it"}}
  - code: other
    label: {es: "Otra", en: "Other"}
    attribution: unknown
    billing: other
`

func editions(t *testing.T, src string) map[string]string {
	t.Helper()
	x, err := reason.Load("asked.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, r := range x.Reasons {
		out[r.Code] = r.Edition
	}
	return out
}

// Renaming a reason, or splitting it, parts it from what it was; nothing else
// does, and no other reason is parted by it.
func TestAReasonThatIsRenamedOrSplitIsAnother(t *testing.T) {
	t.Parallel()
	before := editions(t, asked)
	for name, c := range map[string]struct{ was, is, changed string }{
		"a reason is renamed":          {`"It went up"`, `"It was raised"`, "rise"},
		"one is split":                 {`      - {code: worth,`, "      - {code: second_rise, label: {es: \"Otra vez\", en: \"Again\"}}\n      - {code: worth,", "rise worth second_rise"},
		"a top one is split":           {"  - code: other", "  - code: tax\n    label: {es: \"Impuestos\", en: \"Taxes\"}\n    attribution: market\n    billing: other\n  - code: other", "price other tax"},
		"somebody else could act":      {"attribution: ours", "attribution: market", ""},
		"it is another code elsewhere": {"billing: too_expensive", "billing: unused", ""},
		"the order is another": {
			`      - {code: rise, label: {es: "Subió", en: "It went up"}}
      - {code: worth, label: {es: "No lo vale", en: "Not worth it"}}`, `      - {code: worth, label: {es: "No lo vale", en: "Not worth it"}}
      - {code: rise, label: {es: "Subió", en: "It went up"}}`, "",
		},
	} {
		after := editions(t, strings.Replace(asked, c.was, c.is, 1))
		var changed []string
		for code, e := range after {
			if before[code] != e {
				changed = append(changed, code)
			}
		}
		want := strings.Fields(c.changed)
		slices.Sort(want)
		if slices.Sort(changed); !slices.Equal(changed, want) {
			t.Errorf("%s: %v changed, want %v", name, changed, want)
		}
	}
}

// What customers read for a reason is worded apart from its label. Whoever changes
// it changes what is asked, and has to change the label too, or say that it means
// the same: then this is what they read now.
func TestTheWordsThatCustomersReadChangeWithTheirLabels(t *testing.T) {
	t.Parallel()
	h := sha256.New()
	for _, lang := range text.CustomerLangs() {
		for _, r := range reason.Builtin().Tops() {
			fmt.Fprintln(h, lang, r.Edition, text.Say(lang, "portal.why.reason."+r.Code))
		}
	}
	if got := hex.EncodeToString(h.Sum(nil))[:12]; got != "c4e58b033f62" {
		t.Errorf("customers read other words, or labels changed: %s", got)
	}
}

// Whoever only words it better says so, and what was given before is counted with
// what comes after.
func TestAReasonSaysWhichEditionsMeantTheSame(t *testing.T) {
	t.Parallel()
	was := editions(t, asked)["rise"]
	better := strings.Replace(asked, `"It went up"}}`, `"It rose"}, was: ["`+was+`"]}`, 1)
	x, err := reason.Load("better.yaml", []byte(better))
	if err != nil {
		t.Fatal(err)
	}
	r, _ := x.Find("rise")
	if got := x.Same(was); got != r.Edition || r.Edition == was {
		t.Errorf("counted with %s, want %s", got, r.Edition)
	}
	if got, ok := x.InEdition(x.Same(was)); !ok || got.Code != "rise" {
		t.Errorf("it is %q", got.Code)
	}
	if _, ok := x.InEdition("000000000000"); ok {
		t.Error("an edition that nobody knows is a reason")
	}
	for _, wrong := range []string{"rise", editions(t, asked)["price"]} {
		_, err := reason.Load("wrong.yaml", []byte(strings.Replace(better, was, wrong, 1)))
		if code := fault.CodeOf(err); code != "reason.was" {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// No page that is loaded again moves its options; between attempts they move, and
// Other stays the last.
func TestTheOrderOfReasonsIsTheAttempts(t *testing.T) {
	t.Parallel()
	first := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		attempt := rapid.StringN(1, 20, -1).Draw(t, "attempt")
		codes := func(list []reason.Reason) (out []string) {
			for _, r := range list {
				out = append(out, r.Code)
			}
			return out
		}
		got := codes(reason.Builtin().Shuffled(nil, attempt))
		if again := codes(reason.Builtin().Shuffled(nil, attempt)); !slices.Equal(got, again) {
			t.Fatalf("%v, then %v", got, again)
		}
		if got[len(got)-1] != reason.Other {
			t.Fatalf("the last is %s", got[len(got)-1])
		}
		first[got[0]]++
		slices.Sort(got)
		want := codes(reason.Builtin().Offered(nil))
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Fatalf("offered %v, want %v", got, want)
		}
	})
	if len(first) < 4 {
		t.Errorf("the first was one of %v only", first)
	}
}

// What a far system was told never takes the place of what the customer told us,
// in whatever order it comes, nor does a reason that says nothing; and nothing of
// it is lost.
func TestWhatComesLateIsMerged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var list []reason.Given
		for i := range rapid.IntRange(1, 6).Draw(t, "n") {
			g := reason.Given{
				ID: reason.GivenID(rune('a' + i)), Kind: reason.Stated, At: time.Unix(int64(100-i), 0), // newest first
				By:   rapid.SampledFrom([]string{"customer", reason.Elsewhere, "usr_a"}).Draw(t, "by"),
				Code: rapid.SampledFrom([]string{"price", "service", reason.Other}).Draw(t, "code"),
			}
			list = append(list, g)
		}
		w := reason.Weigh(list)
		if len(w.Also) != len(list)-1 || slices.Contains(w.Also, w.Stated) {
			t.Fatalf("of %d, one counts and %d stand beside it", len(list), len(w.Also))
		}
		says := func(g reason.Given) bool { return g.Code != reason.Other }
		for _, g := range list {
			switch {
			case says(g) && !says(*w.Stated):
				t.Fatalf("%+v counts, though %+v says something", w.Stated, g)
			case says(g) == says(*w.Stated) && g.By != reason.Elsewhere && w.Stated.By == reason.Elsewhere:
				t.Fatalf("%+v counts, though they told us %+v", w.Stated, g)
			case says(g) == says(*w.Stated) && (g.By == reason.Elsewhere) == (w.Stated.By == reason.Elsewhere) && g.At.After(w.Stated.At):
				t.Fatalf("%+v counts, though %+v is newer", w.Stated, g)
			}
		}
	})
	whole := []reason.Given{{ID: "2", Kind: reason.Stated, Code: "price", Completes: "1"}, {ID: "1", Kind: reason.Stated, Code: "price"}}
	if w := reason.Weigh(whole); w.Stated.ID != "2" || len(w.Also) != 0 {
		t.Errorf("what is said again in full stands twice: %+v", w)
	}
}
