package flow_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
)

// results are what comes of the rules in our flow with one text replaced.
func results(t *testing.T, pack, from, to string, more jurisdiction.Facts) map[string]jurisdiction.Result {
	t.Helper()
	f := load(t, "exit-first.yaml", replace(string(flow.Builtin()["exit-first"]), from, to))
	f.Languages, f.Devices = []string{"es"}, []string{"desktop"}
	known := maps.Clone(facts)
	maps.Copy(known, more)
	laws, err := f.Laws(jurisdiction.Shipped(), []string{pack}, known, today)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]jurisdiction.Result{}
	for _, o := range flow.Check(f, laws, nil).Outcomes {
		out[o.Rule] = o.Result
	}
	return out
}

// A lock-in is counted in months where the law counts in months.
func TestALockInIsCountedInMonths(t *testing.T) {
	t.Parallel()
	for months, want := range map[int]jurisdiction.Result{24: jurisdiction.Pass, 25: jurisdiction.Fail, 36: jurisdiction.Fail} {
		got := results(t, "eu", "lock_in_months: 0", fmt.Sprintf("lock_in_months: %d", months), jurisdiction.Facts{"seller.sector": "telecom"})
		if got["eu.eecc.105.term"] != want {
			t.Errorf("%d months, of which 24 are allowed: %v, want %v", months, got["eu.eecc.105.term"], want)
		}
	}
}

// Thirty days before the renewal are longer than a month where the month before
// it is February: whether the term holds is not known, and does not pass.
func TestDaysBeforeARenewalAreMeasuredAgainstTheShortestMonth(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]jurisdiction.Result{28: jurisdiction.Pass, 29: jurisdiction.Unknown, 30: jurisdiction.Unknown, 31: jurisdiction.Unknown, 32: jurisdiction.Fail} {
		got := results(t, "de", "renewal: 0", fmt.Sprintf("renewal: %d", days), nil)
		if got["de.309-9.first-notice"] != want || got["DP34"] != want {
			t.Errorf("%d days, of which a month is allowed: %v and %v, want %v", days, got["de.309-9.first-notice"], got["DP34"], want)
		}
	}
}

// What a fee is made of tells whether it can be more than the law allows; where
// only its sum would tell, it is not known.
func TestWhatAFeeIsMadeOfIsMeasuredAgainstWhatTheLawAllows(t *testing.T) {
	t.Parallel()
	phone := jurisdiction.Facts{"seller.sector": "telecom", "contract.days_run": int64(400), "contract.benefit_given": true}
	for _, c := range []struct {
		pack, term, fee, rule string
		more                  jurisdiction.Facts
		want                  jurisdiction.Result
	}{
		{"eu", "switch_fee", "direct_cost", "eu.da.29.cost", nil, jurisdiction.Pass},
		{"eu", "switch_fee", "cost_plus", "eu.da.29.cost", nil, jurisdiction.Fail},
		{"eu", "switch_fee", "fixed", "eu.da.29.cost", nil, jurisdiction.Unknown},
		{"es", "exit_fee", "prorata_benefit", "es.lgdcu.62-5.commitment", jurisdiction.Facts{"contract.benefit_given": true}, jurisdiction.Pass},
		{"es", "exit_fee", "fixed", "es.lgdcu.62-5.commitment", jurisdiction.Facts{"contract.benefit_given": true}, jurisdiction.Fail},
		{"es", "exit_fee", "direct_cost", "es.lgdcu.62-5.commitment", jurisdiction.Facts{"contract.benefit_given": true}, jurisdiction.Unknown},
		{"es", "exit_fee", "direct_cost", "es.lgdcu.62-3.sanction", nil, jurisdiction.Fail},
		{"fr", "exit_fee", "fixed", "fr.l224-28.subsidised", phone, jurisdiction.Fail},
		{"fr", "exit_fee", "prorata_benefit", "fr.l224-28.subsidised", phone, jurisdiction.Unknown},
	} {
		if got := results(t, c.pack, c.term+": none", c.term+": "+c.fee, c.more)[c.rule]; got != c.want {
			t.Errorf("%s %s under %s: %v, want %v", c.term, c.fee, c.rule, got, c.want)
		}
	}
}

// A check under a name and the check of publishing suppose the same of what only
// a request can tell.
func TestACheckByNameSupposesWhatPublishingSupposes(t *testing.T) {
	t.Parallel()
	f := load(t, "exit-first.yaml", string(flow.Builtin()["exit-first"]))
	company := jurisdiction.Facts{"seller.country": "ES", "seller.workers": int64(12), "seller.turnover_eur": int64(900_000), "seller.balance_eur": int64(400_000), "seller.online_platform": false}
	published := map[string]bool{}
	for _, l := range everywhere(t, f, company) {
		published[l.Name] = true
	}
	named, supposed := map[string]bool{}, 0
	for _, p := range jurisdiction.Shipped().Places() {
		laws, err := f.Laws(jurisdiction.Shipped(), []string{p.ID}, company, today)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range laws {
			named[l.Name] = true
			if strings.Contains(l.Name, "(") {
				supposed++
			}
			if l.Place != p.ID {
				t.Errorf("%s is the law of %s", l.Name, l.Place)
			}
		}
	}
	if !maps.Equal(published, named) || supposed == 0 {
		t.Errorf("by name %v, published %v", named, published)
	}
}
