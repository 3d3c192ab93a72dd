package jurisdiction_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
)

// pages are two rules of a pack that ask for one page, and for a recap on another.
func pages(single, recap, more string) jurisdiction.File {
	rule := func(id, param, when string) string {
		if when != "" {
			when = "    when: " + when + "\n"
		}
		return "  - id: xx." + id + "\n    param: " + param + "\n    op: require\n" + when +
			"    severity: block\n    in_force: {from: 2025-12-28}\n    confidence: high\n    source: own\n    cite: {ref: \"art. 1\"}\n    message: {es: \"Uno.\", en: \"One.\"}\n"
	}
	head, _, _ := strings.Cut(whole, "rules:\n")
	return jurisdiction.File{Name: "xx.yaml", Source: []byte(head + "rules:\n" + rule("single", "page.single", single) + rule("recap", "page.recap", recap) + more)}
}

// Whoever writes a pack that cannot be obeyed is told where, by whom and with which
// facts; what never holds together is no contradiction.
func TestAPackThatCannotBeObeyedIsAConflict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		single, recap string
		facts         string // with which they clash; "-": never
	}{
		"always":                  {"", "", ""},
		"for consumers":           {`customer.kind == "consumer"`, `customer.kind in ["consumer", "business"]`, "customer.kind=consumer"},
		"of different kinds":      {`customer.kind == "consumer"`, `customer.kind == "business"`, "-"},
		"in two lists":            {`seller.sector in basic_services && contract.auto_renews`, `[seller.sector == "post", "!contract.prepaid"]`, "contract.auto_renews=true contract.prepaid=false seller.sector=post"},
		"above and below a size":  {`seller.workers >= 250`, `seller.workers < 250`, "-"},
		"over a size and another": {`seller.workers > 10`, `seller.workers < 12`, "seller.workers=11"},
		"by residence":            {`customer.residence in eea`, `customer.residence == "US"`, "-"},
	} {
		l, err := jurisdiction.Load([]jurisdiction.File{pages(c.single, c.recap, "")})
		if err != nil {
			t.Fatal(name, err)
		}
		found, err := l.Contradictions()
		if err != nil {
			t.Fatal(name, err)
		}
		if c.facts == "-" {
			if len(found) > 0 {
				t.Errorf("%s: %v", name, found)
			}
			continue
		}
		if len(found) != 1 || !strings.Contains(text.Error("en", found[0]), "both hold with "+c.facts+".") && c.facts != "" {
			t.Errorf("%s: %+v, want that they clash with %q", name, found, c.facts)
			continue
		}
		for _, lang := range []string{"es", "en"} {
			if says := text.Error(lang, found[0]); !strings.HasPrefix(says, "xx.yaml:") || !strings.Contains(says, "CONFLICT") && !strings.Contains(says, "CONFLICTO") || !strings.Contains(says, "xx.single") || !strings.Contains(says, "xx.recap") || !strings.Contains(says, "when") {
				t.Errorf("%s: it says %s", name, says)
			}
		}
	}
}

func TestNoShippedPackContradictsItself(t *testing.T) {
	t.Parallel()
	found, err := shipped(t).Contradictions()
	if err != nil || len(found) > 0 {
		t.Error(found, err)
	}
}

// What is known of two packs is not said of a third: a clash with a pack of one's
// own has no resolution until somebody writes one.
func TestAForeignPackGetsNobodyElsesResolution(t *testing.T) {
	t.Parallel()
	l, err := jurisdiction.With([]jurisdiction.File{pages("", "customer.residence == \"ES\"", "")})
	if err != nil {
		t.Fatal(err)
	}
	f := profiles(l)[0]
	for _, c := range []struct {
		packs []string
		known bool
	}{
		{[]string{"de", "fr"}, true},
		{[]string{"fr", jurisdiction.SafeEverywhere}, true},
		{[]string{"fr", "xx"}, false},
		{[]string{"de", "fr", "xx"}, false}, // two of its clashes are known, and one is not
	} {
		s, ok := effective(t, l, f, c.packs...).Of("page.recap")
		if !ok || s.Outcome != jurisdiction.Conflict || s.With != "page.single" || (s.Solved["es"] != "") != c.known {
			t.Errorf("%v: %s with %q, solved %v, want known %v", c.packs, s.Outcome, s.With, s.Solved, c.known)
		}
	}
	s, _ := effective(t, l, f, "es", "ar").Of("erase.mode")
	if s.Outcome != jurisdiction.Conflict || s.Solved["en"] == "" {
		t.Errorf("es and ar: %s, %v", s.Outcome, s.Solved)
	}
}

