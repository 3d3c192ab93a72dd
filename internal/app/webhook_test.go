package app_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/outbound"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/webhook"
	"hastaluego/internal/when"
)

var (
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	admin    = app.Actor{ID: "usr_admin", Name: "Noa", Roles: []string{"admin"}}
	auditor  = app.Actor{ID: "usr_auditor", Name: "Laia", Roles: []string{"auditor"}}
)

// heard is one attempt as a receiver saw it.
type heard struct {
	id, second string
	body       string
	header     http.Header
}

func (h heard) verify(now time.Time, secrets ...string) error {
	var keys []webhook.Secret
	for _, s := range secrets {
		k, err := webhook.ParseSecret(s)
		if err != nil {
			return err
		}
		keys = append(keys, k)
	}
	_, err := webhook.Verify(h.header.Get, []byte(h.body), now, keys...)
	return err
}

func (h heard) message(t *testing.T) (m struct {
	Type, Timestamp string
	Data            map[string]any
},
) {
	t.Helper()
	must(t, json.Unmarshal([]byte(h.body), &m))
	return m
}

// ear is a receiver of webhooks; answer says what it answers, 204 if nil.
type ear struct {
	*httptest.Server
	mu     sync.Mutex
	all    []heard
	answer func(w http.ResponseWriter, n int)
}

func listen(t *testing.T, answer func(w http.ResponseWriter, n int)) *ear {
	t.Helper()
	e := &ear{answer: answer}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		e.mu.Lock()
		e.all = append(e.all, heard{r.Header.Get(webhook.HeaderID), r.Header.Get(webhook.HeaderTimestamp), string(body), r.Header})
		n := len(e.all)
		e.mu.Unlock()
		if e.answer == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		e.answer(w, n)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *ear) heard() []heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.all)
}

// Every fact is heard, signed, and says ids and codes only.
func TestAnEndpointHearsEveryFactOfADeparture(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		all, some := listen(t, nil), listen(t, nil)
		hook, secret, err := w.AddWebhook(ctx, admin, app.AddWebhookInput{URL: all.URL + "/hasta?key=1", Events: "*"})
		must(t, err)
		_, _, err = w.AddWebhook(ctx, admin, app.AddWebhookInput{URL: some.URL, Events: "case.*, step.verified"})
		must(t, err)
		_, c, _ := w.request(t, "now")
		w.toFarewell(t, c)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		want := map[string]string{} // entry → type
		for _, x := range v.Timeline {
			want[x.ID] = x.Type
		}
		eventually(t, "every message", func() bool { return len(all.heard()) >= len(want) })
		_, wall, err := w.Now(ctx)
		must(t, err)
		got := map[string]string{}
		last := map[string]int{}
		for _, h := range all.heard() {
			m := h.message(t)
			got[h.id] = m.Type
			if err := h.verify(wall, secret); err != nil {
				t.Errorf("%s: %v", m.Type, err)
			}
			if m.Data["code"] != v.Plan.Case.Code || m.Data["request"] != string(v.Plan.Case.Request) {
				t.Errorf("%s says %v", m.Type, m.Data)
			}
			if strings.HasPrefix(m.Type, "case.") && (m.Data["case"] != string(c) || m.Data["customer"] != string(v.Plan.Case.Customer)) {
				t.Errorf("%s says %v", m.Type, m.Data)
			}
			for _, personal := range []string{"Marta", "Ibáñez", ".example", "almena", "Almena", "Todo en orden", "visto"} {
				if strings.Contains(h.body, personal) {
					t.Errorf("%s tells %q: %s", m.Type, personal, h.body)
				}
			}
			last[m.Type]++
		}
		for id, typ := range want {
			if got[id] != typ {
				t.Errorf("%s %s was not heard", typ, id)
			}
		}
		for _, typ := range []string{"request.received", "request.verified", "case.opened", "work.called", "work.verified", "step.verified", "message.sent", "case.effective"} {
			if last[typ] == 0 {
				t.Errorf("no %s was heard", typ)
			}
		}
		for _, h := range some.heard() {
			if typ := h.message(t).Type; !strings.HasPrefix(typ, "case.") && typ != "step.verified" {
				t.Errorf("heard %s, which nobody asked for", typ)
			}
		}
		eventually(t, "every delivery is recorded", func() bool {
			_, list, err := w.Deliveries(ctx, auditor, hook.ID, 1000)
			must(t, err)
			return len(list) == len(all.heard()) && !slices.ContainsFunc(list, func(d app.Delivery) bool {
				return d.Work.State != offboarding.WorkDone || d.Work.Evidence != `{"status":204}`
			})
		})
		w.verifyLog(t)
	})
}

