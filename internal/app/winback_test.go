package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
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
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
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
		if letter.Words.Text != letterToLeavers["es"].Text || letter.Allowed.IsZero() || letters["es"].Allowed.IsZero() {
			t.Errorf("the letter says %+v, allowed at %s", letter.Words, letter.Allowed)
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
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
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
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		for name, change := range map[string]struct {
			by  func(t *testing.T, w *world, c offboarding.CaseID, page string)
			why string
		}{
			"silence": {func(t *testing.T, w *world, c offboarding.CaseID, _ string) { w.quiet(t, c) }, notice.Silence},
			"revoked": {func(t *testing.T, w *world, _ offboarding.CaseID, page string) {
				must(t, w.RevokeConsent(t.Context(), page))
				must(t, w.RevokeConsent(t.Context(), page)) // again
			}, notice.NoConsent},
			"death": {func(t *testing.T, w *world, c offboarding.CaseID, _ string) {
				must(t, w.RecordReason(t.Context(), agent, app.ReasonInput{Case: c, Kind: reason.Root, Code: "health", Evidence: "Llamó su hija"}))
			}, notice.Quiet},
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, e.AnotherMigrated(t))
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

// silenceLink mints the link of silence as a letter would.
func (w *world) silenceLink(t *testing.T, c offboarding.CaseID) string {
	t.Helper()
	return w.linkFor(t, c, "silence")
}

// linkFor mints a link of a departure as a letter would.
func (w *world) linkFor(t *testing.T, c offboarding.CaseID, purpose string) string {
	t.Helper()
	ctx, made := t.Context(), id.Token()
	hash := sha256.Sum256([]byte(made))
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		return tx.InsertLink(ctx, app.Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hex.EncodeToString(hash[:]), Purpose: purpose, Case: c, CreatedAt: tx.Now(), ExpiresAt: tx.Now().AddDate(1, 0, 0),
		})
	}))
	return made
}

// What was asked after a backup was made holds again once that comes back, and what was
// taken back stays so: it is remembered beside the keys.
func TestWhoWantedToBeLeftInPeaceIsAfterABackupToo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		c, page := w.gone(t, true)
		link := w.silenceLink(t, c)
		must(t, w.AskSilence(ctx, link))
		must(t, w.RevokeConsent(ctx, page))
		var id customer.ID
		must(t, w.store.View(ctx, func(tx app.Tx) error { x, err := tx.FindCase(ctx, c); id = x.Customer; return err }))
		must(t, w.store.Tx(ctx, func(tx app.Tx) error { // as the backup has it
			s, err := tx.SilenceOf(ctx, id)
			if err != nil {
				return err
			}
			s.Lift(tx.Now())
			if err := tx.PutSilence(ctx, s); err != nil {
				return err
			}
			x, _, err := tx.ConsentOf(ctx, c, winback.Letter)
			if err != nil {
				return err
			}
			x.Revoked = time.Time{}
			return tx.PutConsent(ctx, x)
		}))
		if p, err := w.OpenWinback(ctx, agent, winback.Filter{}); err != nil || len(p.Leavers) != 1 {
			t.Fatalf("%+v %v", p, err)
		}
		for n, want := range []int{1, 0} {
			if got, err := w.HeedAgain(ctx, ""); err != nil || got != want {
				t.Errorf("time %d: %d %v", n+1, got, err)
			}
		}
		if p, err := w.OpenSilencePage(ctx, link); err != nil || !p.Silent {
			t.Errorf("%+v %v", p, err)
		}
		if p, err := w.OpenWinback(ctx, agent, winback.Filter{}); err != nil || len(p.Leavers) != 0 {
			t.Errorf("they are asked back: %+v %v", p, err)
		}
		must(t, w.LiftSilence(ctx, link))
		if got, err := w.HeedAgain(ctx, ""); err != nil || got != 0 {
			t.Errorf("what was lifted holds again: %d %v", got, err)
		}
		w.verifyLog(t)
	})
}

