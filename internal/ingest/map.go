// Package ingest reads customers from CSV files by a map that says which
// column, constant or expression each field is. It streams: memory does not
// grow with the file. It stores nothing, and asks no clock what day it is: a
// map says as of when its file is.
package ingest

import (
	"cmp"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/rule"
	"hastaluego/internal/source"
	"hastaluego/internal/when"
)

// Fields are the fields that a map may fill, beside external.SYSTEM for the
// customer's number in any other system; an expression sees the row's columns,
// as_of and no other field.
var Fields = []string{
	"customer.reference", "customer.name", "customer.kind", "customer.consumer", "customer.country", "customer.region",
	"customer.language", "customer.segment", "contact.name", "contact.email", "contact.role", "contact.language",
	"subscription.reference", "subscription.product", "subscription.plan", "subscription.amount", "subscription.currency",
	"subscription.interval", "subscription.start", "subscription.paid_until", "subscription.term_end", "subscription.renews_on",
	"subscription.notice_days", "subscription.lock_in_until", "subscription.not_renewed", "subscription.status",
	"subscription.tax_percent", "subscription.tax_on_top", "subscription.trial_until", "subscription.minimum_until", "subscription.later_prices", "subscription.exit_fee", "subscription.exit_fee_for", "subscription.exit_fee_from", "subscription.tells_users",
	"subscription.exit_fee_amount", "subscription.exit_fee_percent", "subscription.benefit_amount",
	"engagement.reference", "engagement.kind", "engagement.title", "engagement.amount", "engagement.currency", "engagement.interval",
	"engagement.start", "engagement.end", "engagement.paid_until", "engagement.notice_days", "engagement.billed", "engagement.status",
	"deliverable.title", "deliverable.due", "deliverable.delivered", "deliverable.version", "deliverable.format", "deliverable.sha256",
	"departure.on", "departure.reason", "departure.competitor", "departure.words", "departure.contract", "departure.product", "departure.since",
	"departure.amount", "departure.currency", "departure.interval",
	"grant.system", "grant.account", "grant.kind", "grant.depends_on", "grant.status", "grant.ours",
	"asset.reference", "asset.kind", "asset.name", "asset.location", "asset.owner", "asset.renews_on", "asset.renewal_amount", "asset.renewal_currency", "asset.payer",
	"balance.reference", "balance.kind", "balance.about", "balance.amount", "balance.currency", "balance.due_on", "balance.status",
	"balance.tax_amount", "balance.contract", "balance.quantity", "balance.free", "balance.unit", "balance.per", "balance.price", "balance.tax_percent", "balance.tax_on_top",
	"balance.pay_url", "balance.contracts", "balance.from", "balance.until",
}

const externalPrefix = "external."

// group is which record a field belongs to.
type group int

const (
	customerGroup group = iota
	externalGroup
	contactGroup
	subscriptionGroup
	engagementGroup
	deliverableGroup
	departureGroup
	grantGroup
	assetGroup
	balanceGroup
	groups
)

var groupNames = [groups]string{"customer", "external", "contact", "subscription", "engagement", "deliverable", "departure", "grant", "asset", "balance"}

func groupOf(field string) group {
	name, _, _ := strings.Cut(field, ".")
	return group(slices.Index(groupNames[:], name))
}

// needed are the fields that a record cannot be made without.
var needed = map[group][]string{
	contactGroup:      {"contact.email"},
	subscriptionGroup: {"subscription.reference", "subscription.product", "subscription.amount", "subscription.currency", "subscription.start"},
	engagementGroup:   {"engagement.reference", "engagement.kind", "engagement.title", "engagement.amount", "engagement.currency", "engagement.start"},
	deliverableGroup:  {"engagement.reference", "deliverable.title"},
	departureGroup:    {"departure.on"},
	grantGroup:        {"grant.system", "grant.account"},
	assetGroup:        {"asset.reference", "asset.name"},
	balanceGroup:      {"balance.reference", "balance.amount", "balance.currency"},
}

