package ingest

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Simple is a map that somebody makes by saying of each column what it is. It is
// written as the map of a file, so that one and the same reader reads both.
type Simple struct {
	Departures bool // else customers and what they pay for
	AsOf       when.Date
	Dates      string // one of when.DateForms
	Decimal    string // "," or "."
	Kind       customer.Kind
	Country    string
	Language   string
	Currency   string // where no column says it
	Product    string // where no column says it
	Reasons    map[string]string
	Columns    map[string]string // column, by field
}

// SimpleFields are the fields that a simple map may fill, in the order in which
// they are offered.
func SimpleFields(departures bool) []string {
	who := []string{
		"customer.reference", "customer.name", "contact.email", "contact.name", "customer.kind", "customer.segment", "customer.country", "customer.language",
	}
	if departures {
		return append(who, "departure.on", "departure.since", "departure.reason", "departure.competitor", "departure.words", "departure.product",
			"departure.amount", "departure.currency", "departure.interval")
	}
	return append(who, "subscription.reference", "subscription.product", "subscription.plan", "subscription.amount", "subscription.currency",
		"subscription.interval", "subscription.start", "subscription.paid_until", "subscription.term_end")
}

// Guess says by the names of columns which field each may be.
func Guess(header []string, departures bool) map[string]string {
	out := map[string]string{}
	for _, field := range SimpleFields(departures) {
		for _, h := range header {
			if strings.TrimSpace(h) != "" && called(h, "import.column."+field) && out[field] == "" {
				out[field] = h
			}
		}
	}
	// A column called only after the customer is a number where another one is the
	// name, and else the name.
	if ref := out["customer.reference"]; ref != "" && ref == out["customer.name"] {
		other := func(field string) string {
			i := slices.IndexFunc(header, func(h string) bool { return h != ref && called(h, "import.column."+field) })
			if i < 0 {
				return ""
			}
			return header[i]
		}
		if name := other("customer.name"); name != "" {
			out["customer.name"] = name
		} else if out["customer.reference"] = other("customer.reference"); out["customer.reference"] == "" {
			delete(out, "customer.reference")
		}
	}
	return out
}

// words that files have for choices, and the choice that they stand for; what is
// none of them stays as it is, and its row is refused.
var (
	intervalWords = map[string][]string{
		"week":      {"semana", "semanal", "weekly"},
		"month":     {"mes", "mensual", "monthly"},
		"quarter":   {"trimestre", "trimestral", "quarterly"},
		"half_year": {"semestre", "semestral", "half-yearly"},
		"year":      {"año", "anual", "yearly", "annual"},
	}
	kindWords = map[string][]string{
		"person":       {"persona", "particular", "private"},
		"organisation": {"empresa", "organización", "organizacion", "company", "business", "organization"},
	}
)

// YAML is the map as a file.
func (s Simple) YAML() []byte {
	var b strings.Builder
	quote := func(v string) string {
		raw, err := json.Marshal(v) // YAML reads what JSON writes
		if err != nil {
			return `""`
		}
		return string(raw)
	}
	b.WriteString("as_of: " + s.AsOf.String() + "\ncsv: {decimal: " + quote(s.Decimal) + ", dates: " + quote(s.Dates) + "}\n")
	names := map[string]string{"ref": s.reference(), "every": s.every(), "kind": s.Columns["customer.kind"]}
	b.WriteString("columns:\n")
	for _, name := range sortedKeys(names) {
		if names[name] != "" {
			b.WriteString("  " + name + ": " + quote(names[name]) + "\n")
		}
	}
	if s.Departures && len(s.Reasons) > 0 {
		b.WriteString("reasons:\n")
		for _, said := range sortedKeys(s.Reasons) {
			b.WriteString("  " + quote(said) + ": " + quote(s.Reasons[said]) + "\n")
		}
	}
	b.WriteString("fields:\n")
	for _, f := range s.fields() {
		b.WriteString("  " + f[0] + ": {" + f[1] + ": " + quote(f[2]) + "}\n")
	}
	return []byte(b.String())
}

// reference is the column that tells customers apart: an address does, where
// there is no number.
func (s Simple) reference() string {
	if c := s.Columns["customer.reference"]; c != "" {
		return c
	}
	return s.Columns["contact.email"]
}

