package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
)

// looked asks the system for accesses before any is closed.
const looked = `
playbook: looked
title: {es: "Accesos", en: "Accesses"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: find, kind: find_access, title: {es: "Buscar", en: "Find"}, after: [confirm], params: {system: faro}}
  - {id: revoke, kind: revoke_access, title: {es: "Cerrar", en: "Close"}, after: [find], params: {system: faro}, milestone: access_closed}
`

// found is a customer whose system lists their accesses, one of somebody else's
// inventory, one that nobody wrote down and one that is closed.
func (w *world) found(t *testing.T) (c offboarding.CaseID, cus customer.ID) {
	t.Helper()
	ctx := t.Context()
	cus = w.inventory(t)
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		other, err := tx.FindCustomerByReference(ctx, "FE-19330")
		if err != nil {
			return err
		}
		_, err = tx.InsertGrants(ctx, customer.Grant{ID: "gra_9", Customer: other.ID, System: "faro", Account: "acc-shared", Kind: "login", Status: customer.Granted})
		return err
	}))
	must(t, w.billing.SeedAccounts(ctx, []peer.Account{{Name: "acc-lost", Secret: "tres"}}))
	w.credential(t, "acc-lost", "tres")
	w.listed.set("FE-20418", connector.FoundAccess{Account: "acc-base", Kind: "login", Open: true}, connector.FoundAccess{Account: "acc-key", Kind: "api_key", Open: true},
		connector.FoundAccess{Account: "acc-shared", Kind: "login", Open: true}, connector.FoundAccess{Account: "acc-gone", Kind: "login"},
		connector.FoundAccess{Account: "acc-lost", Kind: "service", Open: true})
	_, c, _ = w.request(t, "period_end")
	return c, cus
}

func (w *world) grant(t *testing.T, cus customer.ID, account string) (g customer.Grant) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		list, err := tx.GrantsOf(t.Context(), cus)
		if i := slices.IndexFunc(list, func(x customer.Grant) bool { return x.Account == account }); i >= 0 {
			g = list[i]
		}
		return err
	}))
	return g
}

func TestAnAccessThatNobodyWroteDownIsDecidedAboutAndClosedWithTheOthers(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, looked)
		ctx := t.Context()
		c, cus := w.found(t)
		x := w.stuck(t, c, "find")
		if x.LastError != "access.orphans" || x.Evidence != `{"listed":4,"closed":1,"known":2,"orphans":1,"elsewhere":1}` {
			t.Fatalf("%s %s", x.LastError, x.Evidence)
		}
		eventually(t, "whoever leaves is told that somebody looks at it", func() bool {
			page, err := w.OpenCasePage(ctx, w.linkFor(t, c, "case"), "case", "es")
			must(t, err)
			return page.Subject && page.Found
		})
		lost := w.grant(t, cus, "acc-lost")
		if lost.Status != customer.Orphan || lost.Kind != "other" {
			t.Fatalf("%+v", lost)
		}
		if w.grant(t, cus, "acc-gone").ID != "" || w.grant(t, cus, "acc-shared").ID != "" {
			t.Error("what is closed, or somebody else's, is on the inventory")
		}
		must(t, w.decide(t, x.ID, "look")) // nothing is decided by looking again
		eventually(t, "asked again", func() bool {
			now := w.closing(t, c, "faro")
			return now.State == offboarding.WorkFailed && now.Attempt > x.Attempt
		})
		x = w.stuck(t, c, "find")
		code(t, w.DecideWork(ctx, agent, app.DecideInput{Case: c, Work: x.ID, Decision: "attest", Evidence: "Ya lo sé"}), "access.orphans")
		code(t, w.DecideGrant(ctx, finance, app.GrantDecision{Customer: cus, Grant: lost.ID, Theirs: true}), "forbidden.role")
		code(t, w.DecideGrant(ctx, agent, app.GrantDecision{Customer: cus, Grant: lost.ID}), "field.required")
		must(t, w.DecideGrant(ctx, agent, app.GrantDecision{Customer: cus, Grant: lost.ID, Theirs: true}))
		code(t, w.DecideGrant(ctx, agent, app.GrantDecision{Customer: cus, Grant: lost.ID, Theirs: true}), "grant.decided")
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		w.signIn(t, "acc-lost", "tres", http.StatusForbidden)
		if got := w.signedRows(t, c)["acc-lost"]; !strings.HasPrefix(got, "plan found decided:theirs control") {
			t.Errorf("the list says of what was found: %s", got)
		}
		if w.stepState(t, c, "find") != offboarding.StepVerified || w.logged(t, "grant.found") != 1 || w.logged(t, "grant.taken_on") != 1 {
			t.Error("the search is not told as it was")
		}
		w.verifyLog(t)
	})
}

