package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/authority"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// carmen is another person who answers for privacy.
var carmen = app.Actor{ID: "usr_second", Name: "Carmen", Roles: []string{"privacy"}}

// An order holds when two people agree: nothing is erased and nothing given away.
// When it ends, by a person or by its day, the customer has at least the days back
// that were left, and is erased after them.
func TestAnOrderKeepsTheDataAndGivesTheDaysBack(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]bool{"lifted": false, "by its day": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
				w := newWorldWith(t, e, forgetting)
				ctx := t.Context()
				cid := w.lent(t, "site")
				w.clear(t, cid)
				_, c, page := w.request(t, "period_end")
				v, err := w.OpenCase(ctx, privacy, c)
				must(t, err)
				end := v.Plan.Case.RetrievalEnd()
				in := app.OrderInput{Case: c, Authority: "Juzgado de Instrucción n.º 3", Reference: "DP 12/2027", Withhold: true, Named: true}
				if ends {
					in.Until = end.AddDays(30).String()
				}
				must(t, w.AskOrder(ctx, privacy, in))
				order := func() authority.Order {
					v, err := w.OpenCase(ctx, privacy, c)
					must(t, err)
					if len(v.Orders) != 1 || v.Orders[0].Words.Reference != in.Reference {
						t.Fatalf("%+v", v.Orders)
					}
					return v.Orders[0]
				}
				data := func() app.DataPage {
					d, err := w.OpenDataPage(ctx, page, "", "es")
					must(t, err)
					return d
				}
				if data().Withheld {
					t.Fatal("one person was enough")
				}
				o := order()
				if err := w.AgreeOrder(ctx, privacy, c, o.ID); fault.CodeOf(err) != "approval.same_person" {
					t.Fatalf("the same person: %v", err)
				}
				must(t, w.AgreeOrder(ctx, carmen, c, o.ID))
				if p, err := w.PlanErasure(ctx, privacy, c); err != nil || len(p.Held) != 1 || !p.Held[0].Withhold || p.Waits == "" {
					t.Fatalf("the dry run: %v, %+v", err, p)
				}
				if d := data(); !d.Withheld || d.Proof || len(d.Orders) != 1 || d.Orders[0].Words.Authority != in.Authority {
					t.Fatalf("%+v", d)
				}
				if err := w.SendCode(ctx, page); fault.CodeOf(err) != "data.ordered" || fault.KindOf(err) != fault.Withheld {
					t.Fatalf("a code: %v", err)
				}
				w.approved(t, c) // the window is over, and everybody agreed to erase
				eventually(t, "its turn", func() bool {
					st := w.stepState(t, c, "erase")
					return st == offboarding.StepReady || st == offboarding.StepRunning
				})
				now, _, err := w.Now(ctx)
				must(t, err)
				must(t, w.PushClock(ctx, "", now.Add(36*time.Hour)))
				if st := w.stepState(t, c, "erase"); st == offboarding.StepVerified {
					t.Fatal("what is to be kept was erased")
				}
				eventually(t, "the letter that it is kept", func() bool { return w.mail.count(app.ErasureWaitsPaper) > 0 })
				if k := w.mail.last(t, app.ErasureWaitsPaper).Kept; k == nil || k.Asked || k.Silent || !k.Withheld || !k.Data.IsZero() || len(k.Orders) != 1 || k.Orders[0].Words.Reference != in.Reference {
					t.Fatalf("what the letter says: %+v", k)
				}
				if n := w.mail.count(app.ErasureWaitsPaper); n != 1 {
					t.Errorf("told %d times", n)
				}
				if ends {
					must(t, w.PushClock(ctx, "", o.Until.AddDays(1).Start(time.UTC).Add(12*time.Hour)))
				} else {
					must(t, w.LiftOrder(ctx, privacy, c, o.ID))
				}
				if o := order(); o.State != authority.Over || (o.OverBy == "engine") != ends {
					t.Fatalf("%+v", o)
				}
				eventually(t, "the letter that nothing keeps it", func() bool { return w.mail.count(app.ErasureGoesOnPaper) > 0 })
				if k := w.mail.last(t, app.ErasureGoesOnPaper).Kept; k == nil || k.Silent || k.Withheld || k.Data.IsZero() || !k.Erases {
					t.Fatalf("what the letter says: %+v", k)
				}
				if v, err = w.OpenCase(ctx, privacy, c); err != nil {
					t.Fatal(err)
				}
				longer := v.Plan.Case.RetrievalEnd()
				if now, _, err = w.Now(ctx); err != nil {
					t.Fatal(err)
				}
				if d := data(); d.Withheld || d.Over || d.Until != longer.String() || when.DateOf(now, time.UTC).DaysUntil(longer) < 2 {
					t.Fatalf("until %s, and it is %s: %+v", longer, now, d)
				}
				must(t, w.PushClock(ctx, "", longer.Start(time.UTC)))
				if st := w.stepState(t, c, "erase"); st == offboarding.StepVerified {
					t.Fatal("erased before the days that were given back are over")
				}
				must(t, w.PushClock(ctx, "", longer.AddDays(2).Start(time.UTC)))
				eventually(t, "erased and looked at", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
				if v, err = w.OpenCase(ctx, privacy, c); err != nil || v.Orders[0].Words.Authority != "" || len(said(t, e, "Juzgado")) > 0 {
					t.Fatalf("%v: %+v, %v", err, v.Orders, said(t, e, "Juzgado"))
				}
				w.verifyLog(t)
			})
		})
	}
}