// toFarewell works a departure to its end.
func (w *world) toFarewell(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	w.workTasks(t, c)
	eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
	next, err := w.NextTimer(t.Context())
	must(t, err)
	must(t, w.PushClock(t.Context(), "", next))
	eventually(t, "the farewell", func() bool { return w.stepState(t, c, "farewell") == offboarding.StepDone })
}

// An entry says only what the table of events declares, so that the reference
// is true.
func TestEntriesSayWhatTheTableOfEventsSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	_, c, _ := w.request(t, "now")
	w.toFarewell(t, c)
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	for _, x := range v.Timeline {
		i := slices.IndexFunc(app.EventTypes, func(e app.EventType) bool { return e.Type == x.Type })
		for name := range x.Args {
			if i < 0 || !slices.Contains(app.EventTypes[i].Args, name) {
				t.Errorf("%s says %s, and the table does not", x.Type, name)
			}
		}
	}
}

// hookHouse is a house whose clocks stand still and whose deliveries happen
// when the test says so.
type hookHouse struct {
	*app.App
	t     *testing.T
	store *store.Store
	clock *when.Manual
}

var hookNoon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newHookHouse(t *testing.T, e testkit.Engine, driver string) *hookHouse {
	t.Helper()
	clock := when.NewManual(hookNoon)
	s, err := store.Open(t.Context(), store.Config{URL: e.URL, Clock: clock, Driver: cmp.Or(driver, e.Driver)})
	must(t, err)
	must(t, s.Migrate(t.Context()))
	keys, err := seal.OpenKeys(t.Context(), filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	t.Cleanup(func() { _ = s.Close(); _ = keys.Close() })
	return &hookHouse{t: t, store: s, clock: clock, App: app.New(app.Config{
		Store: s, Keys: keys, Hooks: outbound.NewPoster(loopback), PlainHooks: true,
		Company: app.Company{Name: "Faro", Zone: time.UTC, Language: "es", PublicURL: "http://faro.test"},
	})}
}

// deliver makes every attempt that is due and returns how many that were.
func (h *hookHouse) deliver() (n int) {
	h.t.Helper()
	ctx := h.t.Context()
	for {
		var works []offboarding.Work
		must(h.t, h.store.Tx(ctx, func(tx app.Tx) (err error) {
			works, err = tx.Claim(ctx, app.ClaimInput{Worker: "w", Limit: 1, PerSystem: 1, Lease: time.Minute, Webhooks: true})
			return err
		}))
		if len(works) == 0 {
			return n
		}
		r, err := h.Deliver(ctx, works[0])
		must(h.t, err)
		ok, err := h.Advance(ctx, works[0], r)
		must(h.t, err)
		if !ok {
			h.t.Fatal("the result was thrown away")
		}
		n++
	}
}

func (h *hookHouse) register(nonce string) {
	h.t.Helper()
	_, err := h.RequestExit(h.t.Context(), app.ExitInput{Name: "Marta", AccountEmail: firstMail, When: "now", Language: "es", Nonce: nonce})
	must(h.t, err)
}

// logged counts the entries of a type in the newest of the log.
func (h *hookHouse) logged(typ string) (n int) {
	h.t.Helper()
	list, _, err := h.OpenLog(h.t.Context(), auditor, 1000)
	must(h.t, err)
	for _, x := range list {
		if x.Type == typ {
			n++
		}
	}
	return n
}

func hookConform(t *testing.T, fn func(t *testing.T, h *hookHouse)) {
	t.Helper()
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) { fn(t, newHookHouse(t, e, "")) })
}

