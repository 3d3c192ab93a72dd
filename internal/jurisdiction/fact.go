package jurisdiction

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hastaluego/internal/fault"
	"hastaluego/internal/rule"
	"hastaluego/internal/when"

	"golang.org/x/text/language"
)

// FactType is how a fact is written.
type FactType string

// The types of facts. Dates are text such as 2026-03-31, so that an expression
// compares them as text.
const (
	TextFact FactType = "text"
	IntFact  FactType = "int"
	BoolFact FactType = "bool"
	DateFact FactType = "date"
)

// Fact is something that conditions may ask for.
type Fact struct {
	Name  string
	Type  FactType
	Known []string // the only values of a text; empty: any
}

// facts is the closed list. Sums are whole euros.
var facts = []Fact{
	{"customer.kind", TextFact, []string{"consumer", "nonprofessional", "business", "public"}},
	{"customer.residence", TextFact, nil},
	{"customer.region", TextFact, nil},
	{"customer.language", TextFact, nil},
	{"customer.vulnerable", BoolFact, nil},
	{"contract.concluded_on", DateFact, nil},
	{"contract.concluded_via", TextFact, []string{"web", "app", "phone", "paper", "store"}},
	{"contract.off_premises", BoolFact, nil},           // at the door, or on an excursion of the seller
	{"contract.started_on_request", BoolFact, nil},     // the customer asked expressly that the service begin
	{"contract.withdrawal_informed", BoolFact, nil},    // the customer was told of the right to withdraw
	{"contract.term_days", IntFact, nil},               // 0: no fixed term
	{"contract.continuing", BoolFact, nil},             // goes on until somebody ends it
	{"contract.auto_renews", BoolFact, nil},            //
	{"contract.renewal_days", IntFact, nil},            //
	{"contract.after_auto_renewal", BoolFact, nil},     // the first term is over and it was renewed in silence
	{"contract.renewal_told", BoolFact, nil},           // in time, before it was renewed in silence
	{"contract.days_run", IntFact, nil},                // since it began
	{"contract.unfair_sale", BoolFact, nil},            // brought about by pressing or misleading
	{"contract.lock_in_end", DateFact, nil},            //
	{"contract.benefit_given", BoolFact, nil},          // a discount or device was given for staying
	{"contract.trial_days", IntFact, nil},              // 0: no trial
	{"contract.trial_price_told", BoolFact, nil},       // the whole price after the trial was told clearly
	{"contract.prepaid", BoolFact, nil},                //
	{"contract.for_resale", BoolFact, nil},             // bought to sell on or to produce with
	{"contract.online_available_today", BoolFact, nil}, // could be concluded online on the day of leaving
	{"request.for_cause", BoolFact, nil},               // the customer ends it because of something the seller did
	{"request.act", TextFact, []string{"withdraw", "terminate", "switch", "retrieve", "erase"}},
	{"seller.country", TextFact, nil},
	{"seller.sector", TextFact, nil},
	{"seller.network", TextFact, nil}, // of the cards it takes
	{"seller.workers", IntFact, nil},
	{"seller.turnover_eur", IntFact, nil},
	{"seller.balance_eur", IntFact, nil},
	{"seller.nonprofit", BoolFact, nil},
	{"seller.online_platform", BoolFact, nil},  // stores and spreads what its users bring
	{"service.data_processing", BoolFact, nil}, // IaaS, PaaS, SaaS
	{"service.digital_content", BoolFact, nil},
	{"service.digital_service", BoolFact, nil},
	{"service.goods", BoolFact, nil},
	{"service.financial", BoolFact, nil},
	{"service.custom_built_majority", BoolFact, nil},
	{"service.mobile", BoolFact, nil}, // telephony or data over the air
	{"service.test_version", BoolFact, nil},
	{"data.role", TextFact, []string{"controller", "processor"}},
}

// Organisation is a kind of customer of whom nobody knows whether they act for their
// trade: a business, or in some laws a non-professional. What holds for both holds,
// and where the two differ it is not known.
const Organisation = "organisation"

// worlds are the facts as they can be.
func (f Facts) worlds() []Facts {
	if f.text("customer.kind") != Organisation {
		return []Facts{f}
	}
	list := []Facts{maps.Clone(f), maps.Clone(f)}
	list[0]["customer.kind"], list[1]["customer.kind"] = "nonprofessional", "business"
	return list
}