// Nobody with the address of whoever wants silence is asked back, under whatever record
// an import made of them.
func TestSilenceIsOfTheAddressToo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		c, _ := w.gone(t, false)
		link := w.silenceLink(t, c)
		must(t, w.AskSilence(ctx, link))
		twin, err := w.AddCustomer(ctx, agent, app.CustomerInput{
			Kind: customer.Person, Name: "Marta otra vez", Reference: "otra-1", Contacts: []app.ContactInput{{Name: "Marta", Email: strings.ToUpper(firstMail), Role: customer.Owner}},
		})
		must(t, err)
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			like, err := tx.FindCase(ctx, c)
			if err != nil {
				return err
			}
			like.ID, like.Code, like.Subscriptions, like.Customer = offboarding.CaseID(id.New("cas")), "HL-AAAA-AAAA", nil, twin
			if err := tx.InsertCase(ctx, like, nil); err != nil {
				return err
			}
			return tx.PutConsent(ctx, winback.Consent{
				ID: winback.ConsentID(id.New("cns")), Customer: twin, Case: like.ID, Purpose: winback.Letter, Given: true, Wording: "Sí", Language: "es", At: tx.Now(),
			})
		}))
		reachable := func() (n int) {
			p, err := w.OpenWinback(ctx, agent, winback.Filter{})
			must(t, err)
			for _, l := range p.Leavers {
				if l.Case.Customer == twin && l.Reachable() {
					n++
				}
			}
			return n
		}
		if n := reachable(); n != 0 {
			t.Errorf("the record with the same address is asked back %d times", n)
		}
		must(t, w.LiftSilence(ctx, link))
		if n := reachable(); n != 1 {
			t.Errorf("once it is lifted: %d", n)
		}
	})
}

// again is another departure of the same customer that took effect days after
// the first, and how they answered the question then; nil: they did not.
func (w *world) again(t *testing.T, first offboarding.CaseID, code string, days int, allow *bool) offboarding.CaseID {
	t.Helper()
	ctx := t.Context()
	c := offboarding.CaseID(id.New("cas"))
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		like, err := tx.FindCase(ctx, first)
		if err != nil {
			return err
		}
		like.ID, like.Code, like.Subscriptions, like.Effective = c, code, nil, like.Effective.AddDays(days)
		if err := tx.InsertCase(ctx, like, nil); err != nil || allow == nil {
			return err
		}
		return tx.PutConsent(ctx, winback.Consent{
			ID: winback.ConsentID(id.New("cns")), Customer: like.Customer, Case: c, Purpose: winback.Letter, Given: *allow, Wording: "Sí", Language: "es", At: tx.Now(),
		})
	}))
	return c
}

func TestACustomerWithTwoDeparturesGetsOneLetter(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		yes, no := true, false
		first, page := w.gone(t, true)
		second := w.again(t, first, "HL-AAAA-AAAA", 3, &yes)
		list := func() app.WinbackPage {
			t.Helper()
			p, err := w.OpenWinback(ctx, agent, winback.Filter{})
			must(t, err)
			return p
		}
		if p := list(); len(p.Leavers) != 1 || p.Leavers[0].Case.ID != second || p.Others != 0 {
			t.Fatalf("leavers: %+v", p)
		}
		n, err := w.SendWinback(ctx, agent, app.WinbackInput{Words: letterToLeavers})
		must(t, err)
		if n != 1 {
			t.Errorf("%d letters", n)
		}
		// The older consent is no second letter, even when the newer is taken back.
		_, err = w.SendWinback(ctx, agent, app.WinbackInput{Words: letterToLeavers})
		code(t, err, "winback.nobody")
		if p := list(); len(p.Leavers) != 1 || !p.Leavers[0].Written {
			t.Errorf("after the letter: %+v", p)
		}
		must(t, w.RevokeConsent(ctx, page))
		if p := list(); len(p.Leavers) != 0 || p.Others != 1 {
			t.Errorf("they took it back after the newer yes: %+v", p)
		}
		// Whoever leaves again and allows it again may be written to again; the last
		// word counts.
		w.push(t, 1)
		third := w.again(t, first, "HL-BBBB-BBBB", 5, &yes)
		if p := list(); len(p.Leavers) != 1 || p.Leavers[0].Case.ID != third || !p.Leavers[0].Reachable() {
			t.Errorf("allowed anew: %+v", p)
		}
		w.push(t, 1)
		w.again(t, first, "HL-CCCC-CCCC", 7, &no)
		if p := list(); len(p.Leavers) != 0 || p.Others != 1 {
			t.Errorf("the last word was no: %+v", p)
		}
	})
}