// A person who erases by hand is held up too, and what is wrong with an order is
// said at its field.
func TestAnOrderIsRefusedWhereItIsWrong(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, strings.Replace(forgetting, `    kind: erase_record
    title: {es: "Ocho", en: "Eight"}
    after: [agree, export, ended]
    params: {keep_years: "6", keep_why_es: "Código de Comercio, art. 30", keep_why_en: "Commercial Code, art. 30", backup_days: "30"}
    undo: {class: final}
    milestone: certified
`, `    kind: erase_data
    title: {es: "Ocho", en: "Eight"}
    after: [agree, export, ended]
    role: privacy
    due: {d: 5, from: agree}
    escalate: {d: 1, to: admin}
    undo: {class: final}
`, 1))
		ctx := t.Context()
		w.clear(t, w.lent(t, "site"))
		_, c, _ := w.request(t, "period_end")
		for field, in := range map[string]app.OrderInput{
			"authority": {Reference: "x"}, "reference": {Authority: "x"}, "until": {Authority: "x", Reference: "x", Until: "2020-01-01"},
		} {
			in.Case = c
			if err := w.AskOrder(ctx, privacy, in); !slices.ContainsFunc(fault.Fields(err), func(e *fault.Error) bool { return e.Field == field }) {
				t.Errorf("%s: %v", field, err)
			}
		}
		if err := w.AskOrder(ctx, agent, app.OrderInput{Case: c, Authority: "x", Reference: "x"}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an agent: %v", err)
		}
		must(t, w.AskOrder(ctx, privacy, app.OrderInput{Case: c, Authority: "AEPD", Reference: "E/1"}))
		v, err := w.OpenCase(ctx, privacy, c)
		must(t, err)
		id := v.Orders[0].ID
		must(t, w.AgreeOrder(ctx, carmen, c, id))
		w.approved(t, c)
		done := app.CompleteInput{Case: c, Step: "erase", Note: "Borrado en el panel"}
		if err := w.CompleteTask(ctx, carmen, done); fault.CodeOf(err) != "order.keeps" {
			t.Fatalf("erased by hand: %v", err)
		}
		must(t, w.LiftOrder(ctx, privacy, c, id))
		if err := w.RefuseOrder(ctx, privacy, c, id); fault.CodeOf(err) != "order.state.over" {
			t.Errorf("refused afterwards: %v", err)
		}
		must(t, w.CompleteTask(ctx, carmen, done))
	})
}

