package fault_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
)

func TestAWordThatIsNearIsMeant(t *testing.T) {
	t.Parallel()
	known := []string{"operations", "inventory", "timeout", "allow", "kind", "http", "ldap"}
	for written, want := range map[string]string{
		"oprations": "operations", "operatiosn": "operations", "inventry": "inventory", "timeouts": "timeout", "alow": "allow", "knid": "kind", "htp": "http",
		"oauth": "", "": "", "k": "", "operations": "", "ab": "",
	} {
		if got := fault.Near(written, known); got != want {
			t.Errorf("%q: %q, not %q", written, got, want)
		}
	}
	e := fault.New(fault.Invalid, "system.kind", "at", "s.yaml:1:1", "kind", "htpp", "kinds", "http, ldap").Meant("")
	if !slices.Contains(e.Args, any("near")) || e.Args[len(e.Args)-1] != "http" {
		t.Errorf("%v", e.Args)
	}
}

// Whatever is changed about a word by one letter or two, what is said to be meant is
// known, and is no further than that.
func TestNobodyIsToldOfAWordThatThereIsNot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SliceOfN(rapid.StringMatching(`[a-z_]{3,10}`), 1, 8).Draw(t, "known")
		word := []rune(rapid.SampledFrom(known).Draw(t, "word"))
		for range rapid.IntRange(0, 2).Draw(t, "edits") {
			i := rapid.IntRange(0, len(word)-1).Draw(t, "at")
			word[i] = rapid.RuneFrom([]rune("abcxyz")).Draw(t, "letter")
		}
		got := fault.Near(string(word), known)
		if got != "" && (!slices.Contains(known, got) || got == string(word)) {
			t.Fatalf("%q for %q of %q", got, string(word), known)
		}
	})
}

func TestProblemsAreToldInTheirOrderAndBounded(t *testing.T) {
	t.Parallel()
	at := func(line, col int) *fault.Error {
		return fault.New(fault.Invalid, "x", "at", fmt.Sprintf("a:b.yaml:%d:%d", line, col))
	}
	got := fault.List{at(10, 1), at(2, 7), at(2, 3)}.InOrder()
	if fmt.Sprintf("%v %v %v", got[0].Args[1], got[1].Args[1], got[2].Args[1]) != "a:b.yaml:2:3 a:b.yaml:2:7 a:b.yaml:10:1" {
		t.Error(got)
	}
	if p, ok := fault.PlaceOf(got[2]); !ok || p != (fault.Place{File: "a:b.yaml", Line: 10, Column: 1}) {
		t.Error(p, ok)
	}
	var many fault.List
	for i := range 3 * fault.MostPlaces {
		many = append(many, at(i+1, 1))
	}
	short := many.InOrder()
	if last := short[len(short)-1]; len(short) != fault.MostPlaces+1 || last.Code != "file.more" || last.Args[3] != 2*fault.MostPlaces {
		t.Errorf("%d problems, the last is %v", len(short), last)
	}
	other := fault.List{at(3, 1), fault.New(fault.Invalid, "y"), at(1, 1)}
	if got := other.InOrder(); got[0] != other[0] || got[2] != other[2] {
		t.Error("what has no place was moved")
	}
}