func TestTheListOfLeaversForgetsNobodyAndCountsPeople(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		refused, _ := w.gone(t, false)
		w.again(t, refused, "HL-AAAA-AAAB", 2, nil) // another departure of the same customer
		var day when.Date
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			like, err := tx.FindCase(ctx, refused)
			if err != nil {
				return err
			}
			like.Subscriptions, day = nil, like.Effective
			const most = 501
			rows := make([]customer.Customer, most)
			for i := range rows {
				rows[i] = customer.Customer{ID: customer.ID(id.New("cus")), Kind: customer.Person, Name: "Quien se fue", Reference: fmt.Sprint("gone-", i)}
				if _, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: rows[i]}); err != nil {
					return err
				}
				like.ID, like.Code, like.Customer = offboarding.CaseID(id.New("cas")), fmt.Sprintf("HL-GONE-%04d", i), rows[i].ID
				if i == 0 {
					like.Effective = day.AddDays(-40)
				} else {
					like.Effective = day
				}
				if err := tx.InsertCase(ctx, like, nil); err != nil {
					return err
				}
				if err := tx.PutConsent(ctx, winback.Consent{
					ID: winback.ConsentID(id.New("cns")), Customer: like.Customer, Case: like.ID, Purpose: winback.Letter, Given: true, Wording: "Sí", Language: "es", At: tx.Now(),
				}); err != nil {
					return err
				}
			}
			// One of those who allowed it was erased: there is no consent any more.
			if _, err := tx.EraseCustomer(ctx, rows[most-1].ID, "HL-GONE"); err != nil {
				return err
			}
			return tx.PutErasure(ctx, app.Erasure{Case: like.ID, Customer: like.Customer, ErasedAt: tx.Now()})
		}))
		for what, c := range map[string]struct {
			f               winback.Filter
			leavers, others int
		}{
			"all":                 {winback.Filter{}, 500, 1},
			"the oldest":          {winback.Filter{To: day.AddDays(-30)}, 1, 0},
			"by the newer of two": {winback.Filter{From: day.AddDays(1)}, 0, 1},
			"another reason":      {winback.Filter{Reason: "price"}, 0, 0},
		} {
			p, err := w.OpenWinback(ctx, agent, c.f)
			must(t, err)
			if len(p.Leavers) != c.leavers || p.Others != c.others {
				t.Errorf("%s: %d leavers and %d others", what, len(p.Leavers), p.Others)
			}
		}
	})
}

// Before the goodbye nobody is asked back, and the one letter is not used up.
func TestNobodyIsAskedBackBeforeTheGoodbye(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		w.mail.stop("farewell")
		w.workTasks(t, c)
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		must(t, w.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: true, Wording: "Sí", Language: "es"}))
		next, err := w.NextTimer(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", next))
		eventually(t, "it takes effect", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return !v.Plan.Case.EffectiveAt.IsZero()
		})
		p, err := w.OpenWinback(ctx, agent, winback.Filter{})
		must(t, err)
		if len(p.Leavers) != 1 || !p.Leavers[0].Early || p.Leavers[0].Reachable() {
			t.Fatalf("leavers: %+v", p.Leavers)
		}
		_, err = w.SendWinback(ctx, agent, app.WinbackInput{Words: letterToLeavers})
		code(t, err, "winback.nobody")
	})
}
