package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// The law of a departure is that of where the customer lives, on the day it was
// asked for; time limits count from what happened, and what the records leave
// open is not known.
func TestTheLawOfADepartureFollowsTheCustomerAndTheDay(t *testing.T) {
	t.Parallel()
	a := app.New(app.Config{
		Company:  app.Company{Name: "Faro", Country: "ES"},
		LawFacts: jurisdiction.Facts{"seller.sector": "software", "seller.workers": int64(300), "seller.nonprofit": false},
	})
	asked := time.Date(2026, 12, 28, 9, 0, 0, 0, time.UTC)
	leaving := func(country string, consumer bool) app.CaseView {
		v := app.CaseView{Customer: customer.Customer{Country: country, Consumer: consumer}, Lines: []customer.Subscription{{Interval: customer.Monthly, Start: when.Date{Year: 2025, Month: 3, Day: 1}}}}
		v.Plan.Case = offboarding.Case{Zone: "Europe/Madrid", RequestedAt: asked, Effective: when.Date{Year: 2026, Month: 12, Day: 31}}
		return v
	}
	law := func(v app.CaseView) app.LawView {
		t.Helper()
		got, err := a.LawOf(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	home := law(leaving("ES", true))
	i := -1
	for n, l := range home.Limits {
		if n > 0 && l.End.Before(home.Limits[n-1].End) {
			t.Error("the time limits are out of order")
		}
		if l.Param == "case.resolve.max" {
			i = n
		}
	}
	if i < 0 || home.Limits[i].Last().String() != "2027-01-20" {
		t.Errorf("a departure is to be resolved by %+v", home.Limits)
	}
	if s, ok := home.Law.Of("survey.position"); !ok || s.Value.Word != "after_effect" {
		t.Errorf("the survey comes %+v", s)
	}
	before := leaving("ES", true)
	before.Plan.Case.RequestedAt = time.Date(2025, 12, 1, 9, 0, 0, 0, time.UTC)
	if _, ok := law(before).Law.Of("survey.position"); ok {
		t.Error("a departure of before the law falls under it")
	}
	if _, ok := law(leaving("ES", false)).Law.Of("survey.position"); ok {
		t.Error("a business falls under the law of consumers")
	}
	unknown := law(leaving("", true))
	if unknown.Law.Chosen.Packs[len(unknown.Law.Chosen.Packs)-1].Pack.ID != jurisdiction.SafeEverywhere {
		t.Errorf("nobody knows where they live, and %+v holds", unknown.Law.Chosen)
	}
	if m := home.Law.Missing(); len(m) == 0 {
		t.Error("everything is known, though nobody said whether a benefit was given")
	}
}