// lists are constants of conditions.
var lists = map[string][]string{
	"basic_services": {"water", "gas", "electricity", "transport", "post", "telecom", "finance"},
	"eea":            {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"},
}

// FactList is every fact that conditions may ask for.
func FactList() []Fact { return slices.Clone(facts) }

// Lists are the constants that conditions may look into, by name.
func Lists() map[string][]string { return maps.Clone(lists) }

func factNamed(name string) (Fact, bool) {
	i := slices.IndexFunc(facts, func(f Fact) bool { return f.Name == name })
	if i < 0 {
		return Fact{}, false
	}
	return facts[i], true
}

// Facts are what is known about customer, contract, seller and service, by the
// names of FactList: string, int64 or bool. What is not in it is not known.
type Facts map[string]any

// ParseFacts reads facts as people write them: name → value. Every one that is
// not known or not of its type is reported, with its name as the field.
func ParseFacts(in map[string]string) (Facts, error) {
	out := Facts{}
	var wrong fault.List
	for _, name := range slices.Sorted(maps.Keys(in)) {
		f, ok := factNamed(name)
		if !ok {
			wrong = append(wrong, fault.New(fault.Invalid, "law.fact_unknown", "name", name, "known", factNames()).On(name))
			continue
		}
		v, ok := f.parse(strings.TrimSpace(in[name]))
		if ok && slices.Contains(places, name) && !isPlace(name, v.(string)) {
			wrong = append(wrong, fault.New(fault.Invalid, "law.fact_place", "name", name, "value", in[name], "known", f.wants()).On(name))
			continue
		}
		if !ok {
			wrong = append(wrong, fault.New(fault.Invalid, "law.fact_value", "name", name, "value", in[name], "known", f.wants()).On(name))
			continue
		}
		out[name] = v
	}
	if country, region := out.text("customer.residence"), out.text("customer.region"); country != "" && region != "" && !strings.HasPrefix(region, country+"-") {
		wrong = append(wrong, fault.New(fault.Invalid, "law.fact_region", "region", region, "country", country).On("customer.region"))
	}
	return out, wrong.Or()
}

// places are the facts that name a country or a region.
var places = []string{"customer.residence", "customer.region", "seller.country"}

// isPlace reports whether a code is one of ISO 3166-1, as ES, or of a region of
// such a country, as US-CA. What is none would choose no pack, and so look like a
// place of which we have none.
func isPlace(fact, code string) bool {
	country, _, region := strings.Cut(code, "-")
	r, err := language.ParseRegion(country)
	return err == nil && len(country) == 2 && r.IsCountry() && r.String() == country && r.Canonicalize() == r &&
		region == (fact == "customer.region") && placeForm.MatchString(code)
}

// ReadFacts reads facts that were written as JSON. What is not known any more is
// left out.
func ReadFacts(raw []byte) (Facts, error) {
	var in map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		return nil, fault.Wrap("law", err)
	}
	out := Facts{}
	for name, v := range in {
		f, known := factNamed(name)
		if x, ok := f.parse(fmt.Sprint(v)); known && ok {
			out[name] = x
		}
	}
	return out, nil
}

func (f Fact) parse(s string) (any, bool) {
	switch f.Type {
	case IntFact:
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	case BoolFact:
		return s == "true", s == "true" || s == "false"
	case DateFact:
		_, err := when.ParseDate(s)
		return s, err == nil
	}
	return s, s != "" && (len(f.Known) == 0 || slices.Contains(f.Known, s) || f.Name == "customer.kind" && s == Organisation)
}

// wants is how the values of a fact look.
func (f Fact) wants() string {
	switch {
	case len(f.Known) > 0:
		return strings.Join(f.Known, ", ")
	case f.Type == BoolFact:
		return "true, false"
	case f.Type == IntFact:
		return "12"
	case f.Type == DateFact:
		return "2026-03-31"
	case f.Name == "customer.region":
		return "US-CA"
	}
	return "ES"
}

func factNames() string {
	names := make([]string, len(facts))
	for i, f := range facts {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

func (f Facts) text(name string) string { s, _ := f[name].(string); return s }

// condition is a When, compiled when it is first asked; known is what it is
// asked with.
type (
	condition = func() (*rule.Partial, error)
	known     = rule.Known
)

// environment is made when the first condition is compiled.
var environment = sync.OnceValue(func() *rule.Env {
	types := map[string]rule.Type{}
	for _, f := range facts {
		types[f.Name] = map[FactType]rule.Type{TextFact: rule.TextType, DateFact: rule.TextType, IntFact: rule.IntType, BoolFact: rule.BoolType}[f.Type]
	}
	env, err := rule.NewPartialEnv(types, lists)
	if err != nil {
		panic(err) // the table above is part of the program
	}
	return env
})
