package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/reason"
	"hastaluego/internal/testkit"
)

func TestTheBookOfDeparturesHasWhatEverybodySaid(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, learning)
		ctx := t.Context()
		_, c, page := w.request(t, "now")
		must(t, w.TellReason(ctx, page, "price", "Es caro"))
		must(t, w.RecordReason(ctx, agent, app.ReasonInput{Case: c, Kind: reason.Root, Code: "service", Evidence: "Tres quejas"}))
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 1)))
		eventually(t, "the end", func() bool { return w.stepState(t, c, "third") == "ready" })
		must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "third", Answers: form.Answers{"quality": "Avisos tarde"}}))
		b, err := w.OpenDepartureBook(ctx, agent)
		must(t, err)
		if len(b.Departures) != 1 || len(b.Departures[0].Answers) != 0 {
			t.Fatalf("a draft is in the book: %+v", b)
		}
		must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "third", Answers: form.Answers{"quality": "Avisos tarde"}, Done: true}))
		b, err = w.OpenDepartureBook(ctx, agent)
		must(t, err)
		d := b.Departures[0]
		if d.Why.Stated == nil || d.Why.Stated.Text != "Es caro" || d.Why.Root == nil || d.Why.Root.Evidence != "Tres quejas" || d.Answers["third_evaluation"]["quality"] != "Avisos tarde" ||
			len(d.Monthly) != 1 || d.Monthly[0].Minor <= 0 || d.Case.Effective.IsZero() || d.Asked.IsZero() || d.Terms == "" {
			t.Errorf("%+v", d)
		}
		_, err = w.OpenDepartureBook(ctx, finance) // it holds what people said
		code(t, err, "forbidden.role")
	})
}
