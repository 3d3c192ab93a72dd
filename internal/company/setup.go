package company

import (
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

// Setup is what the questions of the start are about, as a file.
type Setup struct {
	Company Profile  `json:"company" yaml:"company"`
	People  []Person `json:"people,omitempty" yaml:"people,omitempty"` // to be added; who is there already stays as they are
	// Alone says that one person works here: what needs a second one is approved
	// by the customer, or by a time that is waited for.
	Alone    bool `json:"alone,omitempty" yaml:"alone,omitempty"`
	Rehearse bool `json:"rehearse,omitempty" yaml:"rehearse,omitempty"`
}

// Person is somebody to be invited.
type Person struct {
	Name  string   `json:"name" yaml:"name"`
	Login string   `json:"login" yaml:"login"`
	Roles []string `json:"roles" yaml:"roles"`
}

// places are the fields that stand deeper in the file than in a form.
var places = map[string]string{
	"refunds": "links.refunds", "warranty": "links.warranty", "complaints_page": "links.complaints", "privacy": "links.privacy", "signature_es": "signature.es",
	"signature_en": "signature.en",
	"cost_margin":  "costs.margin", "cost_margins": "costs.margins", "cost_incident": "costs.incident", "cost_hour": "costs.hour", "cost_late": "costs.late", "cost_discount": "costs.discount",
	"cost_middle": "costs.middle", "cost_high": "costs.high",
}

// ParseSetup reads a file strictly. Every problem is reported as a fault.List,
// each with its file:line:column as the argument "at" and as its field.
func ParseSetup(name string, src []byte) (Setup, error) {
	var in Setup
	f, err := source.Decode(name, src, &in)
	if err != nil {
		return Setup{}, err
	}
	profile, wrong := in.Company.Check()
	for _, e := range fault.Fields(wrong) {
		place := e.Field
		if p, ok := places[e.Field]; ok {
			place = p
		}
		f.At("$.company."+place, e.Code, e.Args...)
	}
	if err := f.Err(); err != nil {
		return Setup{}, err
	}
	in.Company = profile
	return in, nil
}

// Over lays answers that were given when base held over what holds now: where
// that is another by now, it wins.
func (s Setup) Over(base, now Setup) Setup {
	was, is, answer := reflect.ValueOf(base.Company), reflect.ValueOf(now.Company), reflect.ValueOf(&s.Company).Elem()
	for i := range answer.NumField() {
		if !same(was.Field(i), is.Field(i)) {
			answer.Field(i).Set(is.Field(i))
		}
	}
	if base.Alone != now.Alone { // it was said elsewhere
		s.Alone = false
	}
	return s
}

// same reports whether two values of one type are: nothing is the same whichever
// way it is kept.
func same(x, y reflect.Value) bool {
	switch x.Kind() {
	case reflect.Map, reflect.Slice:
		if x.Len() == 0 && y.Len() == 0 {
			return true
		}
	}
	return reflect.DeepEqual(x.Interface(), y.Interface())
}

// YAML writes the file.
func (s Setup) YAML() ([]byte, error) {
	raw, err := yaml.MarshalWithOptions(s, yaml.Indent(2), yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
	if err != nil {
		return nil, fault.Wrap("company.YAML", err)
	}
	return raw, nil
}

// countries are those that the questions of the start offer, with the zone of
// their capital.
var countries = map[string]string{
	"AR": "America/Argentina/Buenos_Aires", "BO": "America/La_Paz", "CL": "America/Santiago", "CO": "America/Bogota", "CR": "America/Costa_Rica", "CU": "America/Havana",
	"DO": "America/Santo_Domingo", "EC": "America/Guayaquil", "ES": "Europe/Madrid", "GT": "America/Guatemala", "HN": "America/Tegucigalpa", "MX": "America/Mexico_City",
	"NI": "America/Managua", "PA": "America/Panama", "PE": "America/Lima", "PR": "America/Puerto_Rico", "PY": "America/Asuncion", "SV": "America/El_Salvador",
	"UY": "America/Montevideo", "VE": "America/Caracas", "AT": "Europe/Vienna", "BE": "Europe/Brussels", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
	"CH": "Europe/Zurich", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen", "FI": "Europe/Helsinki", "FR": "Europe/Paris", "GB": "Europe/London", "IE": "Europe/Dublin",
	"IT": "Europe/Rome", "NL": "Europe/Amsterdam", "NO": "Europe/Oslo", "PL": "Europe/Warsaw", "PT": "Europe/Lisbon", "SE": "Europe/Stockholm", "US": "America/New_York",
}

// Countries are those that the questions of the start offer, as ISO 3166-1.
func Countries() (list []string) {
	for c := range countries {
		list = append(list, c)
	}
	slices.Sort(list)
	return list
}

// ZoneOf is the zone of the capital of a country; empty where it is not known.
func ZoneOf(country string) string { return countries[strings.ToUpper(country)] }