// A country or region that is none would look like one of which we have no pack.
func TestAPlaceThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for in, code := range map[[2]string]string{
		{"customer.residence", "Spain"}: "law.fact_place", {"customer.residence", "DE,FR"}: "law.fact_place", {"customer.residence", "XX"}: "law.fact_place",
		{"customer.residence", "ZZ"}: "law.fact_place", {"customer.residence", "es"}: "law.fact_place", {"customer.residence", "US-CA"}: "law.fact_place",
		{"customer.residence", "ES"}: "", {"customer.residence", "JP"}: "", {"customer.residence", "GB"}: "", {"customer.residence", "UK"}: "law.fact_place",
		{"customer.region", "CA"}: "law.fact_place", {"customer.region", "US-CA"}: "", {"customer.region", "XX-CA"}: "law.fact_place",
		{"seller.country", "EU"}: "law.fact_place", {"seller.country", "MX"}: "",
	} {
		_, err := jurisdiction.ParseFacts(map[string]string{in[0]: in[1]})
		switch list, _ := err.(interface{ Unwrap() []error }); {
		case code == "" && err != nil:
			t.Errorf("%v: %v", in, err)
		case code != "" && (err == nil || !strings.Contains(err.Error(), code)):
			t.Errorf("%v: %v (%v), want %s", in, err, list, code)
		}
	}
	if _, err := jurisdiction.ParseFacts(map[string]string{"customer.residence": "MX", "customer.region": "US-CA"}); err == nil || !strings.Contains(err.Error(), "law.fact_region") {
		t.Errorf("a region of another country: %v", err)
	}
}

// Of an organisation it is not known whether it acts for its trade: what a
// non-professional would have is not known, what neither would have does not hold.
func TestWhatHoldsForAnOrganisationIsWhatHoldsForEveryKindOfIt(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	f := resident("FR", "software")
	f["customer.kind"] = jurisdiction.Organisation
	e := effective(t, l, f, "fr")
	recap, ok := e.Of("page.recap")
	if !ok || recap.Outcome != jurisdiction.Unsettled || len(recap.Maybe) == 0 || !slices.Contains(e.Missing(), "customer.kind") {
		t.Errorf("in France: %+v, missing %q", recap, e.Missing())
	}
	if s, ok := e.Of("withdraw.period"); ok {
		t.Errorf("it withdraws as a consumer does: %+v", s)
	}
	f["customer.kind"] = "business"
	if s, ok := effective(t, l, f, "fr").Of("page.recap"); ok {
		t.Errorf("a business: %+v", s)
	}
	f["customer.kind"] = "nonprofessional"
	if s, _ := effective(t, l, f, "fr").Of("page.recap"); s.Outcome != jurisdiction.Settled {
		t.Errorf("a non-professional: %+v", s)
	}
	// Where no law tells them apart, nothing is open because of it.
	g := resident("DE", "software")
	g["customer.kind"] = jurisdiction.Organisation
	if missing := effective(t, l, g, "de").Missing(); slices.Contains(missing, "customer.kind") {
		t.Errorf("in Germany missing are %q", missing)
	}
	if _, err := jurisdiction.ReadFacts([]byte(`{"customer.kind": "organisation"}`)); err != nil {
		t.Error(err)
	}
}
