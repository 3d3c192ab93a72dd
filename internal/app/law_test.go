package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
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

// Where no record says where a customer lives, the law of their departure is that
// of the page: of where they said that they live, else of where the company says
// that its customers do. Where nobody says it, what passes everywhere holds.
func TestWhereNobodyKnowsTheLawOfADepartureIsThatOfThePage(t *testing.T) {
	t.Parallel()
	visitor := func(place string) app.Way { return app.Way{Place: place, Said: "visitor"} }
	for _, c := range []struct {
		pack, said, country string
		way                 app.Way
		want                string
	}{
		{"", "", "", app.Way{}, jurisdiction.SafeEverywhere},
		{"es-l10-2025", "", "", app.Way{}, "es-l10-2025"},
		{"es-l10-2025", "", "FR", app.Way{}, "fr"},
		{"es-l10-2025", "", "", visitor("DE"), "de"},
		{"es-l10-2025", "", "", visitor(""), jurisdiction.SafeEverywhere},
		{"es-l10-2025", "", "FR", visitor("DE"), "fr"},
		{"", "DE", "", app.Way{}, "de"},
		{"", "US-CA", "FR", app.Way{}, "fr"},
	} {
		in := app.Config{Company: app.Company{Name: "Faro", Country: "ES", Pack: c.pack}}
		if c.said != "" {
			in.LawFacts = jurisdiction.Facts{"customer.residence": c.said[:2], "customer.region": c.said}
			if len(c.said) == 2 {
				delete(in.LawFacts, "customer.region")
			}
		}
		v := app.CaseView{Customer: customer.Customer{Country: c.country, Consumer: true}, Way: c.way}
		v.Plan.Case = offboarding.Case{Zone: "Europe/Madrid", RequestedAt: time.Date(2026, 12, 28, 9, 0, 0, 0, time.UTC)}
		got, err := app.New(in).LawOf(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		var whole []string
		for _, p := range got.Law.Chosen.Packs {
			if !p.OnlyData {
				whole = append(whole, p.Pack.ID)
			}
		}
		if !slices.Contains(whole, c.want) || c.want != jurisdiction.SafeEverywhere && slices.Contains(whole, jurisdiction.SafeEverywhere) {
			t.Errorf("%+v: %q hold", c, whole)
		}
	}
}

// What is kept with a departure is the law that its page followed.
func TestADepartureKeepsTheLawOfItsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	p := w.Company().Profile()
	p.Email, p.Pack = "hola@faro.example", "es"
	_, err := w.SetCompany(ctx, admin, app.CompanyInput{Profile: p, Version: -1})
	must(t, err)
	nowhere := w.mini(t, 1, func(_ int, in *app.CustomerInput) { in.Consumer, in.Country = true, "" })[0]
	page, err := w.ExitOf(ctx, app.ExitFor{Language: "es", Device: "desktop"})
	must(t, err)
	w.host(t, nowhere)
	eventually(t, "the departure", func() bool { return w.caseOf(t, nowhere) != nil })
	v, err := w.OpenCase(ctx, agent, w.caseOf(t, nowhere).ID)
	must(t, err)
	var whole []string
	for _, c := range v.Decided.Chosen {
		if !c.OnlyData {
			whole = append(whole, c.Pack)
		}
	}
	if got := strings.Join(whole, "+"); got != page.Variant.Law || !strings.Contains(got, "es-l10-2025") {
		t.Errorf("the page follows %s, the departure %s", page.Variant.Law, got)
	}
}