// required are the fields that a map must fill; a map of what existing
// customers have needs their reference only.
func required(f mapFile) []string {
	out := []string{"customer.reference"}
	if !f.Existing {
		out = append(out, "customer.name")
	}
	for g := range groups {
		if slices.ContainsFunc(sortedKeys(f.Fields), func(k string) bool { return groupOf(k) == g }) {
			out = append(out, needed[g]...)
		}
	}
	if _, counted := f.Fields["balance.price"]; counted { // its sum is computed
		out = slices.DeleteFunc(out, func(field string) bool { return field == "balance.amount" })
	}
	return out
}

// Map says how a file becomes customers.
type Map struct {
	Name      string
	Delimiter rune   // 0: found out from the header
	Encoding  string // utf-8, latin1 or auto
	AsOf      when.Date
	Existing  bool              // rows are about customers that are there already
	Columns   []string          // that the file must have
	variables map[string]string // name in expressions → column
	sources   []origin
	fills     map[string]bool   // fields
	columns   map[string]string // field → column of the file, where there is one
	dates     string            // form of dates
	reasons   map[string]string // what the file says of why somebody left → code
	decimal   string            // language that writes amounts like the file; empty: 29.85 only
}

// origin is where one field comes from.
type origin struct {
	field    string
	group    group
	column   string // one of column, constant and expr
	constant string
	expr     *rule.Text
}

type mapFile struct {
	AsOf string `yaml:"as_of"`
	// Existing says that the file tells what customers have, not who they are.
	Existing bool    `yaml:"existing"`
	CSV      csvFile `yaml:"csv"`
	// Columns that expressions use, by the names that they use for them.
	Columns map[string]string `yaml:"columns"`
	// Reasons are the codes that stand for what the file says of why somebody left.
	Reasons map[string]string       `yaml:"reasons"`
	Fields  map[string]sourceInFile `yaml:"fields"`
}

type csvFile struct {
	Delimiter string `yaml:"delimiter"`
	Encoding  string `yaml:"encoding"`
	Decimal   string `yaml:"decimal"` // the sign before the decimals, a comma or a point
	Dates     string `yaml:"dates"`   // dd/mm/yyyy, …
}

type sourceInFile struct {
	Column string `yaml:"column"`
	Value  string `yaml:"value"`
	Expr   string `yaml:"expr"`
}

