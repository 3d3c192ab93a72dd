package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// leaving is a playbook that ends at once and then asks for everything.
const leaving = `
playbook: leaving
title: {es: "Irse", en: "Leave"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
  - {id: farewell, kind: farewell, title: {es: "Adiós", en: "Goodbye"}, after: [effective], milestone: farewell}
  - {id: survey, kind: survey, title: {es: "Preguntar", en: "Ask"}, after: [farewell]}
  - {id: words, kind: testimonial, title: {es: "Palabras", en: "Words"}, after: [farewell]}
  - {id: pass_on, kind: referral, title: {es: "Recomendar", en: "Recommend"}, after: [farewell], params: {url: "https://faro.example/alta?canal=baja"}}
  - {id: other, kind: other_product, title: {es: "Otra cosa", en: "Something else"}, after: [farewell], params: {name: "Faro Solo", url: "https://faro.example/solo", days: "30"}}
`

// departed is a departure that has ended, and the token of its farewell page.
func (w *world) departed(t *testing.T) (c offboarding.CaseID, bye string) {
	t.Helper()
	_, c, _ = w.request(t, "period_end")
	next, err := w.NextTimer(t.Context())
	must(t, err)
	must(t, w.PushClock(t.Context(), "", next))
	letter := w.mail.wait(t, "farewell", firstMail)
	eventually(t, "the case is closed", func() bool { return w.state(t, c) == offboarding.CaseClosed })
	return c, token(letter.Links["bye"])
}

// asks is what the farewell page asks now.
func (w *world) asks(t *testing.T, bye string) notice.Ask {
	t.Helper()
	g, err := w.OpenGoodbye(t.Context(), bye, "")
	must(t, err)
	return g.Ask
}

// mp3 is the beginning of a file of sound.
var mp3 = []byte("ID3\x04\x00\x00\x00\x00\x00\x00sonido")

// Where the law lets nobody be asked below the receipt, the survey of the
// farewell is where the reasons that the company chose are asked.
func TestTheSurveyOffersTheReasonsOfTheCompany(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), leaving)
	ctx := t.Context()
	_, bye := w.departed(t)
	offered := func() (out []string) {
		s, err := w.OpenSurvey(ctx, bye, "es")
		must(t, err)
		f, _ := s.Form.Field("reason")
		for _, c := range f.Choices {
			out = append(out, c.Value)
		}
		return out
	}
	if got := offered(); len(got) != len(reason.Builtin().Tops()) {
		t.Fatalf("at first it offers %q", got)
	}
	p := w.Company().Profile()
	p.Email, p.Reasons = "hola@faro.example", []string{"service", "price"}
	_, err := w.SetCompany(ctx, admin, app.CompanyInput{Profile: p, Version: -1})
	must(t, err)
	// In an order of the departure's own, and whatever else there is last.
	if got := offered(); len(got) != 3 || got[2] != "other" || !slices.Contains(got, "service") || !slices.Contains(got, "price") {
		t.Fatalf("it offers %q", got)
	}
	must(t, w.AnswerSurvey(ctx, bye, form.Answers{"reason": "other"}))
}

