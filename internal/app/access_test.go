package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

const accesses = `
playbook: accesses
title: {es: "Accesos", en: "Accesses"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: bill, kind: settle, title: {es: "Liquidación", en: "Statement"}, after: [confirm], milestone: settled}
  - {id: revoke, kind: revoke_access, title: {es: "Cerrar", en: "Close"}, after: [bill], params: {system: faro}, milestone: access_closed}
  - id: by_hand
    kind: close_access
    title: {es: "Cerrar a mano", en: "Close by hand"}
    after: [revoke]
    params: {except: faro}
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: restorable, title: {es: "Volver a dar el acceso", en: "Give the access back"}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [by_hand], params: {until: effective}}
`

// inventory gives the first customer of the demo accesses and balances.
func (w *world) inventory(t *testing.T) customer.ID {
	t.Helper()
	ctx := t.Context()
	w.withoutAccesses(t, "FE-20418") // those of the sample company are not what is looked at here
	var id customer.ID
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		c, err := tx.FindCustomerByReference(ctx, "FE-20418")
		if err != nil {
			return err
		}
		id = c.ID
		for _, g := range []customer.Grant{
			{ID: "gra_1", System: "faro", Account: "acc-base", Kind: "login"},
			{ID: "gra_2", System: "faro", Account: "acc-key", Kind: "api_key", DependsOn: []string{"faro/acc-base"}},
			{ID: "gra_3", System: "drive", Account: "carpeta compartida", Kind: "other"},
		} {
			g.Customer, g.Status = id, customer.Granted
			if _, err := tx.InsertGrants(ctx, g); err != nil {
				return err
			}
		}
		for _, b := range []customer.Balance{
			{ID: "bal_1", Reference: "F-1", Kind: customer.Invoice, Amount: money.Amount{Minor: 12000, Currency: "EUR"}, DueOn: when.Date{Year: 2030, Month: 1, Day: 15}, Status: customer.Due},
			{ID: "bal_2", Reference: "A-1", Kind: customer.Credit, Amount: money.Amount{Minor: 2000, Currency: "EUR"}, Status: customer.Due},
			{ID: "bal_3", Reference: "F-0", Kind: customer.Invoice, Amount: money.Amount{Minor: 900, Currency: "EUR"}, Status: customer.Paid},
		} {
			b.Customer = id
			if _, err := tx.InsertBalances(ctx, b); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, w.billing.SeedAccounts(ctx, []peer.Account{{Name: "acc-base", Secret: "uno"}, {Name: "acc-key", Secret: "dos"}}))
	w.credential(t, "acc-base", "uno")
	w.credential(t, "acc-key", "dos")
	return id
}

// credential keeps the secret of an account where probes find it; an empty one
// is taken away.
func (w *world) credential(t *testing.T, account, secret string) {
	t.Helper()
	file := filepath.Join(w.secrets, account)
	if secret == "" {
		must(t, os.Remove(file))
		return
	}
	must(t, os.WriteFile(file, []byte(secret), 0o600))
}

func (w *world) grants(t *testing.T, c customer.ID) (open []string) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		list, err := tx.GrantsOf(t.Context(), c)
		open = nil
		for _, g := range list {
			if g.Status == customer.Granted {
				open = append(open, g.Account)
			}
		}
		return err
	}))
	return open
}

// called are the items about which far systems were called, in that order.
func called(v app.CaseView) (items []string) {
	for _, x := range slices.Backward(v.Timeline) {
		if x.Type == "work.called" {
			item, _ := x.Args["item"].(string)
			items = append(items, item)
		}
	}
	return items
}

func TestDeclarationsKnowEveryKindOfAccess(t *testing.T) {
	t.Parallel()
	if !slices.Equal(connector.AccessKinds, customer.GrantKinds) {
		t.Errorf("%q and %q", connector.AccessKinds, customer.GrantKinds)
	}
}

func TestAccessesCloseInOrderAndOpenAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, accesses)
		ctx := t.Context()
		cus := w.inventory(t)
		_, c, page := w.request(t, "period_end")
		letter := w.mail.wait(t, "statement", firstMail)
		if len(letter.Balances) != 2 {
			t.Fatalf("the statement has %d sums", len(letter.Balances))
		}
		eventually(t, "accesses closed at the system", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		if got := strings.Join(w.grants(t, cus), ","); got != "carpeta compartida" {
			t.Fatalf("still open: %s", got)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		order := called(v)
		if got := strings.Join(order, ","); got != "gra_2,gra_1" {
			t.Fatalf("called in the order %s", got)
		}
		closed := len(order)
		list := v.Plan.Step("by_hand")
		if len(list.Items) != 1 || list.Items[0].Key != "gra_3" {
			t.Fatalf("list made of the inventory: %+v", list.Items)
		}
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "by_hand", Item: "gra_3", Ticked: true, Evidence: "entrar da 403"}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "by_hand", Note: "Cerrada"}))
		if got := w.grants(t, cus); len(got) != 0 {
			t.Fatalf("still open: %v", got)
		}

		must(t, w.UndoByCustomer(ctx, page))
		if s := w.stepState(t, c, "revoke"); s != offboarding.StepUndoing {
			t.Fatalf("revoke is %s", s)
		}
		eventually(t, "nothing moves before the person", func() bool { return w.stepState(t, c, "by_hand") == offboarding.StepUndoing })
		if got := w.grants(t, cus); len(got) != 0 {
			t.Fatalf("opened out of turn: %v", got)
		}
		code(t, w.UndoTask(ctx, agent, app.CompleteInput{Case: c, Step: "revoke", Note: "yo"}), "forbidden.role")
		must(t, w.UndoTask(ctx, agent, app.CompleteInput{Case: c, Step: "by_hand", Note: "Acceso devuelto"}))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		if got := w.grants(t, cus); len(got) != 3 {
			t.Fatalf("open after undoing: %v", got)
		}
		v, err = w.OpenCase(ctx, agent, c)
		must(t, err)
		if got := strings.Join(called(v)[closed:], ","); got != "gra_1,gra_2" {
			t.Fatalf("opened again in the order %s", got)
		}
		for _, ref := range []string{"acc-base", "acc-key"} {
			effects, err := w.billing.Effects(ctx, ref)
			must(t, err)
			if len(effects) != 2 {
				t.Fatalf("%s: %d effects", ref, len(effects))
			}
		}
		w.verifyLog(t)
	})
}

// A company that leaves by the playbook that most houses follow leaves no access
// behind: what a system can close it closes and reads back, a person the rest.
func TestTheUsualPlaybookLeavesNoAccessOfACompanyBehind(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, string(playbook.Builtin()["saas-b2c"]))
		ctx := t.Context()
		cus := w.inventory(t)
		_, c, _ := w.request(t, "period_end")
		w.workTasks(t, c)
		eventually(t, "the system is asked which accesses they have", func() bool { return w.stepState(t, c, "find_access") == offboarding.StepVerified })
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		if open := w.grants(t, cus); len(open) != 3 {
			t.Fatalf("before the end these are open: %v", open)
		}
		w.toTheEnd(t, c)
		eventually(t, "closed at the system", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		eventually(t, "a person closes the rest", func() bool { return w.stepState(t, c, "access") == offboarding.StepReady })
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "access", Item: "gra_3", Ticked: true, Evidence: "Ya no está compartida"}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "access", Note: "Cerrado"}))
		w.mail.wait(t, "farewell", firstMail) // which nobody's debt holds back: an invoice is still open
		if open := w.grants(t, cus); len(open) != 0 {
			t.Errorf("left behind: %v", open)
		}
		if s := w.stepState(t, c, "collect"); s != offboarding.StepReady {
			t.Errorf("what is owed is %s", s)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		for _, key := range []string{"find_access", "find_again"} {
			if asked := v.Proofs[v.Plan.Step(key).ID]; len(asked) != 1 || asked[0].Name != "faro" {
				t.Errorf("%s says that it asked %+v", key, asked)
			}
		}
	})
}

