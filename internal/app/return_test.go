package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// Before the end everything that was done says whether it comes back; after it
// coming back is asked for, a person has a date for the answer, and what cannot
// come back is said.
func TestWhatComesBackIsOfferedAndWhatDoesNotIsSaid(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		code(t, w.AskReturn(ctx, page), "case.not_returnable")
		w.workTasks(t, c)
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		class := func() (out []string) {
			p, err := w.OpenCasePage(ctx, page, "case", "es")
			must(t, err)
			for _, x := range p.Comebacks {
				if x.About != "plan" {
					t.Errorf("it is about %q", x.About)
				}
				out = append(out, x.Class)
			}
			return out
		}
		if got := class(); len(got) != 1 || got[0] != "restorable" {
			t.Errorf("before the end: %v", got)
		}
		next, err := w.NextTimer(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", next))
		eventually(t, "the end", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		if err := w.UndoByCustomer(ctx, page); fault.KindOf(err) != fault.Blocked {
			t.Errorf("undone after the end: %v", err)
		}
		if got := class(); len(got) != 1 || got[0] != app.Anew {
			t.Errorf("after the end: %v", got)
		}
		must(t, w.AskReturn(ctx, page))
		must(t, w.AskReturn(ctx, page)) // again
		p, err := w.OpenCasePage(ctx, page, "case", "es")
		must(t, err)
		if !p.Returnable || p.AnswerBy.IsZero() {
			t.Errorf("the page: %+v", p)
		}
		in, err := w.OpenInbox(ctx, agent, app.CaseFilter{Roles: []string{"agent"}, OpenOnly: true})
		must(t, err)
		if in.Total != 1 || in.Cases[0].Next == nil || in.Cases[0].Next.Key != "came_back" {
			t.Errorf("nobody is asked: %+v", in.Cases)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		n := 0
		for _, x := range v.Timeline {
			if x.Type == "return.asked" {
				n++
			}
		}
		if n != 1 || v.Plan.Case.State != offboarding.CaseClosed {
			t.Errorf("asked %d times, the case is %s", n, v.Plan.Case.State)
		}
		w.verifyLog(t)
	})
}

// What is final says so as soon as it was done.
func TestWhatIsFinalSaysSo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, erasing)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		eventually(t, "the first erasure is asked for", func() bool { return w.stepState(t, c, "first") == offboarding.StepReady })
		p, err := w.OpenCasePage(ctx, page, "case", "es")
		must(t, err)
		if len(p.Comebacks) != 0 {
			t.Errorf("before anything was done: %+v", p.Comebacks)
		}
		must(t, w.Tick(ctx, privacy, app.TickInput{Case: c, Step: "first", Item: "a", Ticked: true}))
		must(t, w.CompleteTask(ctx, privacy, app.CompleteInput{Case: c, Step: "first", Note: "Borrado"}))
		p, err = w.OpenCasePage(ctx, page, "case", "es")
		must(t, err)
		if len(p.Comebacks) != 1 || p.Comebacks[0].Class != "final" || p.Comebacks[0].About != "erased" {
			t.Errorf("after it: %+v", p.Comebacks)
		}
	})
}
