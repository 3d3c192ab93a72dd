package demo_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/ingest"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func sample(t *testing.T, lang string) (demo.Sample, []ingest.Row) {
	t.Helper()
	s, err := demo.In(lang)
	if err != nil {
		t.Fatal(err)
	}
	rows := s.Customers(noon, time.UTC)
	for _, m := range s.Crowd(noon, time.UTC) {
		rows = append(rows, m.Rows...)
	}
	return s, rows
}

// Whatever the console would refuse, the sample companies do not have, and no
// two of their customers can be taken for each other.
func TestSampleCustomersWouldBeTakenFromAnybody(t *testing.T) {
	t.Parallel()
	for _, lang := range demo.Languages {
		_, rows := sample(t, lang)
		seen := map[string]bool{}
		countries, segments, currencies := map[string]bool{}, map[string]bool{}, map[string]bool{}
		once := func(what, name string) {
			if seen[what+name] {
				t.Errorf("%s: two customers have the %s %s", lang, what, name)
			}
			seen[what+name] = true
		}
		known := map[string]bool{}
		customers := 0
		for _, r := range rows {
			if r.Existing {
				if !known[r.Customer.Reference] {
					t.Errorf("%s: %s has something and is not there", lang, r.Customer.Reference)
				}
				if r.Grant.Account != "" {
					check(t, r.Grant.Name(), r.Grant.Tidy())
				}
				if r.Asset.Reference != "" {
					check(t, r.Asset.Reference, r.Asset.Tidy())
				}
				if r.Balance.Reference != "" {
					check(t, r.Balance.Reference, r.Balance.Tidy())
					once("sum", r.Balance.Reference)
				}
				continue
			}
			customers++
			known[r.Customer.Reference] = true
			check(t, r.Customer.Name, append(r.Customer.Tidy(), r.Subscription.Tidy()...))
			if _, err := customer.CheckEmail("email", r.Contact.Email); err != nil || !strings.HasSuffix(r.Contact.Email, ".example") {
				t.Errorf("%s: address %q: %v", lang, r.Contact.Email, err)
			}
			once("name", r.Customer.Name)
			once("reference", r.Customer.Reference)
			once("contract", r.Subscription.Reference)
			once("address", customer.FoldEmail(r.Contact.Email))
			countries[r.Customer.Country], segments[r.Customer.Segment], currencies[r.Subscription.Amount.Currency] = true, true, true
		}
		if customers < 60 || customers > 120 || len(countries) < 6 || len(segments) != 3 || len(currencies) < 5 {
			t.Errorf("%s: %d customers, countries %v, segments %v, currencies %v", lang, customers, countries, segments, currencies)
		}
	}
}

func check[L ~[]E, E error](t *testing.T, who string, l L) {
	t.Helper()
	for _, e := range l {
		t.Errorf("%s: %v", who, e)
	}
}

func TestTheCrowdIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	for _, lang := range demo.Languages {
		_, a := sample(t, lang)
		_, b := sample(t, lang)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: two crowds differ", lang)
		}
	}
}

// Both companies have who the tour and the history need: whoever works alone
// would be refused by the second pair of eyes. What somebody of finance asks for
// (a refund, a sum to let go) another one of finance approves.
func TestEverySampleCompanyHasItsPeople(t *testing.T) {
	t.Parallel()
	es, _ := sample(t, "es")
	for _, lang := range demo.Languages {
		s, _ := sample(t, lang)
		for role, least := range map[string]int{"agent": 2, "privacy": 2, "admin": 2, "finance": 2, "success": 1, "auditor": 1} {
			n := 0
			for _, u := range s.Users {
				if slices.Contains(u.Roles, role) {
					n++
				}
			}
			if n < least {
				t.Errorf("%s: %d people are %s, and %d are needed", lang, n, role, least)
			}
		}
		if slices.Contains(s.Users[0].Roles, "finance") || slices.Contains(s.Users[1].Roles, "agent") {
			t.Errorf("%s: one of the two of the tour could do everything alone", lang)
		}
		for key := range es.Notes {
			if len(s.Notes[key]) == 0 {
				t.Errorf("%s: nobody knows what to write about %q", lang, key)
			}
		}
	}
}

func TestTheCompanysOwnPlaybookIsGoodAndForItsBusinessesOnly(t *testing.T) {
	t.Parallel()
	for _, lang := range demo.Languages {
		s, err := demo.In(lang)
		if err != nil {
			t.Fatal(err)
		}
		source, err := s.Playbook()
		if err != nil {
			t.Fatal(err)
		}
		pb, err := playbook.Load("faro-business.yaml", []byte(source), step.Specs())
		if err != nil {
			t.Fatal(err)
		}
		if err := pb.Unsaid(); err != nil {
			t.Error(err)
		}
		if pb.Name != "faro-business" {
			t.Errorf("it is called %s", pb.Name)
		}
		i := slices.IndexFunc(pb.Steps(), func(x offboarding.Step) bool { return x.Kind == "revoke_access" })
		if i < 0 || pb.Steps()[i].Params["system"] != "" {
			t.Errorf("%s: not every system closes the accounts: %+v", lang, pb.Steps())
		}
	}
}