func TestAMessageThatDoesNotArriveIsSentAgainForThreeDaysAndThenByAPerson(t *testing.T) {
	hookConform(t, func(t *testing.T, h *hookHouse) {
		ctx := t.Context()
		well := false
		e := listen(t, func(w http.ResponseWriter, n int) {
			switch {
			case well:
				w.WriteHeader(http.StatusOK)
			case n == 1:
				w.WriteHeader(http.StatusFound) // a redirect is not followed
			default:
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		hook, secret, err := h.AddWebhook(ctx, admin, app.AddWebhookInput{URL: e.URL, Events: "request.received"})
		must(t, err)
		h.register("one")
		began := h.clock.Wall()
		attempts := 0
		for h.clock.Wall().Sub(began) < 5*24*time.Hour {
			n := h.deliver()
			for _, x := range e.heard()[attempts:] {
				if err := x.verify(h.clock.Wall(), secret); err != nil {
					t.Fatalf("attempt %d: %v", attempts, err)
				}
			}
			attempts += n
			h.clock.Advance(time.Minute)
		}
		all := e.heard()
		if attempts != webhook.Attempts || len(all) != attempts {
			t.Fatalf("%d attempts, want %d", len(all), webhook.Attempts)
		}
		for _, x := range all {
			if x.id != all[0].id || x.body != all[0].body {
				t.Errorf("attempts differ: %+v", x)
			}
		}
		if all[0].second == all[1].second {
			t.Error("the second attempt bears the second of the first")
		}
		state := func() offboarding.Work {
			_, list, err := h.Deliveries(ctx, auditor, hook.ID, 10)
			must(t, err)
			if len(list) != 1 {
				t.Fatalf("%d deliveries", len(list))
			}
			return list[0].Work
		}
		if w := state(); w.State != offboarding.WorkFailed || w.LastError != "webhook.answered" || h.logged("webhook.given_up") != 1 {
			t.Errorf("given up: %+v", w)
		}
		well = true
		if n, err := h.Redeliver(ctx, admin, hook.ID, ""); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if h.deliver() != 1 || e.heard()[attempts].id != all[0].id {
			t.Error("what a person sends again is another message")
		}
		if w := state(); w.State != offboarding.WorkDone || h.logged("webhook.redelivered") != 1 {
			t.Errorf("%+v", w)
		}
	})
}

func TestAnEndpointThatAsksForTimeGetsItForAllThatWaits(t *testing.T) {
	hookConform(t, func(t *testing.T, h *hookHouse) {
		e := listen(t, func(w http.ResponseWriter, n int) {
			if n == 1 {
				w.Header().Set("Retry-After", "3600")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		_, _, err := h.AddWebhook(t.Context(), admin, app.AddWebhookInput{URL: e.URL, Events: "request.*"})
		must(t, err)
		h.register("one")
		h.register("two")
		if n := h.deliver(); n != 1 {
			t.Fatalf("%d attempts: the second message did not wait", n)
		}
		h.clock.Advance(time.Minute)
		if n := h.deliver(); n != 1 {
			t.Fatalf("%d attempts after a minute: only the second message may come", n)
		}
		h.clock.Advance(time.Hour)
		if n := h.deliver(); n != 1 || len(e.heard()) != 3 {
			t.Fatalf("%d attempts, want the first message", n)
		}
	})
}

func TestAnEndpointThatIsGoneIsTurnedOffUntilAPersonTurnsItOn(t *testing.T) {
	hookConform(t, func(t *testing.T, h *hookHouse) {
		ctx := t.Context()
		gone := true
		e := listen(t, func(w http.ResponseWriter, _ int) {
			if gone {
				w.WriteHeader(http.StatusGone)
			}
		})
		hook, _, err := h.AddWebhook(ctx, admin, app.AddWebhookInput{URL: e.URL, Events: "*"})
		must(t, err)
		h.register("one")
		h.deliver()
		h.register("two")
		h.deliver()
		w, list, err := h.Deliveries(ctx, auditor, hook.ID, 100)
		must(t, err)
		if w.Active || w.OffWhy != "webhook.gone" || len(e.heard()) != 1 || h.logged("webhook.disabled") != 1 || h.logged("webhook.given_up") != 0 {
			t.Fatalf("%+v, %d calls", w, len(e.heard()))
		}
		if n := len(list); n < 1 || slices.ContainsFunc(list, func(d app.Delivery) bool { return d.Work.State != offboarding.WorkFailed }) {
			t.Errorf("%d deliveries: %+v", n, list)
		}
		if err := h.TestWebhook(ctx, admin, hook.ID); fault.CodeOf(err) != "webhook.off" {
			t.Errorf("%v", err)
		}
		gone = false
		must(t, h.SwitchWebhook(ctx, admin, hook.ID, true))
		must(t, h.TestWebhook(ctx, admin, hook.ID))
		h.deliver()
		got := e.heard()
		if m := got[len(got)-1].message(t); m.Type != "webhook.test" || m.Data["webhook"] != hook.ID {
			t.Errorf("%+v", m)
		}
		must(t, h.SwitchWebhook(ctx, admin, hook.ID, false))
		h.register("three")
		if n := h.deliver(); n != 0 {
			t.Errorf("%d messages to an endpoint that is off", n)
		}
	})
}

func TestWhileASecretIsReplacedBothSignAndThenOnlyTheNewOne(t *testing.T) {
	hookConform(t, func(t *testing.T, h *hookHouse) {
		ctx := t.Context()
		e := listen(t, nil)
		hook, first, err := h.AddWebhook(ctx, admin, app.AddWebhookInput{URL: e.URL, Events: "request.received"})
		must(t, err)
		second, until, err := h.RotateWebhook(ctx, admin, hook.ID, 24*time.Hour)
		must(t, err)
		if first == second || !until.Equal(hookNoon.Add(24*time.Hour)) {
			t.Errorf("until %s", until)
		}
		n := 0
		verify := func(secret string) error {
			t.Helper()
			n++
			h.register(fmt.Sprint("request ", n))
			h.deliver()
			all := e.heard()
			return all[len(all)-1].verify(h.clock.Wall(), secret)
		}
		if err := verify(first); err != nil {
			t.Errorf("the old one: %v", err)
		}
		if err := verify(second); err != nil {
			t.Errorf("the new one: %v", err)
		}
		third, _, err := h.RotateWebhook(ctx, admin, hook.ID, time.Hour)
		must(t, err)
		if err := verify(first); fault.CodeOf(err) != "webhook.forged" {
			t.Errorf("the oldest one still signs: %v", err)
		}
		h.clock.Advance(time.Hour)
		if err := verify(second); fault.CodeOf(err) != "webhook.forged" {
			t.Errorf("the old one signs for ever: %v", err)
		}
		if err := verify(third); err != nil {
			t.Errorf("the newest one: %v", err)
		}
		stored, _, _, err := h.Webhooks(ctx, auditor)
		must(t, err)
		for _, s := range []string{first, second, third} {
			if strings.Contains(string(stored[0].Secret)+string(stored[0].OldSecret), s[6:]) {
				t.Error("a secret stands in the database")
			}
		}
		if _, _, err := h.RotateWebhook(ctx, admin, hook.ID, 365*24*time.Hour); fault.CodeOf(err) != "webhook.keep" {
			t.Errorf("%v", err)
		}
	})
}

func TestWhatIsWrongWithAnEndpointIsSaidBesideItsField(t *testing.T) {
	hookConform(t, func(t *testing.T, h *hookHouse) {
		ctx := t.Context()
		for _, c := range []struct{ url, events, code, field string }{
			{"", "*", "field.required", "url"},
			{"ftp://x.example/", "*", "webhook.url", "url"},
			{"https://user:pass@x.example/", "*", "webhook.url", "url"},
			{"https://x.example/#a", "*", "webhook.url", "url"},
			{"https:x", "*", "webhook.url", "url"},
			{"https://x.example/", "", "field.required", "events"},
			{"https://x.example/", "case.*, staff.signed_in", "webhook.pattern", "events"},
			{"https://x.example/", "cases.*", "webhook.pattern", "events"},
		} {
			_, _, err := h.AddWebhook(ctx, admin, app.AddWebhookInput{URL: c.url, Events: c.events})
			if f := fault.Fields(err); len(f) != 1 || f[0].Code != c.code || f[0].Field != c.field {
				t.Errorf("%+v: %v", c, err)
			}
		}
		in := app.AddWebhookInput{URL: "https://x.example/", Events: "*"}
		if _, _, err := h.AddWebhook(ctx, auditor, in); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an auditor added one: %v", err)
		}
		if _, _, _, err := h.Webhooks(ctx, app.Actor{ID: "usr_finance", Roles: []string{"finance"}}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("finance sees them: %v", err)
		}
		strict := app.New(app.Config{Store: h.store})
		in.URL = "http://x.example/"
		if _, _, err := strict.AddWebhook(ctx, admin, in); fault.CodeOf(err) != "webhook.plain" {
			t.Errorf("%v", err)
		}
	})
}

// An address of the house's own network is not called unless the operator
// named it, whoever typed it: the message is given up at once.
func TestAnEndpointInsideIsNotCalledUnlessTheOperatorNamedIt(t *testing.T) {
	hookConform(t, func(t *testing.T, h *hookHouse) {
		ctx := t.Context()
		hook, _, err := h.AddWebhook(ctx, admin, app.AddWebhookInput{URL: "https://10.1.2.3/latest/meta-data", Events: "*"})
		must(t, err)
		h.register("one")
		h.deliver()
		_, list, err := h.Deliveries(ctx, auditor, hook.ID, 1)
		must(t, err)
		if w := list[0].Work; w.State != offboarding.WorkFailed || w.LastError != "webhook.address_refused" || h.logged("webhook.given_up") == 0 {
			t.Errorf("%+v", w)
		}
	})
}

// With each call of the database failing in turn there is never an entry
// without its message, nor a message without its entry.
func TestAMessageIsQueuedExactlyWithItsEntry(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		driver, faults := testkit.FailingDriver(t, e)
		h := newHookHouse(t, e, driver)
		ctx := t.Context()
		var hook app.Webhook
		exhaust(t, faults, "add", func() (err error) {
			hook, _, err = h.AddWebhook(ctx, admin, app.AddWebhookInput{URL: "https://x.example/", Events: "*"})
			return err
		})
		exhaust(t, faults, "request", func() error {
			_, err := h.RequestExit(ctx, app.ExitInput{Name: "Marta", AccountEmail: firstMail, When: "now", Language: "es", Nonce: "one"})
			return err
		})
		exhaust(t, faults, "rotate", func() error { _, _, err := h.RotateWebhook(ctx, admin, hook.ID, time.Hour); return err })
		_, list, err := h.Deliveries(ctx, auditor, hook.ID, 1000)
		must(t, err)
		sent := map[string]bool{}
		for _, d := range list {
			sent[d.Event.ID] = true
		}
		entries, _, err := h.OpenLog(ctx, auditor, 1000)
		must(t, err)
		n := 0
		for _, x := range entries {
			if i := slices.IndexFunc(app.EventTypes, func(e app.EventType) bool { return e.Type == x.Type }); app.EventTypes[i].Sent {
				n++
				if !sent[x.ID] {
					t.Errorf("%s has no message", x.Type)
				}
			}
		}
		if n == 0 || n != len(sent) {
			t.Errorf("%d entries, %d messages", n, len(sent))
		}
	})
}

// An endpoint that never answers holds up neither a departure nor another
// endpoint.
func TestAnEndpointThatHangsDelaysOnlyItself(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		ctx, release := context.WithCancel(ctx)
		hung := listen(t, func(http.ResponseWriter, int) { <-ctx.Done() })
		defer release()
		well := listen(t, nil)
		for _, to := range []string{hung.URL, well.URL} {
			_, _, err := w.AddWebhook(ctx, admin, app.AddWebhookInput{URL: to, Events: "*"})
			must(t, err)
		}
		_, c, _ := w.request(t, "now")
		w.toFarewell(t, c)
		eventually(t, "the other endpoint hears the last of it", func() bool {
			return slices.ContainsFunc(well.heard(), func(h heard) bool {
				m := h.message(t)
				return m.Type == "step.done" && m.Data["step"] == "farewell"
			})
		})
		if n := len(hung.heard()); n == 0 || n > 2 {
			t.Errorf("the hung endpoint was called %d times at once", n)
		}
	})
}
