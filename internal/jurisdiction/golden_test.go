package jurisdiction_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

var update = flag.Bool("update", false, "write the golden files again")

// resident is a consumer who took a subscription by the year on the web, with
// everything known that packs ask for.
func resident(place, sector string) jurisdiction.Facts {
	f := jurisdiction.Facts{
		"customer.kind": "consumer", "customer.language": "es", "seller.sector": sector, "seller.workers": int64(300), "seller.turnover_eur": int64(60_000_000), "seller.balance_eur": int64(50_000_000),
		"contract.concluded_on": "2026-10-01", "contract.concluded_via": "web", "contract.term_days": int64(365), "contract.renewal_days": int64(365), "contract.trial_days": int64(35),
		"contract.days_run": int64(400), "contract.continuing": true, "contract.auto_renews": true, "contract.prepaid": true, "contract.online_available_today": true,
		"contract.withdrawal_informed": true, "service.data_processing": true, "service.digital_service": true, "request.act": "terminate", "data.role": "controller",
	}
	if country, _, region := strings.Cut(place, "-"); region {
		f["customer.residence"], f["customer.region"] = country, place
	} else if place != "" {
		f["customer.residence"] = place
	}
	for _, x := range jurisdiction.FactList() {
		if _, known := f[x.Name]; !known && x.Type == jurisdiction.BoolFact {
			f[x.Name] = false
		}
	}
	return f
}

// The law as a resident of each place meets it, parameter by parameter, stands
// in a file: whoever changes a pack sees what changes for people.
func TestTheLawOfAResidentIsWrittenDown(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	for name, facts := range map[string]jurisdiction.Facts{
		"de": resident("DE", "software"), "fr": resident("FR", "software"), "ar": resident("AR", "software"), "mx": resident("MX", "software"), "co": resident("CO", "software"),
		"uy": resident("UY", "software"), "pe": resident("PE", "software"), "us-ca": resident("US-CA", "software"), "us-mn": resident("US-MN", "software"),
		"es": resident("ES", "software"), "es-telecom": resident("ES", "telecom"), "fr-telecom": resident("FR", "telecom"), "co-telecom": resident("CO", "telecom"),
		"eu": resident("AT", "software"), "unknown": resident("", "software"), "us": resident("US", "software"),
	} {
		chosen := l.Select(facts)
		e, err := l.Effective(chosen, facts, when.Date{Year: 2027, Month: 2, Day: 1})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, c := range chosen.Packs {
			fmt.Fprintf(&b, "# %s (%s)\n", c.Pack.ID, c.Why)
		}
		for _, s := range e.Settings {
			fmt.Fprintf(&b, "%s: ", s.Param.Name)
			switch {
			case s.Outcome != jurisdiction.Settled:
				fmt.Fprintf(&b, "%s ", strings.ToUpper(string(s.Outcome)))
			case s.Param.Kind == jurisdiction.Ban:
				b.WriteString("forbidden ")
			case s.Param.Kind == jurisdiction.Label && len(s.Value.Labels) > 6:
				fmt.Fprintf(&b, "%d languages ", len(s.Value.Labels))
			default:
				b.WriteString(s.Value.String() + " ")
			}
			by := make([]string, len(s.By))
			for i, a := range s.By {
				by[i] = a.Rule.ID + " " + string(a.Severity)
			}
			fmt.Fprintf(&b, "[%s]\n", strings.Join(by, ", "))
			if s.Outcome == jurisdiction.Unsettled && name != "unknown" {
				t.Errorf("%s: %s is not known, though every fact is given: %v", name, s.Param.Name, e.Missing())
			}
		}
		file := filepath.Join("testdata", "effective", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != b.String() {
			t.Errorf("%s is not what holds for a resident of %s (go test -update writes it; look at what changed): %v", file, name, err)
		}
	}
}