func TestTheGoodbyeAsksOneThingAtATimeAndOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		ctx := t.Context()
		c, bye := w.departed(t)
		if got := w.asks(t, bye); got != notice.Survey {
			t.Fatalf("first it asks for %q", got)
		}
		// Nobody knows yet whose doing it was: nobody is asked to praise us.
		code(t, w.GiveTestimonial(ctx, bye, app.TestimonialInput{Text: "Bien", Consent: true}), "ask.over")
		code(t, w.WantReferral(ctx, bye), "ask.over")
		code(t, w.AnswerSurvey(ctx, bye, form.Answers{}), "survey.empty")
		if f := fault.Fields(w.AnswerSurvey(ctx, bye, form.Answers{"csat": "9"})); len(f) != 1 || f[0].Field != "csat" {
			t.Fatalf("nine of five: %v", f)
		}
		must(t, w.AnswerSurvey(ctx, bye, form.Answers{"csat": "5", "nps": "9", "reason": "needs_ended", "idea": "Un plan de verano"}))
		code(t, w.AnswerSurvey(ctx, bye, form.Answers{"csat": "1"}), "ask.over")
		if got := w.asks(t, bye); got != notice.Testimonial {
			t.Fatalf("then it asks for %q", got)
		}
		err := w.GiveTestimonial(ctx, bye, app.TestimonialInput{FileName: "voz.mp3", File: []byte("no es sonido")})
		var wrong []string
		for _, f := range fault.Fields(err) {
			wrong = append(wrong, f.Field+" "+f.Code)
		}
		if !slices.Equal(wrong, []string{"file voice.media", "text voice.empty", "consent voice.consent"}) {
			t.Fatalf("%v", wrong)
		}
		must(t, w.GiveTestimonial(ctx, bye, app.TestimonialInput{Text: "Nos cuidaron hasta el final", Name: "Marta I.", FileName: "voz.mp3", File: mp3, Consent: true}))
		if got := w.asks(t, bye); got != notice.Referral {
			t.Fatalf("then it asks for %q", got)
		}
		must(t, w.WantReferral(ctx, bye))
		g, err := w.OpenGoodbye(ctx, bye, "en")
		must(t, err)
		if !strings.HasPrefix(g.Link, "https://faro.example/alta?canal=baja&ref=") || g.Ask != notice.Product || g.Product.Name != "Faro Solo" || g.Testimonial == nil {
			t.Fatalf("%+v", g)
		}

		list, err := w.ListVoices(ctx, agent, "ideas", 10, 0)
		must(t, err)
		if len(list.Rows) != 1 || list.Rows[0].Answers["idea"] != "Un plan de verano" || list.Rows[0].Case != c {
			t.Fatalf("%+v", list.Rows)
		}
		_, err = w.ListVoices(ctx, finance, "ideas", 10, 0)
		code(t, err, "forbidden.role")
		list, err = w.ListVoices(ctx, agent, "testimonial", 10, 0)
		must(t, err)
		v := list.Rows[0]
		if v.Voice.Text != "Nos cuidaron hasta el final" || v.Voice.Name != "Marta I." || v.File != "voz.mp3" || !v.Voice.Stands(list.Today) {
			t.Fatalf("%+v", v)
		}
		b, plain, err := w.OpenEvidence(ctx, agent, c, v.Voice.Blob)
		if err != nil || b.Media != "audio/mpeg" || string(plain) != string(mp3) {
			t.Fatalf("the sound is %s %q (%v)", b.Media, plain, err)
		}
		must(t, w.WithdrawTestimonial(ctx, bye))
		must(t, w.WithdrawTestimonial(ctx, bye))
		list, err = w.ListVoices(ctx, agent, "testimonial", 10, 0)
		must(t, err)
		if list.Rows[0].Voice.Stands(list.Today) || w.logged(t, "testimonial.withdrawn") != 1 {
			t.Errorf("taken back: %+v", list.Rows[0].Voice)
		}
		if got := w.asks(t, bye); got == notice.Testimonial {
			t.Error("whoever took their words back is asked again")
		}

		// A month later the other product is not named any more.
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 31)))
		if got := w.asks(t, bye); got != "" {
			t.Errorf("a month later it asks for %q", got)
		}
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			list, err := tx.VoicesOf(ctx, c)
			for _, v := range list {
				if strings.Contains(string(v.Body), "cuidaron") || strings.Contains(string(v.Body), "Marta") {
					t.Error("words are not sealed")
				}
			}
			return err
		}))
		w.verifyLog(t)
	})
}