func (s Simple) every() string {
	if s.Departures {
		return s.Columns["departure.interval"]
	}
	return s.Columns["subscription.interval"]
}

// fields are field, kind of source and source, in order.
func (s Simple) fields() (out [][3]string) {
	add := func(field, kind, value string) {
		if value != "" {
			out = append(out, [3]string{field, kind, value})
		}
	}
	paid := "subscription."
	if s.Departures {
		paid = "departure."
	}
	pays := s.Columns[paid+"amount"] != ""
	subscribed := !s.Departures && slices.ContainsFunc(sortedKeys(s.Columns), func(f string) bool { return strings.HasPrefix(f, paid) })
	for _, f := range SimpleFields(s.Departures) {
		column := s.Columns[f]
		switch {
		case f == "customer.reference":
			add(f, "column", s.reference())
		case f == "customer.kind" && column != "":
			add(f, "expr", "lower(kind) == \"\" ? \""+string(s.Kind)+"\" : "+standing("kind", kindWords))
		case f == "customer.kind":
			add(f, "value", string(s.Kind))
			if s.Kind == customer.Organisation {
				add("customer.consumer", "value", "false")
			}
		case f == paid+"interval" && column != "":
			add(f, "expr", standing("every", intervalWords))
		case column != "":
			add(f, "column", column)
		case f == "customer.name":
			add(f, "column", s.Columns["contact.name"])
		case f == "customer.country":
			add(f, "value", s.Country)
		case f == "customer.language":
			add(f, "value", s.Language)
		case f == "subscription.reference" && subscribed && s.reference() != "":
			add(f, "expr", `ref + "-1"`)
		case f == "subscription.product" && subscribed, f == "departure.product" && pays:
			add(f, "value", s.Product)
		case f == paid+"currency" && (subscribed || pays):
			add(f, "value", s.Currency)
		}
	}
	return out
}

// standing is an expression that makes a choice of the words that stand for it.
func standing(name string, words map[string][]string) string {
	var b strings.Builder
	for _, choice := range sortedKeys(words) {
		raw, err := json.Marshal(append([]string{choice}, words[choice]...))
		if err != nil {
			continue
		}
		b.WriteString("lower(trim(" + name + ")) in " + string(raw) + ` ? "` + choice + `" : `)
	}
	return b.String() + name
}

// Missing are the fields that a map needs and this one does not fill.
func (s Simple) Missing() (out []string) {
	has := map[string]bool{}
	for _, f := range s.fields() {
		has[f[0]] = true
	}
	need := []string{"customer.reference", "customer.name"}
	if s.Departures {
		need = append(need, "departure.on")
	}
	for g := range groups {
		if slices.ContainsFunc(sortedKeys(has), func(f string) bool { return groupOf(f) == g }) {
			need = append(need, needed[g]...)
		}
	}
	for _, f := range need {
		if !has[f] && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// Distinct are the words that a column of a file has, each once whatever its
// letters are, in the order of the file.
func Distinct(r io.Reader, column string) (words []string, err error) {
	t, err := (&Map{Encoding: "auto"}).open(r)
	if err != nil {
		return nil, err
	}
	at := slices.Index(t.header, column)
	met := map[string]bool{"": true}
	err = t.each(&Source{Header: t.header}, func(_ int64, record []string, wrong *fault.Error) error {
		if wrong != nil || at < 0 || at >= len(record) {
			return nil
		}
		word := strings.Clone(strings.TrimSpace(record[at]))
		if folded := strings.ToLower(word); !met[folded] {
			met[folded] = true
			words = append(words, word)
		}
		return nil
	})
	return words, err
}

// sampled is how many lines of a file are shown beside its columns.
const sampled = 3

// Look reads the header of a file and its first lines, to be shown.
func Look(r io.Reader) (header []string, first [][]string, err error) {
	t, err := (&Map{Encoding: "auto"}).open(r)
	if err != nil {
		return nil, nil, err
	}
	enough := fault.New(fault.Internal, "internal")
	err = t.each(&Source{Header: t.header}, func(_ int64, record []string, wrong *fault.Error) error {
		if wrong == nil {
			row := slices.Clone(record)
			for i := range row {
				row[i] = short(row[i])
			}
			first = append(first, row)
		}
		if len(first) == sampled {
			return enough
		}
		return nil
	})
	if err == error(enough) {
		err = nil
	}
	return t.header, first, err
}
