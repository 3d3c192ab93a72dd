package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// A contract that ends with its term: its customer is told thirty days before,
// once. A term alone ends nothing, and neither does what was agreed anew.
func TestAContractThatIsNotRenewedEndsWithItsTerm(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx, ends := t.Context(), w.today(t).AddDays(40)
		list := w.mini(t, 4, func(i int, in *app.CustomerInput) {
			s := &in.Subscriptions[0]
			s.TermEnd, s.NotRenewed = ends, i > 0
			if i == 3 {
				in.Contacts = nil
			}
		})
		agreed := w.opened(t, list[2]).Lines[0]
		no := false
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: list[2], Subscription: agreed.ID, NotRenewed: &no}))
		if w.caseOf(t, list[1]) != nil {
			t.Fatal("told forty days before")
		}
		w.push(t, 11)
		letter := w.mail.wait(t, "ending", "mi-01@mini.example")
		c := w.caseOf(t, list[1])
		if c == nil || c.Effective != ends || c.State != offboarding.CaseOpen || letter.Ending.Channel != offboarding.Term {
			t.Fatalf("%+v, told of %+v", c, letter.Ending)
		}
		for _, i := range []int{0, 2, 3} {
			if other := w.caseOf(t, list[i]); other != nil {
				t.Errorf("customer %d leaves: %+v", i, other)
			}
		}
		eventually(t, "whoever cannot be told is named", func() bool { return w.logged(t, "term.passed") == 1 })

		_, err := w.AddContact(ctx, agent, app.ContactInput{Customer: list[3], Name: "Ana", Email: "late@mini.example", Role: "owner"})
		must(t, err)
		must(t, w.UndoByStaff(ctx, agent, c.ID)) // they stay after all
		eventually(t, "they stay", func() bool { return w.state(t, c.ID) == offboarding.CaseReversed })
		w.push(t, 2)
		w.mail.wait(t, "ending", "late@mini.example")
		if again := w.caseOf(t, list[1]); again.ID != c.ID || w.mail.count("ending") != 2 || w.logged(t, "term.passed") != 1 {
			t.Errorf("it began again: %+v, %d letters, named %d times", again, w.mail.count("ending"), w.logged(t, "term.passed"))
		}
		yes := true
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: list[2], Subscription: agreed.ID, NotRenewed: &yes}))
		w.push(t, 2)
		w.mail.wait(t, "ending", "mi-02@mini.example") // it was said once more
		w.verifyLog(t)
	})
}
