package jurisdiction_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/testkit"
)

// research is the text from which the packs were written.
func research(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(testkit.Shared(t, "../law.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// part is the research between two headings.
func part(t *testing.T, s, from, to string) string {
	t.Helper()
	i, j := strings.Index(s, from), strings.Index(s, to)
	if i < 0 || j < i {
		t.Fatalf("the research has no part from %q to %q", from, to)
	}
	return s[i:j]
}

var (
	inCode  = regexp.MustCompile("`([^`]+)`")
	noWord  = regexp.MustCompile(`[^a-z0-9]+`)
	heading = regexp.MustCompile(`^#+ ([\d.]+)`)
)

func plain(s string) string {
	return strings.TrimSpace(noWord.ReplaceAllString(strings.ToLower(s), " "))
}

// uncopied are predicates that no account has word for word, each with why.
var uncopied = map[string]string{
	"2.2 flow.fields ⊇ {name|company, email (else postal), reference (customer/contract no.), desired date}": "fr has it, without the words between brackets",
	"2.5 extends: [eu]":   "how a pack is written that is not shipped",
	"2.5 confidence: low": "how a pack is written that is not shipped",
	"4. cooling = 14d":    "no pack of the United Kingdom is shipped",
	"4. notice.reminder":  "no pack of the United Kingdom is shipped",
	"4. status: enacted, in_force.from: null, expected: 2027-04": "no pack of the United Kingdom is shipped",
	"5.3 net-visa":       "no pack of a network of cards is shipped",
	"6.2 withdraw = 10d": "no pack of Chile is shipped",
}

// Every predicate that the research writes as code stands in the account of a pack,
// or above with the reason: the accounts are not only compared with themselves.
func TestEveryPredicateOfTheResearchStandsInAnAccount(t *testing.T) {
	t.Parallel()
	text := research(t)
	list, err := shipped(t).Cover(jurisdiction.ShippedCoverage())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range list {
		for _, p := range c.Predicates {
			all = append(all, p.At+" "+p.Says)
		}
	}
	copied, found := plain(strings.Join(all, " · ")), map[string]bool{}
	section, n := "", 0
	for line := range strings.SplitSeq(part(t, text, "## 1. European", "## 7. Standards"), "\n") {
		if m := heading.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		for _, m := range inCode.FindAllStringSubmatch(line, -1) {
			n++
			if strings.Contains(copied, plain(m[1])) {
				continue
			}
			if found[section+" "+m[1]] = true; uncopied[section+" "+m[1]] == "" {
				t.Errorf("section %s says %q, and no account does", section, m[1])
			}
		}
	}
	for what := range uncopied {
		if !found[what] {
			t.Errorf("%q stands in an account, or nowhere any more", what)
		}
	}
	if n < 50 {
		t.Errorf("only %d predicates were read: is it written otherwise?", n)
	}
	safe := list[slices.IndexFunc(list, func(c jurisdiction.Coverage) bool { return c.Pack == jurisdiction.SafeEverywhere })]
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \|`).FindAllStringSubmatch(part(t, text, "## 10. ", "## 11. "), -1) {
		at := fmt.Sprintf("10, #%s", m[1])
		if !slices.ContainsFunc(safe.Predicates, func(p jurisdiction.Predicate) bool { return p.At == at }) {
			t.Errorf("row %s of what passes everywhere stands in no account", m[1])
		}
	}
}

// The vocabulary has every parameter that the research gives.
func TestTheVocabularyHasEveryParameterOfTheResearch(t *testing.T) {
	t.Parallel()
	others := []string{"data.role", "retain.class"} // a fact, and five parameters retain.…
	many := regexp.MustCompile(`^(.*)\{(.*)\}(.*)$`)
	n := 0
	for _, m := range inCode.FindAllStringSubmatch(part(t, research(t), "### 8.4", "### 8.5"), -1) {
		names, _, _ := strings.Cut(m[1], ":")
		area := ""
		for name := range strings.SplitSeq(names, "/") {
			name = strings.TrimSpace(name)
			if area != "" && !strings.Contains(name, ".") { // notice.renewal / trial_end
				name = area + "." + name
			}
			area, _, _ = strings.Cut(name, ".")
			all := []string{name}
			if x := many.FindStringSubmatch(name); x != nil {
				all = nil
				for one := range strings.SplitSeq(x[2], ",") {
					all = append(all, x[1]+one+x[3])
				}
			}
			for _, one := range all {
				if n++; jurisdiction.ParamNamed(one) == nil && !slices.Contains(others, one) {
					t.Errorf("there is no parameter %s", one)
				}
			}
		}
	}
	if n < 80 {
		t.Errorf("only %d parameters were read: is it written otherwise?", n)
	}
}

// placesOf are the packs that the research names by short names in its list of
// patterns; nil: no pack of theirs is shipped, or no law says it.
var placesOf = map[string][]string{
	"DE": {"de"}, "FR": {"fr"}, "AR": {"ar"}, "CA": {"us-ca"}, "MN": {"us-mn"}, "EU": {"eu"}, "MX": {"mx"}, "PE": {"pe"}, "UY": {"uy"}, "FTC": {"us-fed"},
	"ES": {"es", "es-l10-2025", "es-telecom"}, "CO": {"co"}, "DSA": {"eu"}, "UCPD": {"eu"}, "GDPR": {"eu"}, "ePrivacy": {"eu"}, "Data Act": {"eu"}, "EAA": {"eu"}, "EDPB": {"eu"},
	"all": {jurisdiction.SafeEverywhere}, "NY": nil, "MA": nil, "VA": nil, "BR": nil, "OECD": nil,
}

// colorado are the patterns in which CO is Colorado, beside other states of the
// US: no pack of it is shipped.
var colorado = []string{"DP02", "DP12", "DP13"}

var (
	patternRow  = regexp.MustCompile(`(?m)^\| (DP\d\d) \| .* \| ([^|]*) \|$`)
	placeName   = regexp.MustCompile(`Data Act|[A-Za-z]+`)
	patternSpan = regexp.MustCompile(`DP(\d\d)(?:–DP(\d\d))?`)
	aside       = regexp.MustCompile(`\([^)]*\)|\bwith DP\d\d|\bothers\b|\bwarn\b|Annex I`)
)

// patternsAt are the patterns that a place of the research names.
func patternsAt(at string) (ids []string) {
	for _, m := range patternSpan.FindAllStringSubmatch(at, -1) {
		last := m[2]
		if last == "" {
			last = m[1]
		}
		for id := "DP" + m[1]; id <= "DP"+last; {
			ids = append(ids, id)
			var n int
			if _, err := fmt.Sscanf(id, "DP%02d", &n); err != nil {
				break
			}
			id = fmt.Sprintf("DP%02d", n+1)
		}
	}
	return ids
}

// Every pattern stands in the account of every pack for which the research names
// it: with its rules, or with why no rule says it.
func TestEveryPatternStandsInTheAccountsOfItsPacks(t *testing.T) {
	t.Parallel()
	list, err := shipped(t).Cover(jurisdiction.ShippedCoverage())
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, c := range list {
		for _, p := range c.Predicates {
			for _, id := range patternsAt(p.At) {
				named[c.Pack+" "+id] = true
			}
		}
	}
	rows, pairs := patternRow.FindAllStringSubmatch(part(t, research(t), "### 11.2", "Not static"), -1), 0
	for _, row := range rows {
		for _, place := range placeName.FindAllString(aside.ReplaceAllString(row[2], ""), -1) {
			packs, known := placesOf[place]
			if !known {
				t.Errorf("%s: nobody knows which pack %q is", row[1], place)
			}
			if packs == nil || place == "CO" && slices.Contains(colorado, row[1]) {
				continue
			}
			if pairs++; !slices.ContainsFunc(packs, func(p string) bool { return named[p+" "+row[1]] }) {
				t.Errorf("%s is named for %s, and no account of %v names it", row[1], place, packs)
			}
		}
	}
	if len(rows) != 38 || pairs < 75 {
		t.Errorf("%d patterns with %d places were read: is it written otherwise?", len(rows), pairs)
	}
}

// rowOf are the packs that the tables of the research call by another name.
var rowOf = map[string]string{"es L10/2025": "es-l10-2025", "us": "us-fed", "us-ca/ct": "us-ca"}

// Every row of the tables of the research stands in the account of its pack.
func TestEveryRowOfTheTablesStandsInTheAccountOfItsPack(t *testing.T) {
	t.Parallel()
	list, err := shipped(t).Cover(jurisdiction.ShippedCoverage())
	if err != nil {
		t.Fatal(err)
	}
	section, n := "", 0
	for line := range strings.SplitSeq(part(t, research(t), "### 9.1", "## 10. "), "\n") {
		if m := heading.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		first, _, row := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || !row {
			continue
		}
		pack, _, _ := strings.Cut(first, " (")
		if other, ok := rowOf[pack]; ok {
			pack = other
		}
		i := slices.IndexFunc(list, func(c jurisdiction.Coverage) bool { return c.Pack == pack })
		if i < 0 { // a heading, or a pack that is not shipped
			continue
		}
		if n++; !slices.ContainsFunc(list[i].Predicates, func(p jurisdiction.Predicate) bool { return strings.Contains(p.At, section) }) {
			t.Errorf("the row of %s in section %s stands in no predicate of its account", pack, section)
		}
	}
	if n < 45 {
		t.Errorf("only %d rows were read: are they written otherwise?", n)
	}
}