func TestAnAccessThatIsNotTheirsStaysOpen(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, looked)
		c, cus := w.found(t)
		w.stuck(t, c, "find")
		must(t, w.DecideGrant(t.Context(), agent, app.GrantDecision{Customer: cus, Grant: w.grant(t, cus, "acc-lost").ID, Why: "Es de la filial"}))
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		w.signIn(t, "acc-lost", "tres", http.StatusOK)
		v, err := w.OpenCase(t.Context(), agent, c)
		must(t, err)
		_, _, _, err = w.Rehearse(t.Context(), v.Plan.Case.Code, "nosuch")
		code(t, err, "case.no_step")
		if said := text.Error("es", err); !strings.Contains(said, "«nosuch». Tiene ") || !strings.Contains(said, "revoke") {
			t.Errorf("a step that is not there: %s", said)
		}
		if got := w.signedRows(t, c)["acc-lost"]; got != "open:foreign found decided:not_theirs" {
			t.Errorf("the list says of what is not theirs: %s", got)
		}
		if g := w.grant(t, cus, "acc-lost"); g.Status != customer.Foreign || w.logged(t, "grant.foreign") != 1 {
			t.Errorf("%+v", g)
		}
		w.verifyLog(t)
	})
}

// Seven days later somebody has opened an access again behind our back: it is
// caught by trying, a person closes it, and that is tried, too.
func TestAnAccessThatIsOpenedAgainIsCaught(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		ctx := t.Context()
		cus := w.inventory(t)
		_, c, page := w.request(t, "now")
		eventually(t, "accesses closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		w.stand(t, page, "acc-base tried, acc-key tried, carpeta compartida open", "verified 2/3")
		w.byHand(t, c)
		w.stand(t, page, "acc-base tried, acc-key tried, carpeta compartida attested", "verified 3/3")
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 2)))
		eventually(t, "it is closed", func() bool { return w.state(t, c) == offboarding.CaseClosed })

		w.asOutsider(t, "/accounts/acc-key/unblock")
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 7).Add(time.Hour)))
		eventually(t, "one was tried", func() bool { return w.logged(t, "access.retested") == 1 })
		eventually(t, "one was caught", func() bool { return w.logged(t, "access.reopened") == 1 })
		if open := w.grants(t, cus); !slices.Equal(open, []string{"acc-key"}) {
			t.Fatalf("the inventory says that these are open: %v", open)
		}
		w.stand(t, page, "acc-base tried, acc-key again, carpeta compartida attested", "now 2/3")
		if k := w.known(t, cus)["gra_2"]; k.How != app.AccessAgain || !k.At.After(now.AddDate(0, 0, 6)) {
			t.Errorf("the page of the customer says %+v", k)
		}
		back := w.openAgain(t, c)
		must(t, w.AttestGrant(ctx, agent, app.GrantAttestation{Customer: cus, Grant: "gra_2", How: "Me lo ha dicho su técnico"}))
		eventually(t, "their word is tried, and it is not so", func() bool { return w.logged(t, "access.reopened") == 2 })
		if st := w.stepState(t, c, back); st != offboarding.StepDone {
			t.Errorf("somebody answered for it, and the step that asked is %s", st)
		}

		w.asOutsider(t, "/accounts/acc-key/block")
		again := w.openAgain(t, c)
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: again, Item: "gra_2", Ticked: true}))
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: again, Item: "why", Ticked: true}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: again, Note: "Ahora sí"}))
		eventually(t, "their word is tried, and it is so", func() bool { return w.logged(t, "access.retested") == 2 })
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 40)))
		eventually(t, "everything was tried again", func() bool { return w.logged(t, "access.retested") >= 5 })
		if w.logged(t, "access.reopened") != 2 || len(w.grants(t, cus)) != 0 {
			t.Error("what is closed was found open")
		}
		w.stand(t, page, "acc-base tried, acc-key tried, carpeta compartida attested", "verified 3/3")
		if k := w.known(t, cus); k["gra_2"].How != app.AccessTried || !k["gra_2"].At.After(now.AddDate(0, 0, 29)) || k["gra_3"].How != app.AccessAttested || k["gra_3"].At.IsZero() {
			t.Errorf("the page of the customer says %+v", k)
		}
		w.reported(t, c)
		w.verifyLog(t)
	})
}

// stand looks how the private page and the goodbye page say that the accesses
// stand, and the stop of them.
func (w *world) stand(t *testing.T, page, want, stop string) {
	t.Helper()
	p, err := w.OpenCasePage(t.Context(), page, "case", "es")
	must(t, err)
	var got []string
	for _, s := range p.Paper.Accesses {
		got = append(got, s.Grant.Account+" "+string(s.How))
		if s.At.IsZero() != (s.How == app.AccessOpen) {
			t.Errorf("%s was seen at %s", s.Grant.Account, s.At)
		}
	}
	slices.Sort(got)
	if all := strings.Join(got, ", "); all != want {
		t.Errorf("the accesses stand so: %s; want %s", all, want)
	}
	i := slices.IndexFunc(p.Paper.Milestones, func(m app.Milestone) bool { return m.Name == "access_closed" })
	if m := p.Paper.Milestones[i]; fmt.Sprintf("%s %d/%d", m.State, m.Part, m.Of) != stop {
		t.Errorf("the stop is %s %d/%d; want %s", m.State, m.Part, m.Of, stop)
	}
}

