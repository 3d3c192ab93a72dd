package app_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// What is typed badly is refused at the edge, field by field, and nothing is
// stored.
func TestBadInputIsRefusedAtTheEdge(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		good := app.ExitInput{Name: "Marta", AccountEmail: firstMail, Language: "es"}
		for name, c := range map[string]struct {
			change      func(*app.ExitInput)
			field, code string
		}{
			"no address":      {func(i *app.ExitInput) { i.AccountEmail = "" }, "account", "field.required"},
			"half an address": {func(i *app.ExitInput) { i.AccountEmail = "marta@" }, "account", "field.email"},
			"a header in it":  {func(i *app.ExitInput) { i.ReceiptEmail = "a@x.example\r\nBcc: b@x.example" }, "receipt", "field.text"},
			"NUL":             {func(i *app.ExitInput) { i.Name = "Mar\x00ta" }, "name", "field.text"},
			"not UTF-8":       {func(i *app.ExitInput) { i.Name = "Ib\xe1\xf1ez" }, "name", "field.text"},
			"too long":        {func(i *app.ExitInput) { i.Reference = strings.Repeat("x", 101) }, "reference", "field.too_long"},
			"no such timing":  {func(i *app.ExitInput) { i.When = "never" }, "when", "field.choice"},
		} {
			in := good
			c.change(&in)
			_, err := w.RequestExit(t.Context(), in)
			fields := fault.Fields(err)
			if len(fields) != 1 || fields[0].Field != c.field || fields[0].Code != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		box, err := w.OpenInbox(t.Context(), agent, app.CaseFilter{})
		must(t, err)
		if box.Total != 0 || len(box.Unmatched) != 0 {
			t.Errorf("something was stored: %+v", box)
		}
	})
}

func TestNamesOfAllKindsSurvive(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		// Decomposed accents as a Mac types them, an emoji, another script.
		r, err := w.RequestExit(t.Context(), app.ExitInput{Name: "Jose\u0301 Mun\u0303oz 🙂 مرتا", AccountEmail: firstMail, Language: "es"})
		must(t, err)
		if r.Name != "José Muñoz 🙂 مرتا" || !utf8.ValidString(r.Name) {
			t.Errorf("stored as %q", r.Name)
		}
	})
}

func TestASignInThatGuessesIsLockedOut(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, err := w.AddUser(ctx, "", app.UserInput{Login: "ines", Name: "Inés", Password: "una clave bien larga", Roles: []string{"agent"}})
		must(t, err)
		good, err := w.SignIn(ctx, "Ines ", "una clave bien larga", "")
		must(t, err)
		who, err := w.Session(ctx, good)
		must(t, err)
		if who.Name != "Inés" {
			t.Errorf("signed in as %v", who)
		}
		for range 5 {
			if _, err := w.SignIn(ctx, "ines", "otra", ""); fault.CodeOf(err) != "auth.wrong" {
				t.Fatalf("wrong password: %v", err)
			}
		}
		if _, err := w.SignIn(ctx, "ines", "una clave bien larga", ""); fault.CodeOf(err) != "auth.locked" {
			t.Errorf("after five wrong ones: %v", err)
		}
		if _, err := w.SignIn(ctx, "nobody", "una clave bien larga", ""); fault.CodeOf(err) != "auth.wrong" {
			t.Errorf("nobody: %v", err)
		}
		must(t, w.SignOut(ctx, good))
		if _, err := w.Session(ctx, good); fault.CodeOf(err) != "auth.required" {
			t.Errorf("after signing out: %v", err)
		}
		if _, err := w.AddUser(ctx, "", app.UserInput{Login: "ines", Name: "I", Password: "otra clave bien larga", Roles: []string{"agent"}}); fault.CodeOf(err) != "staff.login_taken" {
			t.Errorf("the same login again: %v", err)
		}
		if _, err := w.AddUser(ctx, "", app.UserInput{Login: "corta", Name: "C", Password: "corta", Roles: []string{"boss"}}); len(fault.Fields(err)) != 2 {
			t.Errorf("a short password and no such role: %v", err)
		}
	})
}

