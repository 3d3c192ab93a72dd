package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/id"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/winback"
)

var letterToLeavers = map[string]winback.Words{
	"es": {Subject: "Hemos arreglado los avisos", Text: "Los avisos llegan al momento.\n\nTe contamos cómo."}, "en": {Subject: "We fixed the notices", Text: "They arrive at once."},
}

// gone is a departure that is over, with its private page; what was asked after
// the receipt is answered so.
func (w *world) gone(t *testing.T, allow bool) (offboarding.CaseID, string) {
	t.Helper()
	ctx := t.Context()
	_, c, page := w.request(t, "period_end")
	w.workTasks(t, c)
	eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
	next, err := w.NextTimer(ctx)
	must(t, err)
	must(t, w.PushClock(ctx, "", next))
	eventually(t, "the end", func() bool { return w.state(t, c) == offboarding.CaseClosed })
	must(t, w.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: allow, Wording: "Sí, Faro puede escribirme una vez.", Language: "es"}))
	return c, page
}

func TestWhoAllowedOneLetterGetsOneAndComesBackWithAButton(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		c, page := w.gone(t, true)
		code(t, w.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: false, Wording: "x", Language: "es"}), "consent.answered")
		p, err := w.OpenWinback(ctx, agent, winback.Filter{})
		must(t, err)
		if len(p.Leavers) != 1 || !p.Leavers[0].Reachable() || len(p.Leavers[0].Monthly) != 1 {
			t.Fatalf("leavers: %+v", p)
		}
		in := app.WinbackInput{Words: map[string]winback.Words{}}
		_, _, err = w.PreviewWinback(ctx, agent, in)
		code(t, err, "field.required")
		in.Words = letterToLeavers
		_, err = w.SendWinback(ctx, finance, in)
		code(t, err, "forbidden.role")
		letters, reach, err := w.PreviewWinback(ctx, agent, in)
		must(t, err)
		if reach != 1 || letters["es"].Words.Subject != "Hemos arreglado los avisos" || strings.Contains(letters["es"].Links["back"], page) || w.mail.count("winback") > 0 {
			t.Fatalf("the preview: %d %+v", reach, letters)
		}
		n, err := w.SendWinback(ctx, agent, in)
		must(t, err)
		if n != 1 {
			t.Fatalf("queued for %d", n)
		}
		letter := w.mail.wait(t, "winback", firstMail)
		if letter.Words.Text != letterToLeavers["es"].Text {
			t.Errorf("the letter says %+v", letter.Words)
		}
		_, err = w.SendWinback(ctx, agent, in)
		code(t, err, "winback.nobody")
		back := token(letter.Links["back"])
		seen, err := w.OpenCasePage(ctx, back, "back", "")
		must(t, err)
		if !seen.Returnable || len(seen.Comebacks) == 0 {
			t.Errorf("the page of coming back: %+v", seen)
		}
		must(t, w.AskReturn(ctx, back))
		must(t, w.AskReturn(ctx, back)) // again
		if w.stepState(t, c, "came_back") != offboarding.StepReady || w.logged(t, "return.asked") != 1 {
			t.Error("nobody is asked to bring them back, or twice")
		}
		if w.mail.count("winback") != 1 {
			t.Errorf("%d letters", w.mail.count("winback"))
		}
		w.verifyLog(t)
	})
}

func TestWhoDidNotAllowItIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, page := w.gone(t, false)
		p, err := w.OpenWinback(ctx, agent, winback.Filter{})
		must(t, err)
		if len(p.Leavers) != 0 || p.Others != 1 {
			t.Errorf("%+v", p)
		}
		v, err := w.OpenCasePage(ctx, page, "case", "es")
		must(t, err)
		if v.Consent != (app.ConsentView{Over: true}) {
			t.Errorf("the page asks again: %+v", v.Consent)
		}
		_, err = w.SendWinback(ctx, agent, app.WinbackInput{Words: letterToLeavers})
		code(t, err, "winback.nobody")
	})
}

// What was allowed and queued is held back by what is said before it goes out:
// silence of the account, or the consent taken back.
func TestSilenceHoldsBackWhatWasQueued(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		for name, change := range map[string]struct {
			by  func(t *testing.T, w *world, c offboarding.CaseID, page string)
			why string
		}{
			"silence": {func(t *testing.T, w *world, c offboarding.CaseID, _ string) { w.quiet(t, c) }, notice.Silence},
			"revoked": {func(t *testing.T, w *world, _ offboarding.CaseID, page string) {
				must(t, w.RevokeConsent(t.Context(), page))
				must(t, w.RevokeConsent(t.Context(), page)) // again
			}, notice.NoConsent},
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, e.Another(t))
				ctx := t.Context()
				c, page := w.gone(t, true)
				w.stopEngine()
				_, err := w.SendWinback(ctx, agent, app.WinbackInput{Words: letterToLeavers})
				must(t, err)
				change.by(t, w, c, page)
				v, err := w.OpenCase(ctx, agent, c)
				must(t, err)
				i := slices.IndexFunc(v.Messages, func(m app.Message) bool { return m.Paper == "winback" })
				if i < 0 || v.Messages[i].State != "queued" {
					t.Fatalf("queued: %+v", v.Messages)
				}
				must(t, w.SendMessage(ctx, v.Messages[i].ID))
				v, err = w.OpenCase(ctx, agent, c)
				must(t, err)
				if m := v.Messages[i]; m.State != "withheld" || m.LastError != change.why || w.mail.count("winback") != 0 {
					t.Errorf("%s: %s; %d went out", m.State, m.LastError, w.mail.count("winback"))
				}
			})
		}
	})
}

// quiet asks for silence with a link as a letter carries it, and lifts and asks
// again: the last word counts.
func (w *world) quiet(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	ctx := t.Context()
	link := w.silenceLink(t, c)
	must(t, w.AskSilence(ctx, link))
	must(t, w.AskSilence(ctx, link))
	must(t, w.LiftSilence(ctx, link))
	must(t, w.AskSilence(ctx, link))
	if p, err := w.OpenSilencePage(ctx, link); err != nil || !p.Silent {
		t.Errorf("%+v %v", p, err)
	}
	code(t, w.AskSilence(ctx, "not-a-token-at-all"), "link.unknown")
}

// silenceLink mints a link as a letter would.
func (w *world) silenceLink(t *testing.T, c offboarding.CaseID) string {
	t.Helper()
	ctx, made := t.Context(), id.Token()
	hash := sha256.Sum256([]byte(made))
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		return tx.InsertLink(ctx, app.Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hex.EncodeToString(hash[:]), Purpose: "silence", Case: c, CreatedAt: tx.Now(), ExpiresAt: tx.Now().AddDate(1, 0, 0),
		})
	}))
	return made
}
