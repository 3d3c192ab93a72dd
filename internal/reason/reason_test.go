package reason_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func TestEveryCodeOfBillingSystemsIsRefined(t *testing.T) {
	t.Parallel()
	for _, code := range reason.BillingCodes {
		if !slices.ContainsFunc(reason.Builtin().Reasons, func(r reason.Reason) bool { return r.Billing == code }) {
			t.Errorf("no reason is %s", code)
		}
	}
	if v := reason.Builtin().Version(); !strings.HasPrefix(v, "reasons@") || len(v) != len("reasons@")+12 {
		t.Errorf("version %s", v)
	}
}

// What an evaluation calls a hypothesis or a root cause is a reason of the
// taxonomy, under the same words, so that both can be compared.
func TestFormsSpeakOfTheSameReasons(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]string{"first_evaluation": "hypothesis", "second_evaluation": "real_family", "meeting": "stated_family"} {
		f, ok := form.Builtin()[name].Field(field)
		if !ok {
			t.Fatalf("%s has no %s", name, field)
		}
		for _, c := range f.Choices {
			if r, ok := reason.Builtin().Find(c.Value); !ok || !r.Top() {
				t.Errorf("%s.%s offers %q, which is no top reason", name, field, c.Value)
			}
		}
		if want := len(reason.Builtin().Tops()) - 1; len(f.Choices) != want { // "other" is no finding
			t.Errorf("%s.%s offers %d of %d reasons", name, field, len(f.Choices), want)
		}
	}
}

// A reason has one name: the customer meets the same below the receipt and in the
// survey of the farewell, and the company the same in its questions and its
// evaluations of what it is blamed for.
func TestAReasonHasOneName(t *testing.T) {
	t.Parallel()
	survey, _ := form.Builtin()["exit_survey"].Field("reason")
	if want := len(reason.Builtin().Tops()); len(survey.Choices) != want {
		t.Fatalf("the survey knows %d of %d reasons", len(survey.Choices), want)
	}
	for _, lang := range text.CustomerLangs() {
		for _, c := range survey.Choices {
			if receipt := text.Say(lang, "portal.why.reason."+c.Value); c.Label[lang] != receipt {
				t.Errorf("%s: the survey says %q, the receipt %q", lang, c.Label[lang], receipt)
			}
		}
	}
	service, _ := reason.Builtin().Find("service")
	for name, field := range map[string]string{"first_evaluation": "hypothesis", "second_evaluation": "real_family", "meeting": "stated_family"} {
		f, _ := form.Builtin()[name].Field(field)
		for _, lang := range form.Languages {
			if got := f.Say(lang, "service"); got != service.Label[lang] {
				t.Errorf("%s: %s says %q, the taxonomy %q", lang, name, got, service.Label[lang])
			}
		}
	}
	if say := text.Say("es", "portal.why.reason.service"); say != service.Label["es"] {
		t.Errorf("the customer reads %q, the company %q", say, service.Label["es"])
	}
}

func TestReasonsAreOfferedInTheOrderOfTheCompany(t *testing.T) {
	t.Parallel()
	codes := func(list []reason.Reason) (out []string) {
		for _, r := range list {
			out = append(out, r.Code)
		}
		return out
	}
	for _, c := range []struct{ asked, want []string }{
		{nil, codes(reason.Builtin().Tops())},
		{[]string{"service", "other", "price"}, []string{"service", "price", "other"}},
		{[]string{"price", "price_rise", "nothing_known"}, []string{"price", "other"}},
	} {
		if got := codes(reason.Builtin().Offered(c.asked)); !slices.Equal(got, c.want) {
			t.Errorf("%q: offered %q, want %q", c.asked, got, c.want)
		}
	}
}

func TestAReasonTakesFromTheOneThatItRefines(t *testing.T) {
	t.Parallel()
	rise, _ := reason.Builtin().Find("price_rise")
	budget, _ := reason.Builtin().Find("budget")
	slow, _ := reason.Builtin().Find("slow_answer")
	if rise.Family != "price" || rise.Attribution != reason.Ours || !rise.Controllable || rise.Billing != "too_expensive" || rise.BadService {
		t.Errorf("%+v", rise)
	}
	if budget.Attribution != reason.Theirs || budget.Controllable || budget.Billing != "too_expensive" {
		t.Errorf("%+v", budget)
	}
	if !slow.BadService || slow.Billing != "customer_service" {
		t.Errorf("%+v", slow)
	}
}

