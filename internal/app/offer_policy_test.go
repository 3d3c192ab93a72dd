package app_test

import (
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/testkit"
)

// housePolicy is the shipped one with something changed in it.
func housePolicy(t *testing.T, changes ...string) *offer.Policy {
	t.Helper()
	var files []offer.File
	for _, f := range offer.BuiltinFiles() {
		// The customer of these stories pays by the year.
		src := strings.NewReplacer(append(changes, `contract.interval == "month"`, `contract.interval == "year"`)...).Replace(string(f.Source))
		files = append(files, offer.File{Name: f.Name, Source: []byte(src)})
	}
	p, err := offer.Read(files, reason.Builtin())
	must(t, err)
	return p
}

func (w *world) decision(t *testing.T, c offboarding.CaseID) offer.Decision {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	if v.Decision == nil {
		t.Fatal("the policy says nothing")
	}
	return *v.Decision
}

func TestThePolicyProposesAndWhoeverDoesOtherwiseSaysWhy(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, today := proposed(t, e)
		ctx, c := t.Context(), own.Case
		w.UseOffers(housePolicy(t))
		if d := w.decision(t, c); d.Line != "" || d.Offer != nil {
			t.Fatalf("without a reason line %q decides", d.Line)
		}
		must(t, w.TellReason(ctx, page, "price", ""))
		d := w.decision(t, c)
		if d.Line != "price" || d.Offer == nil || d.Offer.Name != "pause" || len(d.Turned) != 1 || d.Turned[0].Why != offer.GuardMarginUnknown {
			t.Fatalf("decided %+v", d)
		}
		own.Reason = ""
		refused(t, "something else without saying why", w.MakeOffer(ctx, agent, own), "offer.otherwise", "offer.reason")
		in := app.OfferInput{Case: c, Name: "call", Heard: "El precio pesó"}
		refused(t, "another of the list without saying why", w.MakeOffer(ctx, agent, in), "offer.otherwise", "offer.reason")
		in.Reason = "Por teléfono pidió que alguien le llamara"
		in.Name = "nothing"
		refused(t, "an offer that is none", w.MakeOffer(ctx, agent, in), "field.choice", "offer.name")
		in.Name = "discount" // its guard says no to a person, too
		code(t, w.MakeOffer(ctx, agent, in), "offer.guard.margin_unknown")
		in.Name = "call"
		must(t, w.MakeOffer(ctx, agent, in))
		o := w.offer(t, c)
		if !o.Deviates || o.Kind != offer.Help || o.Heard != in.Heard || o.Why != "" || o.Reason != in.Reason || !strings.HasPrefix(o.Name, "call@") || o.Line != "price" {
			t.Fatalf("proposed %+v", o)
		}
		if o.By != today.AddDays(5) || !strings.Contains(o.What, "llama") || o.Cost == "" {
			t.Errorf("its words: %+v", o)
		}
		list, err := w.OffersOtherwise(ctx, app.Actor{ID: "usr_f", Roles: []string{"auditor"}}, today)
		must(t, err)
		if len(list) != 1 || list[0].Reason != in.Reason || list[0].What != "" || list[0].Code == "" {
			t.Errorf("the list of the month: %+v", list)
		}
		if list, err = w.OffersOtherwise(ctx, agent, today.AddMonths(-1)); err != nil || len(list) > 0 {
			t.Errorf("the list of another month: %v, %v", list, err)
		}
	})
}

// What is agreed with a policy is one click, says by which line, and is explained to
// the customer in their language.
func TestWhatThePolicyProposesIsExplained(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		ctx := t.Context()
		w.UseOffers(housePolicy(t))
		must(t, w.TellReason(ctx, page, "price", ""))
		must(t, w.MakeOffer(ctx, agent, app.OfferInput{Case: own.Case, Name: "pause"}))
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if o := p.Offer; o == nil || o.Deviates || o.Line != "price" || !strings.Contains(o.Why, "cualquiera con tu contrato") || !strings.Contains(o.Cost, "2 meses") || o.OfferedBy != agent.ID {
			t.Fatalf("the page says %+v", p.Offer)
		}
		x, err := w.OpenOffer(ctx, agent, own.Case)
		must(t, err)
		if x.Decision != nil || x.Offer == nil {
			t.Errorf("something was proposed, and the policy says %+v", x.Decision)
		}
		w.verifyLog(t)
	})
}

// Where the policy answers at once, whoever says why they leave finds on their page
// what could be done, if the law lets it be shown to whoever did not ask; no letter
// tells of it, and a person is not asked.
func TestThePolicyAnswersAtOnce(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		ctx := t.Context()
		w.UseOffers(housePolicy(t, "answers: person", "answers: at_once"))
		must(t, w.TellReason(ctx, page, "price", ""))
		o := w.offer(t, own.Case)
		if o.Kind != offer.Pause || !o.Automatic || o.OfferedBy != "policy" || o.Deviates {
			t.Fatalf("answered %+v", o)
		}
		must(t, w.AskOffer(ctx, page)) // nothing new
		must(t, w.UntilQuiet(ctx))
		if n := w.mail.count("offer"); n > 0 {
			t.Errorf("%d letters to somebody who did not ask", n)
		}
		if v, err := w.OpenCase(ctx, agent, own.Case); err != nil || v.Plan.Step("see_what") != nil {
			t.Errorf("a person is asked beside: %v", err)
		}
		must(t, w.AnswerOffer(ctx, page, false))
		w.verifyLog(t)
	})
}

func TestWhoeverAsksIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		ctx := t.Context()
		must(t, w.TellReason(ctx, page, "price", ""))
		w.UseOffers(housePolicy(t, "answers: person", "answers: at_once"))
		must(t, w.AskOffer(ctx, page))
		if o := w.offer(t, own.Case); o.Kind != offer.Pause || !o.Automatic {
			t.Fatalf("answered %+v", o)
		}
		w.mail.wait(t, "offer", firstMail)
	})
}

func TestWhatNobodyProposesIsLookedAtByAPerson(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		ctx := t.Context()
		w.UseOffers(housePolicy(t, "answers: person", "answers: at_once"))
		must(t, w.TellReason(ctx, page, "competitor", ""))
		must(t, w.AskOffer(ctx, page))
		v, err := w.OpenCase(ctx, agent, own.Case)
		must(t, err)
		if v.Offer != nil || v.Plan.Step("see_what") == nil {
			t.Errorf("offered %+v", v.Offer)
		}
	})
}

// What was accepted before counts in the next departure, whatever it was called.
func TestNobodyLeavesForADiscountAgainAndAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		ctx := t.Context()
		w.UseOffers(housePolicy(t))
		must(t, w.MakeOffer(ctx, agent, own)) // a discount, in words of a person's own
		must(t, w.AnswerOffer(ctx, page, true))
		eventually(t, "undone", func() bool { return w.state(t, own.Case) == offboarding.CaseReversed })
		x, err := w.ExplainOffer(ctx, agent, w.offer(t, own.Case).Customer, "price")
		must(t, err)
		guards := map[offer.Guard]bool{}
		for _, turned := range x.Decision.Turned {
			guards[turned.Why] = true
		}
		if x.Decision.Offer != nil || !guards[offer.GuardCooldown] {
			t.Errorf("they get %+v, turned away %v", x.Decision.Offer, guards)
		}
	})
}

// What serving costs is the floor, as the company says it.
func TestTheMarginIsThatOfTheCompany(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		w.UseOffers(housePolicy(t))
		must(t, w.TellReason(t.Context(), page, "price", ""))
		for _, c := range []struct{ margin, want string }{{"15", "pause"}, {"60", "discount"}} {
			w.says(t, company.Costs{Margin: c.margin})
			d := w.decision(t, own.Case)
			if d.Offer == nil || d.Offer.Name != c.want {
				t.Errorf("with %s %% left of the price it proposes %+v, want %s (%v)", c.margin, d.Offer, c.want, d.Turned)
			}
		}
	})
}

// Who somebody is, where they live, with what and when they come, and who looks after
// them make no difference: the same situation has the same answer to the last word.
func TestNothingThatIsNotDeclaredChangesWhatIsProposed(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		w.UseOffers(housePolicy(t, append(atOnce, `contract.interval == "year"`, `contract.interval == "month"`)...))
		others := []app.Actor{{ID: "usr_one", Name: "Uno", Roles: []string{"agent", "success"}}, {ID: "usr_two", Name: "Dos", Roles: []string{"agent", "success"}}}
		ids := w.mini(t, 2, func(i int, in *app.CustomerInput) {
			if i == 1 {
				in.Name, in.Reference, in.Segment = "Ngozi Okonkwo-Larrañaga", "ZZ-9", ""
				in.Contacts[0].Name, in.Contacts[0].Email = "Ngozi", "n.okonkwo@otra-parte.example"
				in.Subscriptions[0].Reference = "9-ZZ"
			}
		})
		// One from a telephone at the portal, the other by a call that somebody takes, hours later.
		x, err := w.ExitOf(ctx, app.ExitFor{Language: "es", Device: "mobile"})
		must(t, err)
		_, err = w.RequestExit(ctx, app.ExitInput{
			Name: "Cliente", AccountEmail: "mi-00@mini.example", When: "period_end", Language: "es",
			Walk: &app.Walk{Exit: x, Seen: []app.Seen{{Node: "home", At: x.At}, {Node: "recap", At: x.At}}},
		})
		must(t, err)
		_, _, err = w.VerifyRequest(ctx, token(w.mail.wait(t, "confirm", "mi-00@mini.example").Links["verify"]))
		must(t, err)
		now, _, err := w.store.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.Add(3*time.Hour)))
		_, err = w.RegisterOnBehalf(ctx, others[1], app.BehalfInput{Customer: ids[1], Channel: "phone", Reference: "Llamada 12", When: "period_end", Proof: "DNI"})
		must(t, err)
		must(t, w.UntilQuiet(ctx))
		for _, code := range []string{"price", "too_complex", "cheaper_elsewhere", "service", "unused"} {
			var said [2]string
			for i, id := range ids {
				c := w.caseOf(t, id)
				must(t, w.RecordReason(ctx, others[i], app.ReasonInput{Case: c.ID, Kind: reason.Stated, Code: code, Text: []string{"Me voy", "Pues eso"}[i]}))
				v, err := w.OpenCase(ctx, others[i], c.ID)
				must(t, err)
				if v.Decision == nil {
					t.Fatalf("%s: nothing is decided", code)
				}
				d := v.Decision
				said[i] = d.Line + " " + d.Why["es"]
				if d.Offer != nil {
					said[i] += " " + d.Offer.Version()
				}
				for _, x := range d.Turned {
					said[i] += " !" + x.Offer + string(x.Why)
				}
			}
			if said[0] != said[1] || said[0] == "" {
				t.Errorf("%s: one is told %q, the other %q", code, said[0], said[1])
			}
		}
	})
}
