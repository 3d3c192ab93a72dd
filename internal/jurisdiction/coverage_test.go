package jurisdiction_test

import (
	"slices"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
)

func TestAReasonIsGivenInEveryLanguage(t *testing.T) {
	t.Parallel()
	l, err := jurisdiction.Load([]jurisdiction.File{{Name: "xx.yaml", Source: []byte(whole)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		predicate string
		found     []string
	}{
		"in both":             {`reason: {es: "No.", en: "Never."}`, nil},
		"in English only":     {`reason: {en: "Never."}`, []string{"dir/xx.coverage.yaml:3:35 law.words"}},
		"in Spanish only":     {`reason: {es: "No.", en: " "}`, []string{"dir/xx.coverage.yaml:3:35 law.words"}},
		"in none":             {`reason: {}`, []string{"dir/xx.coverage.yaml:3:34 law.words", "dir/xx.coverage.yaml:3:34 law.words"}},
		"in one too many":     {`reason: {es: "No.", en: "Never.", fr: "Non."}`, []string{"dir/xx.coverage.yaml:3:35 law.language"}},
		"without a language":  {`reason: "Never."`, []string{"dir/xx.coverage.yaml:3:34 file.syntax"}},
		"and rules":           {`rules: [xx.one], reason: {es: "No.", en: "Never."}`, []string{"dir/xx.coverage.yaml:3:6 law.coverage_empty"}},
		"neither it nor rule": {`rules: []`, []string{"dir/xx.coverage.yaml:3:6 law.coverage_empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := "pack: xx\npredicates:\n  - {at: \"1\", says: \"x\", " + c.predicate + "}\n"
			_, err := l.Cover([]jurisdiction.File{{Name: "dir/xx.coverage.yaml", Source: []byte(src)}})
			var found []string
			for _, e := range fault.Fields(err) {
				if e.Code != "law.coverage_unasked" {
					found = append(found, e.Field+" "+e.Code)
				}
			}
			if !slices.Equal(found, c.found) {
				t.Errorf("want %q, found %q", c.found, found)
			}
		})
	}
}

func TestNoReasonSaysTheSameInBothLanguages(t *testing.T) {
	t.Parallel()
	list, err := shipped(t).Cover(jurisdiction.ShippedCoverage())
	if err != nil {
		t.Fatal(err)
	}
	reasons := 0
	for _, c := range list {
		for _, p := range c.Predicates {
			if p.Reason == nil {
				continue
			}
			if reasons++; p.Reason["es"] == p.Reason["en"] {
				t.Errorf("%s, %s: %s", c.Pack, p.At, p.Reason["es"])
			}
		}
	}
	if reasons == 0 {
		t.Error("no predicate has a reason")
	}
}
