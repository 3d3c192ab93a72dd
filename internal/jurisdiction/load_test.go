package jurisdiction_test

import (
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

const whole = `pack: xx
version: 2026.11.27
extends: []
locale_names: {es: Uno, en: One}
reviewed_on: 2026-11-22
review_by: 2027-01-15
calendar: ES
covers: {residence: [ES]}
rules:
  - id: xx.one
    param: case.resolve.max
    op: max
    value: {d: 15bd, from: request.submitted}
    when: customer.kind == "consumer"
    severity: block
    in_force: {from: 2025-12-28, enforce_from: 2026-12-28}
    confidence: high
    source: primary
    cite: {ref: "Ley 10/2025, art. 17", url: "https://www.boe.es"}
    penalty: {ref: "art. 49", min: 150, max: 10000, currency: EUR}
    message: {es: "Uno.", en: "One."}
  - id: xx.two
    param: case.resolve.max
    op: max
    value: {d: 20bd, from: request.submitted}
    severity: warn
    in_force: {from: 2025-12-28}
    confidence: low
    source: own
    cite: {ref: "art. 18"}
    message: {es: "Dos.", en: "Two."}
    overrides: [xx.one]
  - id: xx.label
    param: entry.label
    op: label
    value: {lang: es, any_of: ["Baja"], exclusive: true, equivalents: reviewed}
    severity: info
    in_force: {from: 2025-12-28}
    confidence: low
    source: own
    cite: {ref: "art. 19"}
    message: {es: "Tres.", en: "Three."}
  - id: xx.notice
    param: notice.renewal
    op: window
    value: {not_before: 45d, not_after: 15d, anchor: renewal.date}
    severity: info
    in_force: {from: 2025-12-28}
    confidence: low
    source: own
    cite: {ref: "art. 20"}
    message: {es: "Cuatro.", en: "Four."}
`

func load(src string, more ...jurisdiction.File) error {
	_, err := jurisdiction.Load(append(more, jurisdiction.File{Name: "dir/xx.yaml", Source: []byte(src)}))
	return err
}

// Whatever is wrong with a pack is found before anybody relies on it, where it
// stands, in both languages.
func TestWhatAPackCouldGetWrongIsFoundAtItsPlace(t *testing.T) {
	t.Parallel()
	if err := load(whole); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, at, code string }{
		"another name than its file":       {"pack: xx", "pack: yy", "1:7", "law.pack_name"},
		"a key that nobody knows":          {"calendar: ES", "calender: ES", "7:1", "file.unknown_key"},
		"a version that is none":           {"2026.11.27", "v1", "2:10", "law.version"},
		"reviewed after the next time":     {"review_by: 2027-01-15", "review_by: 2026-01-15", "6:12", "law.dates"},
		"a day that does not exist":        {"reviewed_on: 2026-11-22", "reviewed_on: 2026-11-31", "5:14", "law.date"},
		"a calendar of nowhere":            {"calendar: ES", "calendar: Spain", "7:11", "law.place"},
		"a residence of nowhere":           {"residence: [ES]", "residence: [ES, Spain]", "8:26", "law.place"},
		"no rules":                         {whole[strings.Index(whole, "rules:"):], "rules: []", "9:8", "law.no_rules"},
		"a parameter that is not known":    {"param: case.resolve.max\n    op: max\n    value: {d: 15bd", "param: case.resolved.max\n    op: max\n    value: {d: 15bd", "11:12", "law.param_unknown"},
		"an operator that does not fit":    {"op: max\n    value: {d: 15bd", "op: min\n    value: {d: 15bd", "12:9", "law.op"},
		"a time that is none":              {"d: 15bd", "d: 15 days", "13:16", "law.time"},
		"a time from nothing":              {"{d: 15bd, from: request.submitted}", "{d: 15bd, from: request}", "13:28", "law.word"},
		"a key within a value":             {"{d: 15bd, from", "{days: 3, d: 15bd, from", "13:19", "law.key"},
		"business days without a calendar": {"calendar: ES\n", "\n", "13:13", "law.calendar"},
		"hours that are moved":             {"{d: 15bd, from: request.submitted}", "{d: 15h, from: request.submitted, roll: next_bd}", "13:52", "law.word"},
		"a calendar of nothing":            {"{d: 15bd, from: request.submitted}", "{d: 15d, from: request.submitted, calendar: residence}", "13:56", "law.calendar_idle"},
		"a calendar that is none":          {"{d: 15bd, from: request.submitted}", "{d: 15bd, from: request.submitted, calendar: home}", "13:57", "law.word"},
		"a list of conditions with a hole": {`when: customer.kind == "consumer"`, `when: [customer.kind == "consumer", ""]`, "14:41", "law.when_list"},
		"a condition that is a number":     {`when: customer.kind == "consumer"`, `when: 3`, "14:11", "law.when_list"},
		"a condition that is no CEL":       {`when: customer.kind == "consumer"`, `when: customer.kynd == "consumer"`, "14:19", "law.when"},
		"a condition of another type":      {`when: customer.kind == "consumer"`, `when: seller.workers`, "14:11", "law.when"},
		"a severity that is none":          {"severity: block", "severity: fatal", "15:15", "law.word"},
		"a doubtful rule that blocks":      {"severity: warn", "severity: block", "26:15", "law.low_block"},
		"enforced before in force":         {"enforce_from: 2026-12-28", "enforce_from: 2024-12-28", "16:48", "law.dates"},
		"no day":                           {"in_force: {from: 2025-12-28, enforce_from: 2026-12-28}", "in_force: {}", "16:15", "law.date"},
		"a source that is none":            {"source: primary", "source: rumour", "18:13", "law.word"},
		"nowhere in the law":               {`cite: {ref: "art. 18"}`, `cite: {url: "https://x"}`, "30:12", "law.cite"},
		"what is read, in one language":    {`cite: {ref: "art. 18"}`, `cite: {ref: "art. 18", note: {es: "dos"}}`, "30:35", "law.note"},
		"an address without TLS":           {"https://www.boe.es", "http://www.boe.es", "19:46", "law.url"},
		"a penalty without its currency":   {", currency: EUR", "", "20:15", "law.penalty"},
		"no word in Spanish":               {`{es: "Dos.", en: "Two."}`, `{en: "Two."}`, "31:15", "law.words"},
		"a comma without quotes":           {`{es: "Dos.", en: "Two."}`, `{es: Dos, tres, en: "Two."}`, "31:15", "law.language"},
		"in the place of nothing":          {"overrides: [xx.one]", "overrides: [xx.none]", "32:17", "law.override_unknown"},
		"in the place of something else":   {"overrides: [xx.one]", "overrides: [xx.label]", "32:17", "law.override_param"},
		"in its own place":                 {"overrides: [xx.one]", "overrides: [xx.two]", "32:17", "law.override_cycle"},
		"an id that is used twice":         {"id: xx.two", "id: xx.one", "22:9", "law.id_twice"},
		"an id that is none":               {"id: xx.two", "id: Two", "22:9", "law.id"},
		"a label without words":            {`any_of: ["Baja"]`, "any_of: []", "36:13", "law.label"},
		"a label with odd equivalents":     {"equivalents: reviewed", "equivalents: all", "36:13", "law.label"},
		"a window the wrong way round":     {"not_before: 45d, not_after: 15d", "not_before: 15d, not_after: 45d", "46:13", "law.window"},
		"a window around nothing":          {"anchor: renewal.date", "anchor: never", "46:54", "law.word"},
		"a pack that is not there":         {"extends: []", "extends: [zz]", "3:11", "law.extends_unknown"},
		"a pack that extends itself":       {"extends: []", "extends: [xx]", "3:11", "law.extends_cycle"},
		"more than one problem at once":    {"severity: warn", "severity: fatal", "26:15", "law.word"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := strings.Replace(whole, c.from, c.to, 1)
			if src == whole {
				t.Fatal("the pack was not changed")
			}
			list := fault.Fields(load(src))
			for _, e := range list {
				if e.Field == "dir/xx.yaml:"+c.at && e.Code == c.code {
					for _, lang := range text.Langs() {
						if said := text.Error(lang, e); !text.Known(lang, "error."+e.Code) || strings.Contains(strings.ReplaceAll(said, "{d: 15bd, from: request.submitted}", ""), "{") {
							t.Errorf("%s is told as %q", lang, said)
						}
					}
					return
				}
			}
			t.Errorf("want %s %s, found %v", c.at, c.code, list)
		})
	}
}

