package app_test

import (
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/testkit"
)

// What German law lets whoever cancels say, the kind and its ground (BGB § 312k(2)),
// stands on the receipt and before the people who work on it.
func TestTheKindAndTheGroundOfADeclarationStandOnTheReceipt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, email := w.buyer(t, "DE1", "DE", 90)
		x, err := w.ExitOf(ctx, app.ExitFor{Place: "DE", Language: "de", Device: "desktop"})
		must(t, err)
		want := app.Declared{Kind: "for_cause", Ground: "Seit Wochen gestört", Line: "0228 1"}
		_, err = w.RequestExit(ctx, app.ExitInput{
			AccountEmail: email, Language: "de", Kind: want.Kind, Ground: want.Ground, Line: want.Line, Walk: &app.Walk{Exit: x, Seen: []app.Seen{{Node: "home", At: x.At}}},
		})
		must(t, err)
		c, page, err := w.VerifyRequest(ctx, token(w.mail.wait(t, "confirm", email).Links["verify"]))
		must(t, err)
		if got := w.mail.wait(t, "receipt", email).Declared; got != want {
			t.Errorf("the receipt says %+v", got)
		}
		p, err := w.OpenCasePage(ctx, page, "case", "de")
		must(t, err)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if p.Paper.Declared != want || v.Declared != want {
			t.Errorf("the page says %+v, the case %+v", p.Paper.Declared, v.Declared)
		}
	})
}
