package app_test

import (
	"slices"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/notification"
	"hastaluego/internal/testkit"
)

// Who administers a thing is named by us and confirmed, or corrected, by the client; until
// then it is not given, and that it happened is their word too.
func TestTheClientConfirmsWhoAdministersAThing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		w.person(t, "ines", "agent")
		w.lent(t, "site", "domain", "credential")
		_, c, page := w.request(t, "period_end")
		item := w.handed(t, c, "domain")
		in := app.OwnerInput{Case: c, Step: "give", Item: item.ID, Name: "Ana Ruiz", Email: "ana.almena.example"}
		code(t, w.NameOwner(ctx, agent, in), "field.email")
		in.Email = ""
		code(t, w.NameOwner(ctx, agent, in), "field.required")
		in.Email = "ana@almena.example"
		code(t, w.NameOwner(ctx, finance, in), "forbidden.role")
		none := in
		none.Item = w.handed(t, c, "credential").ID
		code(t, w.NameOwner(ctx, agent, none), "handover.no_owner")
		for range 2 { // pressed twice
			must(t, w.NameOwner(ctx, agent, in))
		}
		eventually(t, "the letter that asks", func() bool { return w.mail.count(app.OwnerPaper) == 1 })
		site := in
		site.Item = w.handed(t, c, "site").ID
		must(t, w.NameOwner(ctx, agent, site)) // on the same day: the same letter is about both
		give := app.GiveInput{Case: c, Step: "give", Item: item.ID, Way: handover.Transfer, How: "Código de traslado"}
		code(t, w.GiveItem(ctx, agent, give), "handover.owner_waits")

		code(t, w.ConfirmOwner(ctx, page, item.ID, "Ana Ruiz", "ana@"), "field.email")
		code(t, w.ConfirmOwner(ctx, page, item.ID, " ", "ana@almena.example"), "field.required")
		code(t, w.ConfirmOwner(ctx, page, "hov_x", "Ana", "ana@almena.example"), "not_found")
		if x := w.handed(t, c, "domain"); !x.OwnerWaits() {
			t.Fatalf("what was refused confirms it: %+v", x)
		}
		for range 2 {
			must(t, w.ConfirmOwner(ctx, page, item.ID, "Ana Ruiz", "ana@almena.example"))
		}
		must(t, w.ConfirmOwner(ctx, page, site.Item, "Blas Gil", "blas@almena.example"))
		if x := w.handed(t, c, "site"); x.NamedOwner() != (handover.NewOwner{Name: "Blas Gil", Email: "blas@almena.example"}) || x.OwnerWaits() {
			t.Fatalf("they corrected it: %+v", x)
		}
		if n := w.logged(t, "handover.owner_confirmed"); n != 2 {
			t.Errorf("confirmed %d times", n)
		}
		eventually(t, "whoever hands over is told", func() bool { return slices.Contains(w.mail.toldOf("ines@faro.example", notification.Task), "Dos") })

		// Another name asks again; taken back, nobody is waited for.
		in.Name = "Otra Ana"
		must(t, w.NameOwner(ctx, agent, in))
		code(t, w.GiveItem(ctx, agent, give), "handover.owner_waits")
		in.Name, in.Email = "", ""
		must(t, w.NameOwner(ctx, agent, in))
		must(t, w.GiveItem(ctx, agent, give))
		give.Item = site.Item
		must(t, w.GiveItem(ctx, agent, give))
		code(t, w.ConfirmOwner(ctx, page, site.Item, "Otra", "otra@almena.example"), "handover.state.given")
		must(t, w.AnswerHandover(ctx, page, right(w.handed(t, c, "site"))))
		if x := w.handed(t, c, "site"); x.State != handover.Accepted || x.NewOwner != "Blas Gil" {
			t.Errorf("%+v", x)
		}
		if n := w.mail.count(app.OwnerPaper); n != 1 {
			t.Errorf("asked %d times on one day", n)
		}
		w.verifyLog(t)
	})
}

// Who is named after the letter of a day went out is asked about on the next, if the
// client did not say yet.
func TestSomebodyNamedAfterTheLetterIsAskedAboutInTheMorning(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		w.lent(t, "site", "domain")
		_, c, page := w.request(t, "period_end")
		name := func(kind, who string) handover.ID {
			t.Helper()
			in := app.OwnerInput{Case: c, Step: "give", Item: w.handed(t, c, kind).ID, Name: who, Email: "ana@almena.example"}
			must(t, w.NameOwner(ctx, agent, in))
			return in.Item
		}
		letters := func(n int) {
			t.Helper()
			eventually(t, "the letter that asks", func() bool { return w.mail.count(app.OwnerPaper) == n })
		}
		domain := name("domain", "Ana Ruiz")
		letters(1)
		site := name("site", "Ana Ruiz")
		w.push(t, 2)
		letters(2)
		must(t, w.ConfirmOwner(ctx, page, domain, "Ana Ruiz", "ana@almena.example"))
		must(t, w.ConfirmOwner(ctx, page, site, "Ana Ruiz", "ana@almena.example"))

		// Nobody is asked about what they said meanwhile.
		name("site", "Blas Gil")
		letters(3)
		name("domain", "Blas Gil")
		must(t, w.ConfirmOwner(ctx, page, domain, "Blas Gil", "ana@almena.example"))
		must(t, w.ConfirmOwner(ctx, page, site, "Blas Gil", "ana@almena.example"))
		w.push(t, 2)
		must(t, w.UntilQuiet(ctx))
		letters(3)
		w.verifyLog(t)
	})
}
