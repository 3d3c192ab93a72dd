package app_test

import (
	"maps"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
)

// While the mail system is away a letter is made again and again: always with
// the same links and the same code, since one of them may have arrived.
func TestALetterThatIsTriedAgainCarriesTheSameLinks(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, byHand)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		w.stopEngine()
		must(t, w.SendCode(ctx, page))
		var m app.Message
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			list, err := tx.ListMessages(ctx, c, 100)
			for _, x := range list {
				if x.Paper == "code" {
					m = x
				}
			}
			return err
		}))
		w.mail.stop("code")
		for range 3 {
			if err := w.SendMessage(ctx, m.ID); fault.KindOf(err) != fault.Transient {
				t.Fatalf("the mail system is away: %v", err)
			}
		}
		w.mail.stop("")
		must(t, w.SendMessage(ctx, m.ID))
		sent := w.mail.wait(t, "code", firstMail)
		if len(w.mail.tried) != 3 {
			t.Fatalf("%d tries", len(w.mail.tried))
		}
		for _, p := range w.mail.tried {
			if p.Secret != sent.Secret || !maps.Equal(p.Links, sent.Links) {
				t.Errorf("tried with %s %v, sent with %s %v", p.Secret, p.Links, sent.Secret, sent.Links)
			}
		}
		if _, err := w.OpenByCode(ctx, page, sent.Secret); err != nil {
			t.Errorf("the code does not work: %v", err)
		}
		must(t, w.DisownRequest(ctx, token(sent.Links["not_me"])))
	})
}
