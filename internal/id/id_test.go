package id_test

import (
	"slices"
	"testing"

	"hastaluego/internal/id"
)

func TestIdentifiersAreValidAndSortByTime(t *testing.T) {
	t.Parallel()
	var list []string
	for range 1000 {
		s := id.New("case")
		if !id.Valid("case", s) || id.Valid("req", s) {
			t.Fatalf("%q", s)
		}
		list = append(list, s)
	}
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error("not in order, or not unique")
	}
	for _, s := range []string{"", "case_", "case_0", "case_8zzzzzzzzzzzzzzzzzzzzzzzzz", "case_0000000000000000000000000u", list[0] + "0"} {
		if id.Valid("case", s) {
			t.Errorf("%q is valid", s)
		}
	}
}

func TestWhoeverHasTheSameSecretMakesTheSameCode(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 500 {
		secret := id.Token()
		c := id.CodeFor(secret)
		if got, ok := id.ParseCode(c); !ok || got != c || c != id.CodeFor(secret) {
			t.Fatalf("%s, then %s, read as %s", c, id.CodeFor(secret), got)
		}
		seen[c] = true
	}
	if len(seen) != 500 {
		t.Errorf("%d codes of 500 secrets", len(seen))
	}
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for range 200 {
		c := id.NewCode()
		if got, ok := id.ParseCode(c); !ok || got != c {
			t.Fatalf("%s read as %q", c, got)
		}
	}
	for typed, want := range map[string]string{"hl7k4m29qx": "HL-7K4M-29QX", " HL 7k4m 29qx ": "HL-7K4M-29QX", "HL-OI1L-29QX": "HL-0111-29QX", "7K4M": "", "HL-7K4M-29Q": "", "HL-7K4M-29QU": ""} {
		if got, _ := id.ParseCode(typed); got != want {
			t.Errorf("%q read as %q, want %q", typed, got, want)
		}
	}
}