func TestABadTaxonomyIsToldLineByLine(t *testing.T) {
	t.Parallel()
	const src = `taxonomy: mine
reasons:
  - code: Price
    label: {es: "Precio"}
    attribution: nobody
    controllable: true
    billing: expensive
  - code: theirs
    label: {es: "Suyo", en: "Theirs"}
    attribution: theirs
    billing: other
    bad_service: true
    sub:
      - code: theirs
        label: {es: "Suyo", en: "Theirs"}
        bad_service: false
        sub:
          - code: deep
            label: {es: "Hondo", en: "Deep"}
`
	_, err := reason.Load("mine.yaml", []byte(src))
	var got []string
	for _, f := range fault.Fields(err) {
		got = append(got, f.Code+" "+strings.TrimPrefix(f.Field, "mine.yaml:"))
	}
	for _, want := range []string{
		"file.name 3:", "file.language_missing 4:", "file.not_one_of 5:", "file.not_one_of 7:", "reason.bad_service 12:", "file.twice 14:", "reason.deep 18:",
	} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("not told: %s; told: %v", want, got)
		}
	}
}

func TestARootCauseNeedsWhatShowsIt(t *testing.T) {
	t.Parallel()
	g := reason.Given{Kind: reason.Root, Code: "outage"}
	if l := g.Make(reason.Builtin()); len(l) != 1 || l[0].Field != "reason.evidence" {
		t.Fatalf("%v", l)
	}
	g = reason.Given{Kind: reason.Root, Code: "outage", Evidence: "Dos cortes en mayo", Attribution: reason.Market}
	if l := g.Make(reason.Builtin()); len(l) > 0 || g.BadService || g.Attribution != reason.Market {
		t.Fatalf("%v %+v", l, g) // it was decided that it was not us
	}
	g = reason.Given{Kind: reason.Stated, Code: "service", Attribution: reason.Theirs}
	if l := g.Make(reason.Builtin()); len(l) > 0 || !g.BadService || g.Attribution != reason.Ours {
		t.Fatalf("%v %+v", l, g) // what they say is not ours to turn round
	}
}

// Nobody is asked for a favour while a wrong stands: only a fix that answers it
// repairs it.
func TestOnlyAFixRepairsABadService(t *testing.T) {
	t.Parallel()
	given := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	day := func(n int) when.Date { return when.Date{Year: 2026, Month: 11, Day: 20}.AddDays(n) }
	rapid.Check(t, func(t *rapid.T) {
		states := []relationship.ComplaintState{relationship.Open, relationship.Promised, relationship.Fixed, relationship.Declined}
		var list []relationship.Complaint
		for i := range rapid.IntRange(0, 4).Draw(t, "complaints") {
			list = append(list, relationship.Complaint{
				ID: relationship.ComplaintID(rune('a' + i)), State: rapid.SampledFrom(states).Draw(t, "state"), Over: day(rapid.IntRange(-3, 3).Draw(t, "over")),
			})
		}
		g := reason.Given{Kind: reason.Stated, Code: "service", At: given, Complaint: rapid.SampledFrom([]relationship.ComplaintID{"", "a"}).Draw(t, "about")}
		if l := g.Make(reason.Builtin()); len(l) > 0 {
			t.Fatal(l)
		}
		want := false
		if g.Complaint != "" {
			want = len(list) > 0 && list[0].State == relationship.Fixed
		} else {
			unsolved := false
			for _, c := range list {
				unsolved = unsolved || c.State == relationship.Open || c.State == relationship.Promised
				want = want || c.State == relationship.Fixed && !c.Over.Before(day(0))
			}
			want = want && !unsolved
		}
		w := reason.Why{Stated: &g}
		if got := !w.Wronged(list, time.UTC); got != want {
			t.Fatalf("repaired %v, want %v: %+v", got, want, list)
		}
		price := reason.Given{Kind: reason.Root, Code: "budget", Evidence: "x", At: given}
		if l := price.Make(reason.Builtin()); len(l) > 0 {
			t.Fatal(l)
		}
		w.Root = &price
		if ours, known := w.Ours(); ours || !known { // as it was decided
			t.Fatal("the decision does not count")
		}
		if w.Wronged(list, time.UTC) == want { // but either side's word is enough to ask no favour
			t.Fatal("a decision repairs nothing")
		}
	})
}

// What billing systems call a reason is told in ours, and nothing is lost.
func TestEveryCodeOfBillingSystemsIsAReasonOfOurs(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"too_expensive": "price", "missing_features": "product", "too_complex": "too_complex", "low_quality": "low_quality", "customer_service": "service",
		"unused": "needs_ended", "other": "other", "": "other", "moved_to_the_moon": "other",
	} {
		if got := reason.Builtin().OfBilling(code); got.Code != want {
			t.Errorf("%q is %s, want %s", code, got.Code, want)
		}
	}
	for _, code := range reason.BillingCodes {
		if got := reason.Builtin().OfBilling(code); got.Billing != code {
			t.Errorf("%s became %s", code, got.Billing)
		}
	}
}