// What appears at a system while the notice runs is found before any access is
// closed, and closed with the others.
func TestAnAccessThatIsMadeWhileTheNoticeRunsIsClosedWithTheOthers(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, string(playbook.Builtin()["saas-b2c"]))
		ctx := t.Context()
		cus := w.inventory(t)
		_, c, _ := w.request(t, "period_end")
		w.workTasks(t, c)
		eventually(t, "the system is asked which accesses they have", func() bool { return w.stepState(t, c, "find_access") == offboarding.StepVerified })
		must(t, w.billing.SeedAccounts(ctx, []peer.Account{{Name: "acc-new", Secret: "tres"}}))
		w.credential(t, "acc-new", "tres")
		w.listed.set("FE-20418", connector.FoundAccess{Account: "acc-base", Kind: "login", Open: true}, connector.FoundAccess{Account: "acc-new", Kind: "api_key", Open: true})
		w.toTheEnd(t, c)
		if x := w.stuck(t, c, "find_again"); x.LastError != "access.orphans" {
			t.Fatalf("a person is asked because of %s", x.LastError)
		}
		eventually(t, "those that were known are closed", func() bool { return len(w.grants(t, cus)) == 1 })
		if s := w.stepState(t, c, "revoke"); s != offboarding.StepRunning {
			t.Errorf("before anybody decided revoke is %s", s)
		}
		w.signIn(t, "acc-new", "tres", http.StatusOK)
		must(t, w.DecideGrant(ctx, agent, app.GrantDecision{Customer: cus, Grant: w.grant(t, cus, "acc-new").ID, Theirs: true}))
		eventually(t, "closed at the system", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		w.signIn(t, "acc-new", "tres", http.StatusForbidden)
		if open := w.grants(t, cus); !slices.Equal(open, []string{"carpeta compartida"}) {
			t.Errorf("left for a person: %v", open)
		}
		w.verifyLog(t)
	})
}

// A system that does not answer when it is asked which accesses there are is not
// left out: it is asked again, the page tells of it, a person is asked when it
// refuses, and no access there is closed until it has answered. Once it has, whoever was
// asked about an earlier search need not decide about that one, too.
func TestASystemThatIsDownIsNotLeftOutOfTheSearch(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, string(playbook.Builtin()["saas-b2c"]))
		cus := w.inventory(t)
		w.listed.fail(fault.New(fault.Transient, "connector.unreachable", "system", "faro"))
		_, c, _ := w.request(t, "period_end")
		eventually(t, "the page says that the system does not answer", func() bool {
			v, err := w.OpenCase(t.Context(), agent, c)
			must(t, err)
			_, broken := v.Outages[v.Plan.Step("find_access").ID]
			return broken
		})
		w.workTasks(t, c)
		eventually(t, "billing stopped all the same", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		w.toTheEnd(t, c)
		eventually(t, "the contract ended all the same", func() bool { return w.stepState(t, c, "ended") == offboarding.StepVerified })
		w.listed.fail(fault.New(fault.Forbidden, "connector.no_right", "system", "faro", "right", "accounts.read"))
		x := w.stuck(t, c, "find_access")
		if x.LastError != "connector.no_right" || x.Attempt < 2 {
			t.Errorf("a person is asked because of %s, after %d tries", x.LastError, x.Attempt)
		}
		again := w.stuck(t, c, "find_again")
		if s := w.stepState(t, c, "revoke"); s != offboarding.StepReady {
			t.Errorf("nobody knows yet which accesses there are, and revoke is %s", s)
		}
		if open := w.grants(t, cus); len(open) != 3 {
			t.Errorf("these are open: %v", open)
		}
		w.listed.fail(nil)
		must(t, w.decide(t, again.ID, "look"))
		eventually(t, "asked twice, and closed", func() bool { return w.stepState(t, c, "revoke") == offboarding.StepVerified })
		for _, key := range []string{"find_access", "find_again"} {
			if s := w.stepState(t, c, key); s != offboarding.StepVerified {
				t.Errorf("%s is %s", key, s)
			}
		}
		w.verifyLog(t)
	})
}

// toTheEnd pushes the clock to where the contract of the departure ends.
func (w *world) toTheEnd(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	zone, err := time.LoadLocation(v.Plan.Case.Zone)
	must(t, err)
	must(t, w.PushClock(t.Context(), "", v.Plan.Case.Effective.End(zone)))
}