// An order is about whoever leaves, and not about one departure: it holds in the next
// one, ends on its day though that is held or another was taken back, and whoever may
// not know of it reads of it nowhere.
func TestAnOrderIsAboutTheCustomerWhateverBecomesOfADeparture(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		w.clear(t, w.lent(t, "site"))
		_, first, page := w.request(t, "period_end")
		v, err := w.OpenCase(ctx, privacy, first)
		must(t, err)
		until := v.Plan.Case.RetrievalEnd().AddDays(10)
		must(t, w.AskOrder(ctx, privacy, app.OrderInput{Case: first, Authority: "Juzgado de Instrucción n.º 3", Reference: "DP 12/2027", Withhold: true, Until: until.String()}))
		v, err = w.OpenCase(ctx, privacy, first)
		must(t, err)
		must(t, w.AgreeOrder(ctx, carmen, first, v.Orders[0].ID))
		must(t, w.UndoByCustomer(ctx, page))
		eventually(t, "reversed", func() bool { return w.state(t, first) == offboarding.CaseReversed })

		w.mail.forget()
		_, c, page := w.request(t, "period_end")
		eventually(t, "data made", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		d, err := w.OpenDataPage(ctx, page, "", "es")
		must(t, err)
		if !d.Withheld || len(d.Orders) != 0 {
			t.Fatalf("in the next departure: %+v", d)
		}
		for name, body := range w.payload(t, c) {
			for _, secret := range []string{"Juzgado", "DP 12/2027", string(v.Orders[0].ID), "order."} {
				if strings.Contains(string(body), secret) {
					t.Errorf("%s tells of a secret order: %q", name, secret)
				}
			}
		}
		if seen, err := w.OpenCase(ctx, agent, first); err != nil || slices.ContainsFunc(seen.Timeline, func(e app.TimelineEntry) bool { return strings.HasPrefix(e.Type, "order.") }) {
			t.Errorf("whoever looks after no orders reads of one: %v", err)
		}
		must(t, w.PauseCase(ctx, agent, c, "Espera a su abogado"))
		must(t, w.PushClock(ctx, "", until.AddDays(1).Start(time.UTC).Add(12*time.Hour)))
		eventually(t, "over by its day", func() bool {
			v, err = w.OpenCase(ctx, privacy, c)
			must(t, err)
			return len(v.Orders) == 1 && v.Orders[0].State == authority.Over && v.Orders[0].OverBy == "engine"
		})
		if d, err = w.OpenDataPage(ctx, page, "", "es"); err != nil || d.Withheld || d.Over {
			t.Errorf("afterwards: %v %+v", err, d)
		}
	})
}

// Whoever asked to be erased is told as soon as an order keeps it, and when it ends,
// without a word of an order of which they may not know.
func TestASecretOrderKeepsNobodyInSilence(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, strings.Replace(forgetting, `backup_days: "30"}`, `backup_days: "30", on: person_request}`, 1))
		ctx := t.Context()
		w.clear(t, w.lent(t, "site"))
		_, c, page := w.request(t, "period_end")
		must(t, w.AskOrder(ctx, privacy, app.OrderInput{Case: c, Authority: "Juzgado de Instrucción n.º 3", Reference: "DP 12/2027", Withhold: true, Named: true, Silent: true}))
		v, err := w.OpenCase(ctx, privacy, c)
		must(t, err)
		if o := v.Orders[0]; o.Named || !o.Silent {
			t.Fatalf("%+v", o)
		}
		must(t, w.AgreeOrder(ctx, carmen, c, v.Orders[0].ID))
		eventually(t, "the letter that it is kept", func() bool { return w.mail.count(app.ErasureWaitsPaper) > 0 })
		if k := w.mail.last(t, app.ErasureWaitsPaper).Kept; k == nil || !k.Asked || !k.Silent || !k.Withheld || len(k.Orders) != 0 {
			t.Fatalf("what the letter says: %+v", k)
		}
		d, err := w.OpenDataPage(ctx, page, "", "es")
		must(t, err)
		if !d.Withheld || !d.Silent || len(d.Orders) != 0 {
			t.Fatalf("their page: %+v", d)
		}
		code(t, w.SendCode(ctx, page), "data.withheld")
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.Add(50*time.Hour)))
		must(t, w.LiftOrder(ctx, privacy, c, v.Orders[0].ID))
		eventually(t, "the letter that nothing keeps it", func() bool { return w.mail.count(app.ErasureGoesOnPaper) > 0 })
		if k := w.mail.last(t, app.ErasureGoesOnPaper).Kept; k == nil || !k.Silent || k.Withheld || len(k.Orders) != 0 {
			t.Fatalf("what the letter says: %+v", k)
		}
		if n := w.mail.count(app.ErasureWaitsPaper); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}