func (w *world) known(t *testing.T, cus customer.ID) map[customer.GrantID]app.AccessStand {
	t.Helper()
	p, err := w.OpenCustomer(t.Context(), agent, cus)
	must(t, err)
	return p.Known
}

// What a person wrote on the page of a customer is told there with its date, and
// as no more than their word.
func TestAnAccessClosedOnThePageOfACustomerIsAttested(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		cus := w.inventory(t)
		if k := w.known(t, cus); len(k) != 0 {
			t.Errorf("before anything was closed: %+v", k)
		}
		must(t, w.AttestGrant(t.Context(), agent, app.GrantAttestation{Customer: cus, Grant: "gra_3", How: "Ya no está compartida"}))
		if k := w.known(t, cus); len(k) != 1 || k["gra_3"].How != app.AccessAttested || k["gra_3"].At.IsZero() {
			t.Errorf("afterwards: %+v", k)
		}
	})
}

// reported looks whether the report of accesses and the signed list tell what
// happened to the accesses of the departure.
func (w *world) reported(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	ctx := t.Context()
	r, err := w.ReportAccess(ctx, agent, 12)
	must(t, err)
	if r.All.Tried != 2 || r.All.Attested != 1 || r.All.Closed() != 3 || r.LeftAll != 0 || r.All.P90 < r.All.Median || len(r.Rows) != 3 {
		t.Errorf("the report: %+v", r)
	}
	for _, x := range r.Rows { // what a program can try, and what a person answers for
		if want := map[bool]app.AccessHow{true: app.AccessTried, false: app.AccessAttested}[x.System == "faro"]; x.Best != want {
			t.Errorf("at best, accesses of %s are %s, want %s", x.System, x.Best, want)
		}
	}
	again := 0
	for _, x := range r.Retests {
		again += x.Open
	}
	if again != 2 {
		t.Errorf("tried again: %+v", r.Retests)
	}
	w.verifyLog(t)
	_, raw, err := w.ListAccess(ctx, agent, c)
	must(t, err)
	l, err := audit.ParseList(raw, w.keys.LogVerifiers()...)
	must(t, err)
	var list app.AccessList
	must(t, json.Unmarshal(l.Body, &list))
	stages := map[string][]string{}
	for _, x := range list.Rows {
		stages[x.Account] = append(stages[x.Account], string(x.Stage))
		if x.Entry == "" && x.Stage != app.StageOpen && x.Stage != app.StageBefore {
			t.Errorf("%+v stands nowhere in the log", x)
		}
	}
	if got := strings.Join(stages["acc-base"], " "); got != "plan control act read_back test retest retest" {
		t.Errorf("acc-base: %s", got)
	}
	if got := w.signedRows(t, c)["acc-key"]; !strings.Contains(got, "retest:open") || strings.Contains(got, "connector.") {
		t.Errorf("tried again: %s", got)
	}
	if got := strings.Join(stages["carpeta compartida"], " "); got != "plan attested" {
		t.Errorf("by hand: %s", got)
	}
	if n := len(stages["acc-key"]); n < 8 || len(l.Proofs) < 8 {
		t.Errorf("acc-key: %v, %d proofs", stages["acc-key"], len(l.Proofs))
	}
	if w.logged(t, "access.listed") != 2 {
		t.Error("nobody knows who took the list")
	}
}

// signedRows is what the signed list says of each account: its stages in their order,
// with the results of those that are a finding or a decision.
func (w *world) signedRows(t *testing.T, c offboarding.CaseID) map[string]string {
	t.Helper()
	w.verifyLog(t)
	_, raw, err := w.ListAccess(t.Context(), agent, c)
	must(t, err)
	l, err := audit.ParseList(raw, w.keys.LogVerifiers()...)
	must(t, err)
	var list app.AccessList
	must(t, json.Unmarshal(l.Body, &list))
	out := map[string]string{}
	for _, x := range list.Rows {
		word := string(x.Stage)
		if x.Stage == app.StageDecided || x.Stage == app.StageRetest || x.Stage == app.StageOpen {
			word += ":" + x.Result
		}
		if x.Stage == app.StageDecided && x.By != agent.ID || x.Stage == app.StageFound && x.By != "engine" {
			t.Errorf("nobody knows who: %+v", x)
		}
		out[x.Account] = strings.TrimSpace(out[x.Account] + " " + word)
	}
	return out
}

// openAgain returns the step by which a person is asked to close an access again.
func (w *world) openAgain(t *testing.T, c offboarding.CaseID) (key string) {
	t.Helper()
	eventually(t, "a person is asked to close it", func() bool {
		v, err := w.OpenCase(t.Context(), agent, c)
		must(t, err)
		for _, s := range v.Plan.Steps {
			if strings.HasPrefix(s.Key, "access_back_") && s.State == offboarding.StepReady {
				key = s.Key
				return true
			}
		}
		return false
	})
	return key
}
