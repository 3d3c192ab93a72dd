package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
)

// nothingConnected is the systems.yaml of a house that has connected nothing.
func nothingConnected(string) string { return "systems: {}\n" }

// Where no system is connected, what only a system can be asked is not needed,
// what must happen is asked of a person, and nothing is called verified.
func TestADepartureWithoutAnySystemIsDoneByPeopleAndNeverCalledVerified(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, string(playbook.Builtin()["saas-b2c"]), "", 10*time.Second, nothingConnected)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		stop := w.stuck(t, c, "cancel_billing")
		if stop.LastError != "connector.unknown_system" {
			t.Errorf("a person is asked because of %q", stop.LastError)
		}
		eventually(t, "their data are ready all the same", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		if s := w.stepState(t, c, "find_access"); s != offboarding.StepSkipped {
			t.Errorf("what no system can be asked is %s", s)
		}
		must(t, w.decide(t, stop.ID, "attest"))
		w.workTasks(t, c)
		next, err := w.NextTimer(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", next))
		must(t, w.decide(t, w.stuck(t, c, "ended").ID, "attest"))
		eventually(t, "a person closes the accesses", func() bool { return w.stepState(t, c, "access") == offboarding.StepReady })
		if s := w.stepState(t, c, "revoke"); s != offboarding.StepSkipped {
			t.Errorf("what no system closes is %s", s)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if n := len(v.Plan.Step("access").Items); n != 3 { // two at the product, one at the drive
			t.Errorf("%d accesses are closed by hand", n)
		}
		for _, it := range v.Plan.Step("access").Items {
			must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "access", Item: it.Key, Ticked: true, Evidence: "Ya no entra"}))
		}
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "access", Note: "Cerrados"}))
		w.mail.wait(t, "farewell", firstMail)
		shown, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		billing := 0
		for _, m := range shown.Paper.Milestones {
			if m.Name == "billing_stopped" || m.Name == "billing_ended" {
				billing++
				if m.State != "done" || !m.Verified.IsZero() {
					t.Errorf("the customer reads of %s that it is %s, verified at %s", m.Name, m.State, m.Verified)
				}
			}
		}
		if billing != 2 {
			t.Errorf("%d milestones of billing", billing)
		}
		for _, key := range []string{"cancel_billing", "ended"} {
			if s := w.stepState(t, c, key); s != offboarding.StepAttested {
				t.Errorf("%s is %s", key, s)
			}
		}
		w.verifyLog(t)
	})
}

// The other playbooks of the program begin there too, and wait for nothing that
// cannot come.
func TestEveryPlaybookOfTheProgramGoesOnWithoutAnySystem(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"saas-b2b", "agency", "telecom", "payment-failed"} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldOn(t, e, string(playbook.Builtin()[name]), "", 10*time.Second, nothingConnected)
			_, c, _ := w.request(t, "period_end")
			eventually(t, "their data are ready in "+name, func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
			eventually(t, "no system is asked for accesses in "+name, func() bool { return w.stepState(t, c, "find_access") == offboarding.StepSkipped })
		})
	}
}
