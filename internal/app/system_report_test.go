package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/demo/peer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
	"hastaluego/internal/webhook"
)

// reporting lets the billing system tell by itself, with either of the secrets.
func reporting(t *testing.T, old, next webhook.Secret) func(string) string {
	return func(systems string) string {
		return strings.Replace(systems, "    allow: [127.0.0.1/32]\n    operations:", fmt.Sprintf(
			"    allow: [127.0.0.1/32]\n    webhook: {secret: \"file:%s\", secret_next: \"file:%s\", reference: data.subscription}\n    operations:",
			tokenFile(t, old.Reveal()), tokenFile(t, next.Reveal())), 1)
	}
}

func report(id, body string, at time.Time, key webhook.Secret) (func(string) string, []byte) {
	h := webhook.Headers(id, at, []byte(body), key)
	return func(name string) string { return h[name] }, []byte(body)
}

func TestAReportOfASystemHasWhatWaitsForItLookedAtAgainAtOnce(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		old, next := webhook.NewSecret(), webhook.NewSecret()
		w := newWorldOn(t, e, string(playbook.Builtin()["saas-b2c"]), "", 10*time.Second, reporting(t, old, next))
		ctx := t.Context()
		_, c, _ := w.request(t, "now")
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: 503, RetryAfter: 3600, Reads: true}))
		w.workTasks(t, c)
		waits := func() (x offboarding.Work) {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			for _, o := range v.Works {
				if o.Kind == "cancel_billing" {
					x = o
				}
			}
			return x
		}
		eventually(t, "billing asked for an hour", func() bool {
			x := waits()
			return x.State == offboarding.WorkReady && x.Tries > 0
		})
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		_, wall, err := w.Now(ctx)
		must(t, err)
		const body = `{"type":"subscription.updated","data":{"subscription":"FE-20418-1","status":"canceled"}}`
		send := func(id, body string, at time.Time, key webhook.Secret) string {
			header, raw := report(id, body, at, key)
			return fault.CodeOf(orNil(w.ReportFromSystem(ctx, "billing", header, raw)))
		}
		stranger := webhook.NewSecret()
		for _, x := range []struct {
			name, id, body string
			at             time.Time
			key            webhook.Secret
			code           string
		}{
			{"forged", "evt_1", body, wall, stranger, "webhook.forged"},
			{"old", "evt_1", body, wall.Add(-6 * time.Minute), old, "webhook.stale"},
			{"no JSON", "evt_0", "hello", wall, old, "webhook.body"},
			{"about somebody else", "evt_2", `{"data":{"subscription":"FE-1"}}`, wall, old, ""},
			{"about nothing", "evt_3", `{"data":{}}`, wall, old, ""},
		} {
			if got := send(x.id, x.body, x.at, x.key); got != x.code {
				t.Errorf("%s: %q", x.name, got)
			}
		}
		header, raw := report("evt_1", body, wall, old)
		for _, nobody := range []string{"faro", "nobody"} { // one does not report, one does not exist
			if err := w.ReportFromSystem(ctx, nobody, header, raw); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v", nobody, err)
			}
		}
		if x := waits(); x.State != offboarding.WorkReady || x.RetryAt.Sub(wall) < 50*time.Minute {
			t.Fatalf("something was believed: %+v", x)
		}
		if got := send("evt_1", body, wall, next); got != "" {
			t.Fatalf("refused: %s", got)
		}
		// The message says "canceled"; what was read then counts.
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		effects, err := w.billing.Effects(ctx, "FE-20418-1")
		must(t, err)
		if len(effects) != 1 {
			t.Errorf("effects: %v", effects)
		}
		if got := send("evt_1", body, wall, old); got != "" { // its answer was lost: taken, and nothing happens
			t.Errorf("a message that came before: %s", got)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		n := 0
		for _, x := range v.Timeline {
			if x.Type == "system.reported" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("system.reported stands %d times in the log", n)
		}
		w.verifyLog(t)
	})
}

// orNil turns "no error" into an empty code.
func orNil(err error) error {
	if err == nil {
		return fault.New(fault.Invalid, "")
	}
	return err
}

// A report that comes while the work is being looked at is not lost: that look
// may have been before the change.
func TestAReportDuringATryWakesTheWorkAfterIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		key := webhook.NewSecret()
		w := newWorldOn(t, e, string(playbook.Builtin()["saas-b2c"]), "", 10*time.Second, reporting(t, key, key))
		ctx := t.Context()
		_, c, _ := w.request(t, "now")
		must(t, w.billing.SetFaults(ctx, peer.Faults{Held: true, Status: 503, RetryAfter: 3600, Reads: true}))
		w.workTasks(t, c)
		eventually(t, "billing is being asked", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			for _, o := range v.Works {
				if o.Kind == "cancel_billing" && o.State == offboarding.WorkRunning {
					return true
				}
			}
			return false
		})
		_, wall, err := w.Now(ctx)
		must(t, err)
		header, raw := report("evt_1", `{"data":{"subscription":"FE-20418-1"}}`, wall, key)
		must(t, w.ReportFromSystem(ctx, "billing", header, raw))
		must(t, w.billing.SetFaults(ctx, peer.Faults{})) // only now is it answered that it may ask in an hour
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
	})
}

// With each call of the database failing in turn, a report is taken once.
func TestAReportSurvivesEveryFailureOfTheDatabase(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		key := webhook.NewSecret()
		driver, faults := testkit.FailingDriver(t, e)
		w := newWorldOn(t, e, string(playbook.Builtin()["saas-b2c"]), driver, 10*time.Second, reporting(t, key, key))
		ctx := t.Context()
		_, c, _ := w.request(t, "now")
		must(t, w.billing.SetFaults(ctx, peer.Faults{Status: 503, RetryAfter: 3600, Reads: true}))
		w.workTasks(t, c)
		eventually(t, "billing asked for an hour", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			for _, o := range v.Works {
				if o.Kind == "cancel_billing" && o.State == offboarding.WorkReady && o.Tries > 0 {
					return true
				}
			}
			return false
		})
		w.stopEngine()
		_, wall, err := w.Now(ctx)
		must(t, err)
		header, raw := report("evt_1", `{"data":{"subscription":"FE-20418-1"}}`, wall, key)
		exhaust(t, faults, "report", func() error { return w.ReportFromSystem(ctx, "billing", header, raw) })
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		n := 0
		for _, x := range v.Timeline {
			if x.Type == "system.reported" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("taken %d times", n)
		}
	})
}