func TestOnlyWhoMayWorksOnAStep(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, _ := w.request(t, "period_end")
		tick := app.TickInput{Case: c, Step: "accounts", Item: "charges", Ticked: true}
		if err := w.Tick(ctx, agent, tick); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an agent ticks for finance: %v", err)
		}
		must(t, w.Tick(ctx, finance, tick))
		if err := w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "accounts"}); fault.CodeOf(err) != "step.evidence_required" {
			t.Errorf("without evidence: %v", err)
		}
		if err := w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "accounts", Note: "visto"}); fault.CodeOf(err) != "step.items_open" {
			t.Errorf("with an open item: %v", err)
		}
		tick.Ticked = false
		must(t, w.Tick(ctx, finance, tick))
		v, err := w.OpenCase(ctx, finance, c)
		must(t, err)
		if v.Plan.Step("accounts").Items[0].Ticked {
			t.Error("still ticked")
		}
		nobody := app.Actor{ID: "usr_x"}
		if _, err := w.OpenCase(ctx, nobody, c); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("no role at all: %v", err)
		}
		if _, _, err := w.OpenLog(ctx, app.Actor{ID: "u", Roles: []string{"agent"}}, 10); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an agent reads the log: %v", err)
		}
	})
}

func TestAPersonMatchesWhoNobodyCouldFind(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		r, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: "otra@marta.example", Language: "es"})
		must(t, err)
		w.mail.wait(t, "ack", "otra@marta.example")
		list, err := w.ListCustomers(ctx, agent, app.CustomerFilter{Query: "ALMÉNA"})
		must(t, err)
		if _, err := w.MatchByHand(ctx, finance, r.ID, list.Rows[0].Customer.ID); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("finance matches: %v", err)
		}
		c, err := w.MatchByHand(ctx, agent, r.ID, list.Rows[0].Customer.ID)
		must(t, err)
		// The proof still goes to the address on file, not to the typed one.
		confirm := w.mail.wait(t, "confirm", firstMail)
		got, _, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
		must(t, err)
		if got != c {
			t.Errorf("case %s, want %s", got, c)
		}
		if _, _, err := w.VerifyRequest(ctx, token(confirm.Links["not_me"])); fault.CodeOf(err) != "link.unknown" {
			t.Errorf("a link for something else: %v", err)
		}
	})
}

// A farewell that the mail system refuses is not done: a person is asked.
func TestALetterThatIsRefusedIsNotSent(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, _ := w.request(t, "now")
		w.workTasks(t, c)
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		w.mail.refuse("farewell")
		next, err := w.NextTimer(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", next))
		eventually(t, "a person is asked", func() bool { return w.stepState(t, c, "farewell") == offboarding.StepBlocked })
		if st := w.state(t, c); st != offboarding.CaseOpen {
			t.Errorf("the case is %s", st)
		}
	})
}

// Old links do nothing: an expired one says so, a used one shows the same case
// again and changes nothing.
func TestOldLinksAreHarmless(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: firstMail, When: "period_end", Language: "es"})
		must(t, err)
		link := token(w.mail.wait(t, "confirm", firstMail).Links["verify"])
		first, _, err := w.VerifyRequest(ctx, link)
		must(t, err)
		again, _, err := w.VerifyRequest(ctx, link)
		must(t, err)
		if again != first || w.mail.count("receipt") > 1 {
			t.Errorf("the link again: %s, %d receipts", again, w.mail.count("receipt"))
		}
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.AddDate(0, 0, 31)))
		if _, _, err := w.VerifyRequest(ctx, link); fault.CodeOf(err) != "link.expired" {
			t.Errorf("after a month: %v", err)
		}
	})
}

func TestANetworkGetsSoManyAcknowledgementsADay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		for i := range 5 {
			_, err := w.RequestExit(ctx, app.ExitInput{
				Name: "X", AccountEmail: fmt.Sprintf("nobody%d@example.com", i), Language: "es", Nonce: fmt.Sprint("n", i), Network: "203.0.113.0/24",
			})
			must(t, err) // registered all the same
		}
		var acks int
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			list, err := tx.ListMessages(ctx, "", 100)
			acks = len(list)
			return err
		}))
		if acks != 3 {
			t.Errorf("%d acknowledgements from one network", acks)
		}
	})
}