func TestTwoRulesCannotStandInThePlaceOfOne(t *testing.T) {
	t.Parallel()
	third := strings.Replace(whole[strings.Index(whole, "  - id: xx.two"):strings.Index(whole, "  - id: xx.label")], "xx.two", "xx.three", 1)
	if list := fault.Fields(load(whole + third)); len(list) != 1 || list[0].Code != "law.override_twice" {
		t.Errorf("found %v", list)
	}
}

func TestPacksThatExtendEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	other := strings.NewReplacer("pack: xx", "pack: yy", "extends: []", "extends: [xx]", "id: xx.", "id: yy.", "[xx.one]", "[yy.one]").Replace(whole)
	err := load(strings.Replace(whole, "extends: []", "extends: [yy]", 1), jurisdiction.File{Name: "yy.yaml", Source: []byte(other)})
	if list := fault.Fields(err); len(list) != 2 || list[0].Code != "law.extends_cycle" || list[1].Code != "law.extends_cycle" {
		t.Errorf("found %v", list)
	}
}

func TestAPackWhoseReviewIsDueIsTold(t *testing.T) {
	t.Parallel()
	l, err := jurisdiction.Load([]jurisdiction.File{{Name: "xx.yaml", Source: []byte(whole)}})
	if err != nil {
		t.Fatal(err)
	}
	if late := l.Overdue(when.Date{Year: 2027, Month: 1, Day: 15}); late != nil {
		t.Errorf("on the last day it is not late: %v", late)
	}
	if late := l.Overdue(when.Date{Year: 2027, Month: 1, Day: 16}); len(late) != 1 || late[0].Field != "xx.yaml:6:12" {
		t.Errorf("found %v", late)
	}
}

// Whatever is given, it is read or refused at a place, and what is read can be
// asked.
func FuzzLoad(f *testing.F) {
	// Short ones: whatever is made of a long pack takes long to read. Those of the
	// program are read by other tests.
	f.Add([]byte(whole))
	for _, s := range jurisdiction.ShippedFiles() {
		if s.Name == "uy.yaml" {
			f.Add(s.Source)
		}
	}
	f.Add([]byte("pack: xx\nrules: [{value: [1, {a: b}]}]\n"))
	f.Add([]byte("pack: xx\nrules: [{param: entry.label, value: {lang: 3, any_of: 1}}, {param: fee.exit.max, value: -1}]\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		l, err := jurisdiction.Load([]jurisdiction.File{{Name: "xx.yaml", Source: src}})
		if err != nil {
			if len(fault.Fields(err)) == 0 {
				t.Errorf("a problem without its place: %v", err)
			}
			return
		}
		chosen, err := l.Named(l.Packs()[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = l.Effective(chosen, jurisdiction.Facts{"customer.kind": "consumer"}, when.Date{Year: 2027, Month: 1, Day: 1})
	})
}
