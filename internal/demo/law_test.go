package demo_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/demo"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

// said is what a sample company says of itself.
func said(t *testing.T, s demo.Sample) jurisdiction.Facts {
	t.Helper()
	given := map[string]string{}
	for _, line := range s.Law {
		name, value, _ := strings.Cut(line, "=")
		given[name] = value
	}
	facts, err := jurisdiction.ParseFacts(given)
	if err != nil {
		t.Fatal(err)
	}
	facts["seller.country"] = s.Company.Country
	return facts
}

func parse(t *testing.T, name string, src []byte) *flow.Flow {
	t.Helper()
	f, err := flow.Load(name, src)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The way out that the sample companies show to their customers passes under
// every law that one of them can be under, and nothing that would keep it from
// being published is left open.
func TestNothingThatBlocksTheWayOutOfASampleCompanyIsInDoubt(t *testing.T) {
	t.Parallel()
	f := parse(t, "exit-first.yaml", flow.Builtin()["exit-first"])
	signup := parse(t, "signup.yaml", demo.Signup)
	for _, lang := range demo.Languages {
		s, _ := sample(t, lang)
		laws, _, err := f.Everywhere(jurisdiction.Shipped(), said(t, s), when.DateOf(noon, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		rules := 0
		for _, l := range laws {
			rules += len(l.Effective.Rules(jurisdiction.Static))
		}
		if len(laws) < len(jurisdiction.Shipped().Places()) || rules < 100 {
			t.Errorf("%s: %d laws with %d rules were looked at", lang, len(laws), rules)
		}
		for _, x := range flow.Check(f, laws, signup).Findings {
			if x.Severity == jurisdiction.Block {
				t.Errorf("%s: %s %s at %s: %s, without %v, in %v", lang, x.Rule, x.Result, x.At, x.Why, x.Missing, x.Variants[0])
			}
		}
	}
}

// Whether a consumer of a sample company may withdraw never hangs on something
// that the company could have said.
func TestWhoMayWithdrawFromASampleCompanyIsNotInDoubt(t *testing.T) {
	t.Parallel()
	lib := jurisdiction.Shipped()
	open := 0
	for _, lang := range demo.Languages {
		s, rows := sample(t, lang)
		zone, err := time.LoadLocation(s.Company.Zone)
		if err != nil {
			t.Fatal(err)
		}
		begun := when.DateOf(noon, zone).AddDays(-2)
		homes := map[string]bool{"": true} // places, as a customer says where they live
		for _, r := range rows {
			homes[strings.TrimSuffix(r.Customer.Country+"-"+r.Customer.Region, "-")] = true
		}
		for _, p := range lib.Places() {
			for _, place := range p.Covers.Residence {
				homes[place] = true
			}
		}
		for home := range homes {
			facts := said(t, s)
			// What the records of a customer who came two days ago tell (app.lawFacts).
			maps.Copy(facts, jurisdiction.Facts{
				"customer.kind": "consumer", "request.act": "withdraw", "data.role": "controller",
				"contract.continuing": true, "contract.concluded_on": begun.String(), "contract.prepaid": true,
			})
			country, _, region := strings.Cut(home, "-")
			if country != "" {
				facts["customer.residence"] = country
			}
			if region {
				facts["customer.region"] = home
			}
			law, err := lib.Effective(lib.Select(facts), facts, when.DateOf(noon, zone))
			if err != nil {
				t.Fatal(err)
			}
			at := begun.Start(zone)
			right := withdrawal.RightOf(law, map[string]time.Time{"contract.concluded": at, "service.contracted": at, "request.submitted": noon, "withdrawal.submitted": noon, "withdrawal.informed": noon}, noon, calendar.Shipped(), zone)
			if right.State == withdrawal.Doubt || len(right.Missing) > 0 {
				t.Errorf("%s, who lives in “%s”: %v, without %v", lang, home, right.State, right.Missing)
			}
			if right.State == withdrawal.Open {
				open++
			}
			for _, x := range law.Settings {
				if x.Outcome == jurisdiction.Unsettled && (strings.HasPrefix(x.Param.Name, "withdraw.") || strings.HasPrefix(x.Param.Name, "refund.")) {
					for _, a := range x.Maybe {
						t.Errorf("%s, who lives in “%s”: %s is open (%s), without %v", lang, home, x.Param.Name, a.Rule.ID, a.Missing)
					}
				}
			}
		}
	}
	if open < 4 {
		t.Errorf("%d may withdraw", open)
	}
}