var (
	variable   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	systemName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// LoadMap reads and checks a map. Every problem is reported as a fault.List,
// each with its file:line:column as the argument "at" and as its field.
func LoadMap(name string, src []byte) (*Map, error) {
	var f mapFile
	p, err := source.Read(name, src, &f)
	if err != nil {
		return nil, err
	}
	m := &Map{Name: name, Encoding: f.CSV.Encoding, Existing: f.Existing}
	m.dialect(p, f)
	m.fields(p, f)
	m.departures(p, f)
	if err := p.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

// Departures reports whether rows are departures of the past.
func (m *Map) Departures() bool { return m.fills["departure.on"] }

// departures checks what only a map of departures says: beside who left it tells
// nothing of what customers have.
func (m *Map) departures(p *source.File, f mapFile) {
	m.reasons = map[string]string{}
	for _, said := range sortedKeys(f.Reasons) {
		m.reasons[strings.ToLower(strings.TrimSpace(said))] = f.Reasons[said]
	}
	if !m.Departures() {
		if len(f.Reasons) > 0 {
			p.At("$.reasons", "map.no_departure")
		}
		return
	}
	for _, s := range m.sources {
		switch s.group {
		case customerGroup, contactGroup, externalGroup, departureGroup:
		default:
			p.At("$.fields.'"+s.field+"'", "map.only_departure", "field", s.field)
		}
	}
}

func (m *Map) dialect(p *source.File, f mapFile) {
	switch f.CSV.Delimiter {
	case "", "auto":
	case ",", ";", "\t", "|":
		m.Delimiter = rune(f.CSV.Delimiter[0])
	default:
		p.At("$.csv.delimiter", "map.delimiter", "value", f.CSV.Delimiter)
	}
	switch m.Encoding {
	case "":
		m.Encoding = "auto"
	case "auto", "utf-8", "latin1":
	default:
		p.At("$.csv.encoding", "map.encoding", "value", m.Encoding)
	}
	var ok bool
	if m.decimal, ok = map[string]string{"": "", ".": "en", ",": "es"}[f.CSV.Decimal]; !ok {
		p.At("$.csv.decimal", "map.decimal", "value", f.CSV.Decimal)
	}
	m.dates = cmp.Or(f.CSV.Dates, "yyyy-mm-dd")
	if _, ok := when.DateForms[m.dates]; !ok {
		p.At("$.csv.dates", "map.dates", "value", f.CSV.Dates, "known", strings.Join(sortedKeys(when.DateForms), ", "))
	}
	var err error
	if m.AsOf, err = when.ParseDate(f.AsOf); err != nil {
		p.At("$.as_of", "map.as_of", "value", f.AsOf)
	}
}

func (m *Map) fields(p *source.File, f mapFile) {
	names := make([]string, 0, len(f.Columns)+1)
	need := func(column string) {
		if !slices.Contains(m.Columns, column) {
			m.Columns = append(m.Columns, column)
		}
	}
	m.variables = map[string]string{}
	for _, v := range sortedKeys(f.Columns) {
		if !variable.MatchString(v) || v == "as_of" {
			p.At("$.columns."+v, "map.variable", "name", v)
			continue
		}
		names = append(names, v)
		m.variables[v] = f.Columns[v]
		need(f.Columns[v])
	}
	env, err := rule.NewTextEnv(append(names, "as_of")...)
	if err != nil {
		p.At("$.columns", "file.syntax", "what", err.Error())
		return
	}
	var fields []string
	for _, k := range sortedKeys(f.Fields) {
		system, external := strings.CutPrefix(k, externalPrefix)
		switch {
		case slices.Contains(Fields, k), external && systemName.MatchString(system):
			fields = append(fields, k)
		default:
			p.At("$.fields.'"+k+"'", "map.unknown_field", "field", k, "known", strings.Join(Fields, ", ")+", external.…")
		}
	}
	for _, r := range required(f) {
		if _, ok := f.Fields[r]; !ok {
			p.At("$.fields", "map.missing_field", "field", r)
		}
	}
	m.fills, m.columns = map[string]bool{}, map[string]string{}
	for _, k := range fields {
		s, at := f.Fields[k], "$.fields.'"+k+"'"
		if f.Existing && groupOf(k) == customerGroup && k != "customer.reference" {
			p.At(at, "map.existing", "field", k)
			continue
		}
		set := 0
		for _, x := range []string{s.Column, s.Value, s.Expr} {
			if x != "" {
				set++
			}
		}
		if set != 1 {
			p.At(at, "map.one_source", "field", k)
			continue
		}
		out := origin{field: k, group: groupOf(k), column: s.Column, constant: s.Value}
		m.fills[k] = true
		if s.Column != "" {
			need(s.Column)
			m.columns[k] = s.Column
		}
		if s.Expr != "" {
			if out.expr, err = env.Text(s.Expr); err != nil {
				expression(p, at+".expr", err)
				continue
			}
		}
		m.sources = append(m.sources, out)
	}
}

// expression reports what is wrong inside an expression. Within a one-line
// expression the column is exact.
func expression(p *source.File, path string, err error) {
	var problems rule.Problems
	if !errors.As(err, &problems) {
		p.At(path, "file.syntax", "what", err.Error())
		return
	}
	line, col := p.Inside(path)
	for _, x := range problems {
		c := x.Column
		if x.Line == 1 {
			c += col - 1
		}
		p.Place(line+x.Line-1, c, "map.expression", "what", x.What)
	}
}
