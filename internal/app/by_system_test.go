package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
)

// withCopies declares two more systems that are as "faro" is.
func withCopies(declared string) string {
	at := strings.Index(declared, "\n  faro:") + 1
	own := declared[at:]
	for _, name := range []string{"copy_directory", "copy_store"} {
		declared += strings.Replace(own, "  faro:", "  "+name+":", 1)
	}
	return declared
}

// Of three systems one is down on the last day and one lets in somebody whom nobody had
// written down: what can be closed is closed on that day, at each of them, whether the
// billing system answers or not; the rest when its time comes.
func TestASystemThatIsDownOnTheLastDayHoldsOnlyItsOwnAccesses(t *testing.T) {
	t.Parallel()
	for _, plan := range []string{"saas-b2c", "saas-b2b"} {
		testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldOn(t, e, string(playbook.Builtin()[plan]), "", 10*time.Second, withCopies)
			ctx := t.Context()
			cus := w.inventory(t)
			more := []string{"acc-directory", "acc-store"}
			must(t, w.store.Tx(ctx, func(tx app.Tx) error {
				_, err := tx.InsertGrants(ctx,
					customer.Grant{ID: "gra_4", Customer: cus, System: "copy_directory", Account: more[0], Kind: "login", Status: customer.Granted},
					customer.Grant{ID: "gra_5", Customer: cus, System: "copy_store", Account: more[1], Kind: "login", Status: customer.Granted})
				return err
			}))
			for _, name := range append(more, "acc-late", "acc-stray") {
				must(t, w.billing.SeedAccounts(ctx, []peer.Account{{Name: name, Secret: "tres"}}))
				w.credential(t, name, "tres")
			}
			_, c, _ := w.request(t, "period_end")
			w.workBefore(t, c)
			eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
			eventually(t, "each system was asked", func() bool { return w.stepState(t, c, "find_access") == offboarding.StepVerified })

			open := func(account string) connector.FoundAccess {
				return connector.FoundAccess{Account: account, Kind: "login", Open: true}
			}
			w.others["directory"].fail(fault.New(fault.Transient, "connector.unreachable", "system", "copy_directory"))
			w.others["store"].set("FE-20418", open("acc-stray"))
			must(t, w.billing.SetFaults(ctx, peer.Faults{Status: 500, Reads: true, Reference: w.contractOf(t, c)}))
			w.toTheEnd(t, c)
			eventually(t, "all is closed that can be", func() bool {
				return slices.Equal(w.grants(t, cus), []string{"carpeta compartida", "acc-directory"})
			})
			w.signIn(t, "acc-directory", "tres", http.StatusOK)
			w.signIn(t, "acc-store", "tres", http.StatusForbidden)
			w.signIn(t, "acc-stray", "tres", http.StatusOK)
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			if got := v.Unasked[v.Plan.Step("revoke").ID]; !slices.Equal(got, []string{"copy_directory"}) {
				t.Errorf("the page says of %q that they did not answer", got)
			}
			for _, key := range []string{"find_again", "revoke"} {
				if s := v.Plan.Step(key); s.Over() {
					t.Errorf("%s is %s", key, s.State)
				}
			}

			must(t, w.DecideGrant(ctx, agent, app.GrantDecision{Customer: cus, Grant: w.grant(t, cus, "acc-stray").ID, Theirs: true}))
			eventually(t, "what was decided about is closed", func() bool { return w.grant(t, cus, "acc-stray").Status == customer.Revoked })

			w.others["directory"].set("FE-20418", open("acc-late"), open("acc-directory"))
			w.others["directory"].fail(nil)
			eventually(t, "found once it is back, and closed with the others but for what is new", func() bool {
				return w.grant(t, cus, "acc-directory").Status == customer.Revoked && w.grant(t, cus, "acc-late").Status == customer.Orphan
			})
			must(t, w.DecideGrant(ctx, agent, app.GrantDecision{Customer: cus, Grant: w.grant(t, cus, "acc-late").ID, Theirs: true}))
			for _, key := range []string{"find_again", "revoke"} {
				eventually(t, key+" is over", func() bool { return w.stepState(t, c, key) == offboarding.StepVerified })
			}
			if left := w.grants(t, cus); !slices.Equal(left, []string{"carpeta compartida"}) {
				t.Errorf("left for a person: %v", left)
			}
			must(t, w.billing.SetFaults(ctx, peer.Faults{}))
			w.verifyLog(t)
		})
	}
}

// workBefore works what people do before billing is stopped.
func (w *world) workBefore(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	ctx := t.Context()
	for range 20 {
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if s := v.Plan.Step("cancel_billing"); s.State != offboarding.StepWaiting {
			return
		}
		for _, s := range v.Plan.Steps {
			by := map[string]app.Actor{"finance": finance}[s.Role]
			if by.ID == "" {
				by = agent
			}
			switch {
			case !s.Human || s.State != offboarding.StepReady:
			case v.Approves[s.Kind]:
				must(t, w.Approve(ctx, app.Actor{ID: "usr_second", Roles: agent.Roles}, c, s.Key, true, "De acuerdo"))
			case s.Key == "contract" || s.Key == "accounts" || s.Key == "review":
				for _, it := range s.Items {
					must(t, w.Tick(ctx, by, app.TickInput{Case: c, Step: s.Key, Item: it.Key, Ticked: true, Evidence: "visto"}))
				}
				must(t, w.CompleteTask(ctx, by, app.CompleteInput{Case: c, Step: s.Key, Note: "Todo en orden"}))
			}
		}
	}
	t.Fatal("billing is never stopped")
}

// contractOf is the number at the billing system of what the departure ends.
func (w *world) contractOf(t *testing.T, c offboarding.CaseID) string {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return v.Names[string(v.Plan.Case.Subscriptions[0])]
}
