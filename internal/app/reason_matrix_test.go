package app_test

import (
	"slices"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// What is said, found, agreed and judged of a departure is counted once, whatever
// was said before.
func TestWhyTheyLeaveIsCounted(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening+afterTalking)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		six := 6
		must(t, w.TellReason(ctx, page, "other", "Ya no cuadra"))
		must(t, w.TellReason(ctx, page, "price", "Es mucho"))
		must(t, w.TellMore(ctx, page, app.MoreInput{Return: &six}))
		for _, step := range []string{"first", "talk", "second"} {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			a := fill(w.FormOf(*v.Plan.Step(step)))
			switch step {
			case "first":
				a["hypothesis"] = "service"
			case "talk":
				delete(a, "stated_family")
				a["outcome"], a["agreed_end"], a["agreed_money"], a["agreed_payer"] = "held", "2027-01-31", "120,5 eur", "ours"
			case "second":
				a["real_family"], a["attribution"], a["evidence"], a["renegotiable"], a["values"] = "service", "ours", "Tres quejas sin respuesta", "no", "fit"
			}
			must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: step, Answers: a, Done: true}))
		}
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			x, found, err := tx.EvaluationOf(ctx, c)
			if !found || x.Hypothesis != "service" || x.AgreedEnd.String() != "2027-01-31" || x.Agreed.String() != "120.50 EUR" || x.AgreedPayer != "ours" || x.Renegotiable != "no" || x.Fit != "fit" {
				t.Errorf("evaluated: %+v", x)
			}
			return err
		}))
		m, err := w.ReasonMatrix(ctx, agent, when.Date{}, when.Date{})
		must(t, err)
		all := m.All()
		if all.N != 1 || all.Back != six || all.BackN != 1 || all.Judged != 1 || all.Mendable != 0 || all.Fitting != 1 || all.Guessed != 1 || all.Right != 1 || all.Attributions[reason.Ours] != 1 {
			t.Errorf("counted: %+v", all)
		}
		if len(all.Yearly) != 1 {
			t.Errorf("money: %v", all.Yearly)
		}
		price, _ := reason.Builtin().Find("price")
		service, _ := reason.Builtin().Find("service")
		root, stated := m.By(reason.Root), m.By(reason.Stated)
		if len(root) != 1 || root[0].Edition != service.Edition || len(stated) != 1 || stated[0].Edition != price.Edition {
			t.Errorf("by root %+v, by what they say %+v", root, stated)
		}
		x := m.Confusion()
		if i, j := slices.Index(x.Families, price.Edition), slices.Index(x.Families, service.Edition); i < 0 || j < 0 || x.N[i][j] != 1 || x.Both != 1 || x.Same != 0 {
			t.Errorf("confusion: %+v", x)
		}
		none := ""
		for _, p := range []struct {
			pick app.ReasonPick
			n    int
		}{
			{app.ReasonPick{}, 1},
			{app.ReasonPick{Stated: &price.Edition}, 1},
			{app.ReasonPick{Root: &price.Edition}, 0},
			{app.ReasonPick{StatedFamily: &price.FamilyEdition, RootFamily: &service.FamilyEdition}, 1},
			{app.ReasonPick{Root: &none}, 0},
		} {
			list, more, err := w.ReasonCases(ctx, agent, when.Date{}, when.Date{}, p.pick)
			must(t, err)
			if len(list) != p.n || more || p.n == 1 && (list[0].Case != c || list[0].Name == "" || list[0].Root != service.Edition) {
				t.Errorf("%+v: %+v", p.pick, list)
			}
		}
		_, err = w.ReasonMatrix(ctx, agent, when.Date{Year: 2027, Month: 1, Day: 2}, when.Date{Year: 2027, Month: 1, Day: 1})
		code(t, err, "reason.days")
		if _, err := form.Builtin()["meeting"].Clean(form.Answers{"outcome": "held", "agreed_money": "mucho"}, false); err == nil {
			t.Error("money without a sum is taken")
		}
		w.verifyLog(t)
	})
}

func TestWhatWasUndoneIsNotCounted(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		must(t, w.TellReason(ctx, page, "billing", "Se cobró dos veces"))
		counted := func() int {
			m, err := w.ReasonMatrix(ctx, agent, when.Date{}, when.Date{})
			must(t, err)
			return m.All().N
		}
		if counted() != 1 {
			t.Fatalf("%d left", counted())
		}
		must(t, w.UndoByCustomer(ctx, page))
		eventually(t, "it is undone", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return v.Plan.Case.State == offboarding.CaseReversed
		})
		if counted() != 0 {
			t.Errorf("what was undone is counted")
		}
	})
}