// Whoever leaves because of us, or was let down, is not asked for praise, and
// not sold anything while what we did wrong stands.
func TestWhoWasLetDownIsAskedForNothingButTheirOpinion(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		ctx := t.Context()
		_, bye := w.departed(t)
		day := w.today(t)
		id, err := w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: w.customerOf(t, almena).ID, Received: day, What: "Nadie contestó"})
		must(t, err)
		must(t, w.AnswerSurvey(ctx, bye, form.Answers{"reason": "needs_ended"}))
		if got := w.asks(t, bye); got != "" {
			t.Fatalf("with a complaint that is unsolved it asks for %q", got)
		}
		must(t, w.AnswerComplaint(ctx, agent, app.ComplaintAnswer{Complaint: id, State: relationship.Fixed, Answer: "Le llamamos"}))
		if got := w.asks(t, bye); got != notice.Testimonial {
			t.Errorf("once it is put right it asks for %q", got)
		}
	})
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		_, bye := w.departed(t)
		must(t, w.AnswerSurvey(t.Context(), bye, form.Answers{"reason": "price"}))
		if got := w.asks(t, bye); got != notice.Product {
			t.Errorf("who left because of our price is asked for %q", got)
		}
	})
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		_, bye := w.departed(t)
		must(t, w.AnswerSurvey(t.Context(), bye, form.Answers{"reason": "service", "csat": "1"}))
		if got := w.asks(t, bye); got != "" {
			t.Errorf("who left because of how we treated them is asked for %q", got)
		}
	})
}

// Who closes, is ill or died is told how everything stands: no figures, nothing
// asked, and no letter that asks back, whatever was allowed before.
func TestAClosureAnIllnessOrADeathIsAnsweredQuietly(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		ctx := t.Context()
		w.importReadings(t, used(w.today(t), almena, 60, 12))
		c, bye := w.departed(t)
		if got := w.asks(t, bye); got != notice.Survey {
			t.Fatalf("before anybody knows it asks for %q", got)
		}
		must(t, w.RecordReason(ctx, agent, app.ReasonInput{Case: c, Kind: reason.Root, Code: "health", Evidence: "Llamó su hija"}))
		g, err := w.OpenGoodbye(ctx, bye, "")
		must(t, err)
		if g.Ask != "" || !g.Paper.Quiet {
			t.Errorf("it asks for %q; quiet %v", g.Ask, g.Paper.Quiet)
		}
	})
}

// What was achieved is told from readings while they were a customer, in the
// letter and on the page; with one figure nothing is told.
func TestTheGoodbyeTellsWhatWasAchieved(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		ctx := t.Context()
		day := w.today(t)
		w.importReadings(t, used(day, almena, 60, 12))
		c, bye := w.departed(t)
		letter := w.mail.last(t, "farewell")
		if len(letter.Achieved) != 2 || letter.Achieved[0].Value != 720 || letter.Achieved[1].Value != 60 {
			t.Fatalf("the letter tells %+v", letter.Achieved)
		}
		g, err := w.OpenGoodbye(ctx, bye, "")
		must(t, err)
		if len(g.Paper.Achieved) != 2 {
			t.Errorf("the page tells %+v", g.Paper.Achieved)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if r := v.Recap; r == nil || len(r.Figures) != 2 || r.Months < 40 || r.Blame.Known || !r.Closed {
			t.Errorf("the recap is %+v", r)
		}
	})
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, leaving)
		w.importReadings(t, used(w.today(t), almena, 20, 12))
		w.departed(t)
		if letter := w.mail.last(t, "farewell"); len(letter.Achieved) != 0 {
			t.Errorf("one figure is told: %+v", letter.Achieved)
		}
	})
}

// used is a file of use on so many days.
func used(day when.Date, reference string, days, each int) string {
	var b strings.Builder
	b.WriteString("customer,date,use\n")
	for i := range days {
		fmt.Fprintf(&b, "%s,%s,%d\n", reference, day.AddDays(-i), each)
	}
	return b.String()
}
