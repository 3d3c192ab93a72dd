package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
)

const lawHead = `# Packs of rules

Written by make gen. What law asks of a departure is data: one YAML file for each place or sector. ` + "`hasta law check DIR`" + ` reports every
problem at file:line:column; ` + "`law.dir`" + ` of the configuration names a folder of your own packs, and a file with the name of a shipped one stands in its
place, which every listing says. The guide is [law.md](../guide/law.md).

## A pack

` + "```yaml" + `
pack: es                          # the name of the file without .yaml
version: 2026.11.22               # the day, and .2 for a second version of it
extends: [eu]                     # packs whose rules come with this one
locale_names: {es: España, en: Spain}
reviewed_on: 2026-11-22
review_by: 2027-01-15             # later, hasta law check warns
calendar: ES                      # whose business days count; needed where a value says bd
covers: {residence: [ES], seller: [ES], sector: [], network: []}
rules:
  - id: es.lgdcu.21-3.answer      # for ever; never used again
    param: complaint.max          # below
    op: max                       # the one that fits the parameter
    value: {d: 15d, from: complaint.received}
    when: customer.kind == "consumer"   # over the facts below; absent: always
    severity: block               # block, warn or info
    status: in_force              # in_force, enacted, proposed or repealed
    in_force: {from: 2025-12-28}  # enforce_from: until then it only warns; until: its last day
    confidence: medium            # high, medium or low; low may not block
    source: primary               # the text was read; secondary: what is written about it; own: neither
    cite: {ref: "LGDCU, art. 21.3", url: "https://…"} # note: {es: …, en: …} is what was read into it
    penalty: {ref: "LGDCU, art. 49", min: 150, max: 10000, currency: EUR}
    message: {es: "Una queja recibe respuesta en 15 días.", en: "A complaint is answered within 15 days."}
    overrides: []                 # rules of this pack, or of one it extends, in whose place it stands
` + "```" + `

**Covers**: ` + "`residence`" + ` is where the customer lives (ES, or US-CA); the rules about data of packs with ` + "`seller`" + ` hold for sellers from there wherever the
customer lives; ` + "`sector`" + ` narrows; ` + "`network`" + ` is a way of paying. Where no pack covers a residence, or it is not known, ` + "`safe-everywhere`" + ` holds.

**Beside each pack** stands ` + "`<pack>.coverage.yaml`" + `: every predicate that was read, with the rules that say it or the reason why none does:
` + "`reason: {es: …, en: …}`" + `.

## Values

| kind | written | what merging does |
|---|---|---|
| bool, forbid | ` + "`true`" + `, or nothing | one rule is enough |
| count, percent | ` + "`1`" + ` | the least, or the most |
| enum | a word | the strictest, in the order below; for *only*, two words are a conflict |
| choice, set | ` + "`[a, b]`" + ` | *union* of what is needed, *intersection* of what is allowed; nothing left is unsatisfiable |
| duration | ` + "`{d: 15bd, from: request.submitted, count: exclude_start, roll: none}`" + `, or ` + "`formula`" + ` in the place of ` + "`d`" + ` | the shortest, or the longest; those that cannot be compared stay side by side |
| money | ` + "`0`, `{percent: 20, of: remaining_fees}`, `{formula: benefit_prorata}`, `{minor: 100, currency: EUR}`" + ` | the least |
| label | ` + "`{lang: de, any_of: [\"Verträge hier kündigen\"], exclusive: true, equivalents: reviewed}`" + `, or a list | side by side, by pack and language |
| window | ` + "`{not_before: 45d, not_after: 15d, anchor: renewal.date}`" + ` | side by side, without those that another one is within |

Times are ` + "`1min`, `24h`, `14d`, `15bd` (business days), `2mo`, `2y`" + `; at once is ` + "`1min`" + `. ` + "`count: include_start`" + ` counts the day of the event; ` + "`roll: next_bd`" + ` moves an end on a
weekend or holiday to the next business day of the calendar of the pack; ` + "`calendar: residence`" + ` counts the business days of where the customer lives, for a law that has
no holidays of its own. Where that place has no calendar, weekends are no business days and nothing else. A condition may be a list: all of it has to hold.

`

// The page says every parameter, fact, event and formula that there is.
func TestTheReferenceOfLawIsUpToDate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(lawHead)
	b.WriteString("## Parameters\n\nThe vocabulary is closed. *Static* is judged from a flow, *clock* by a timer or an act, *document* by what stands in a paper.\n\n" +
		"| parameter | kind | op | merging | judged | words |\n|---|---|---|---|---|---|\n")
	for _, p := range jurisdiction.Params() {
		clash := ""
		if p.Excludes != "" {
			clash = " (not with `" + p.Excludes + "`)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s%s | %s | %s |\n", p.Name, p.Kind, p.Op(), p.Merge, clash, p.Phase, strings.Join(p.Words, ", "))
	}
	b.WriteString("\n## Facts\n\nWhat is not given is not known: a rule that asks for it is *unknown*, never passed. Dates are compared as text.\n\n| fact | type | values | what it is |\n|---|---|---|---|\n")
	for _, f := range jurisdiction.FactList() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, strings.Join(f.Known, ", "), worded(t, "law.fact."+f.Name))
	}
	lists := jurisdiction.Lists()
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		fmt.Fprintf(&b, "\n`%s` is the list %s.\n", name, strings.Join(lists[name], ", "))
	}
	b.WriteString("\n## Events\n\n| event | what it is |\n|---|---|\n")
	for _, e := range jurisdiction.Events() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", e, worded(t, "law.event."+e))
	}
	b.WriteString("\n## Formulas\n\n| formula | what it is |\n|---|---|\n")
	for _, f := range jurisdiction.Formulas() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f, worded(t, "law.formula."+f))
	}
	generated(t, "../../docs/reference/law.md", b.String())
}

// worded fails where one of the languages has no words.
func worded(t *testing.T, code string) string {
	t.Helper()
	for _, lang := range text.Langs() {
		if !text.Known(lang, code) {
			t.Errorf("%s has no words for %s", lang, code)
		}
	}
	return text.Say("en", code)
}
