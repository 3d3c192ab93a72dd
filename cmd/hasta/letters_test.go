package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/invitation"
	"hastaluego/internal/money"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// talkative is a playbook with everything that writes.
const talkative = `
playbook: talkative
title: {es: "Hablador", en: "Talkative"}
retrieval: {d: 20}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}, milestone: confirmed}
  - id: talk
    kind: meeting
    title: {es: "Hablar", en: "Talk"}
    after: [confirm]
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
  - {id: statement, kind: settle, title: {es: "Liquidar", en: "Settle"}, after: [confirm], milestone: settled}
  - id: collect
    kind: collect
    title: {es: "Cobrar", en: "Collect"}
    after: [statement]
    params: {days: 10}
    role: agent
    due: {d: 30, from: ready}
    escalate: {d: 5, to: admin}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
  - {id: farewell, kind: farewell, title: {es: "Adiós", en: "Goodbye"}, after: [effective], milestone: farewell}
`

// acts are what happens to a customer, in any order and at any time.
var acts = []string{
	"ask", "confirm", "again", "code", "ask_offer", "offer", "answer", "invite", "decline", "undo", "not_me", "allow", "refuse", "disallow", "silence", "lift",
	"winback", "winback", "push", "push", "push", "end", "return", "ask_offer", "offer", "offer",
}

// mailbox starts the mail server of the tests, which keeps what it takes.
func mailbox(t *testing.T) (url, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "mail")
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", filepath.Join(testkit.Root(t), "scripts", "smtp_catcher.py"), "--dir", dir, "--port", "0")
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	ok(t, err)
	return "smtp://" + strings.TrimPrefix(strings.TrimSpace(line), "listening "), dir
}

// noise is one customer whose departure anything happens to.
type noise struct {
	*house
	t       *testing.T
	n       int
	account string
	request offboarding.Request
	sub     customer.SubscriptionID
	cus     customer.ID
}

var staff = app.Actor{ID: "usr_staff", Name: "Inés", Roles: []string{"agent", "success", "admin", "finance"}}

// link mints a link, as a letter would carry it.
func (x *noise) link(purpose string) string {
	ctx, made := x.t.Context(), id.Token()
	hash := sha256.Sum256([]byte(made))
	ok(x.t, x.store.Tx(ctx, func(tx app.Tx) error {
		r, err := tx.FindRequest(ctx, x.request.ID)
		if err != nil {
			return err
		}
		about := r.Case
		if purpose == "not_me" {
			about = ""
		}
		return tx.InsertLink(ctx, app.Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hex.EncodeToString(hash[:]), Purpose: purpose, Request: x.request.ID, Case: about,
			CreatedAt: tx.Now(), ExpiresAt: tx.Now().AddDate(3, 0, 0),
		})
	}))
	return made
}

func (x *noise) caseID() (c offboarding.CaseID) {
	ok(x.t, x.store.View(x.t.Context(), func(tx app.Tx) error {
		r, err := tx.FindRequest(x.t.Context(), x.request.ID)
		c = r.Case
		return err
	}))
	return c
}

// quiet waits until nothing is under way, so that what is said next counts for
// everything that is sent after it.
func (x *noise) quiet() {
	for range 500 {
		busy := 0
		ok(x.t, x.store.View(x.t.Context(), func(tx app.Tx) (err error) { busy, err = tx.Busy(x.t.Context()); return err }))
		if busy == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (x *noise) ask() error {
	r, err := x.app.RequestExit(x.t.Context(), app.ExitInput{Name: "Ana", AccountEmail: x.account, When: []string{"now", "period_end"}[x.n%2], Language: []string{"es", "en"}[x.n%2]})
	if err == nil {
		x.request = r
	}
	return err
}

// does lets one thing happen. clock keeps two from pushing it at once, and
// those who want quiet from pushing meanwhile.
func (x *noise) does(act string, clock *sync.Mutex) error {
	ctx := x.t.Context()
	now, _, err := x.app.Now(ctx)
	if err != nil {
		return err
	}
	today := when.DateOf(now, time.UTC)
	switch act {
	case "ask":
		return x.ask()
	case "confirm":
		_, _, err := x.app.VerifyRequest(ctx, x.link("verify"))
		return err
	case "again":
		return x.app.AskLink(ctx, x.request.Code)
	case "code":
		return x.app.SendCode(ctx, x.link("case"))
	case "ask_offer":
		return x.app.AskOffer(ctx, x.link("case"))
	case "offer":
		return x.app.MakeOffer(ctx, staff, app.OfferInput{
			Case: x.caseID(), Reason: "Lo pidió", Kind: offer.Help, Heard: "Te costaba", What: "Una persona contigo", Changes: "Nada más", Until: today.AddDays(3), By: today.AddDays(9),
		})
	case "answer":
		return x.app.AnswerOffer(ctx, x.link("case"), false)
	case "invite":
		return x.app.Invite(ctx, staff, app.InviteInput{
			Case: x.caseID(), Step: "talk", Format: invitation.Phone, Start: now.Add(48 * time.Hour), Minutes: 30, Place: "944 000 120", Words: "Hablamos",
		})
	case "decline":
		return x.app.DeclineMeeting(ctx, x.link("case"))
	case "undo":
		return x.app.UndoByCustomer(ctx, x.link("case"))
	case "not_me":
		return x.app.DisownRequest(ctx, x.link("not_me"))
	case "allow", "refuse":
		return x.app.AnswerConsent(ctx, app.ConsentInput{Token: x.link("case"), Given: act == "allow", Wording: "Sí", Language: "es"})
	case "disallow", "silence", "lift":
		clock.Lock()
		defer clock.Unlock()
		x.quiet()
		switch act {
		case "disallow":
			return x.app.RevokeConsent(ctx, x.link("case"))
		case "silence":
			return x.app.AskSilence(ctx, x.link("silence"))
		default:
			return x.app.LiftSilence(ctx, x.link("silence"))
		}
	case "winback":
		clock.Lock()
		defer clock.Unlock()
		_, err := x.app.SendWinback(ctx, staff, app.WinbackInput{Words: map[string]winback.Words{"es": {Subject: "Hola", Text: "Ya está"}, "en": {Subject: "Hello", Text: "It is fixed"}}})
		x.quiet()
		return err
	case "push":
		clock.Lock()
		defer clock.Unlock()
		next, err := x.app.NextTimer(ctx)
		if err != nil || next.IsZero() {
			return err
		}
		return x.app.PushClock(ctx, "", next)
	case "end":
		return x.store.Tx(ctx, func(tx app.Tx) error { return tx.SetSubscriptionStatus(ctx, x.sub, customer.Ended) }) // as the billing system told
	case "return":
		return x.app.AskReturn(ctx, x.link("back"))
	}
	return fmt.Errorf("nobody does %q", act)
}

// Whatever happens to many customers at once, in any order, a real mail server
// gets nothing outside the table of messages: no class that is not in it, none
// after the goodbye that may not, none without the consent it needs, none into
// a silence, and none more often than its line says.
func TestNothingLeavesOutsideTheTableWhateverHappens(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		url, dir := mailbox(t)
		sample, err := demo.In("es")
		ok(t, err)
		book := filepath.Join(t.TempDir(), "talkative.yaml")
		ok(t, os.WriteFile(book, []byte(talkative), 0o600))
		cfg := config{Database: e.URL, Dir: t.TempDir(), PublicURL: "http://faro.test", Company: companyConfig(sample.Company), Playbook: book, Engine: engineConfig{Workers: 4, Poll: 20 * time.Millisecond}}
		cfg.Keys.Dir, cfg.Mail.SMTP = filepath.Join(cfg.Dir, "keys"), url
		ctx, stop := context.WithCancel(t.Context())
		h, err := build(ctx, cfg, slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
		ok(t, err)
		var running sync.WaitGroup
		running.Go(func() { _ = h.while(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }) })
		t.Cleanup(func() { stop(); running.Wait(); h.close() })

		var all []*noise
		var crowd sync.WaitGroup
		var clock sync.Mutex
		for i := range 8 {
			x := &noise{house: h, t: t, n: i, account: fmt.Sprintf("ana%d@ruido.example", i)}
			x.cus, err = h.app.AddCustomer(ctx, staff, app.CustomerInput{
				Kind: customer.Person, Name: fmt.Sprint("Ana ", i), Reference: fmt.Sprint("N-", i),
				Contacts:      []app.ContactInput{{Name: "Ana", Email: x.account, Role: customer.Owner}},
				Subscriptions: []app.SubscriptionInput{{Reference: fmt.Sprint("N-", i, "-1"), Product: "Faro", Amount: money.Amount{Minor: 2900, Currency: "EUR"}, Interval: customer.Monthly, Start: when.Date{Year: 2026, Month: 1, Day: 5}}},
			})
			ok(t, err)
			p, err := h.app.OpenCustomer(ctx, staff, x.cus)
			ok(t, err)
			x.sub = p.Lines[0].ID
			if i%2 == 0 { // there is money to write about
				ok(t, h.store.Tx(ctx, func(tx app.Tx) error {
					_, err := tx.InsertBalances(ctx, customer.Balance{
						ID: customer.BalanceID(id.New("bal")), Customer: x.cus, Reference: fmt.Sprint("F-", i), Kind: customer.Invoice, About: "Noviembre",
						Amount: money.Amount{Minor: 2900, Currency: "EUR"}, Status: customer.Due,
					})
					return err
				}))
			}
			ok(t, x.ask())
			all = append(all, x)
		}
		for i, x := range all {
			some := rapid.SliceOfN(rapid.SampledFrom(acts), 6, 12)
			if i == 0 { // one to whom nothing else happens
				for range 1500 { // a link to confirm goes out once somebody knows whose it is
					if x.caseID() != "" {
						break
					}
					time.Sleep(20 * time.Millisecond)
				}
				ok(t, x.does("confirm", &clock))
				ok(t, x.does("allow", &clock))
				continue
			}
			// What always happens lies between what may: most come to a goodbye.
			story := slices.Concat([]string{"confirm"}, some.Example(i), []string{"allow", "push", "push", "end", "winback"}, some.Example(i+100), []string{"push", "winback"})
			crowd.Go(func() {
				for _, act := range story {
					if err := x.does(act, &clock); fault.KindOf(err) == fault.Internal && err != nil {
						t.Errorf("%s: %v", act, err)
					}
				}
			})
		}
		crowd.Wait()
		for _, act := range []string{"push", "push", "push", "push", "push", "push", "end"} {
			ok(t, all[0].does(act, &clock))
		}
		if err := all[0].does("winback", &clock); err != nil && fault.CodeOf(err) != "winback.nobody" {
			t.Error(err)
		}
		all[0].quiet()
		judge(t, h, dir)
	})
}

// judge reads what the mail server took, and the log, and holds every letter
// against the table.
func judge(t *testing.T, h *house, dir string) {
	t.Helper()
	ctx := t.Context()
	took := map[string]int{}
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(dir, sub, "*"))
		ok(t, err)
		for _, f := range files {
			in, err := os.Open(f)
			ok(t, err)
			m, err := mail.ReadMessage(in)
			ok(t, err)
			_ = in.Close()
			took[strings.Trim(m.Header.Get("Message-ID"), "<>")]++
			if strings.Contains(m.Header.Get("Subject"), "Hola") && m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
				t.Errorf("a letter that nobody asked for lacks its button to end them: %v", m.Header)
			}
		}
	}
	letters, _, err := h.app.PageMessages(ctx, staff, app.MessageQuery{}, app.Place{Limit: 100_000})
	ok(t, err)
	byID, cases, classes := map[string]app.Message{}, map[offboarding.CaseID]bool{}, map[string]int{}
	for _, m := range letters {
		byID[string(m.ID)] = m
		if m.Case != "" {
			cases[m.Case] = true
		}
		if n := took[m.HeaderID]; n > 0 != (m.State == "sent") {
			t.Errorf("%s is %s and the mail server took it %d times", m.Paper, m.State, n)
		}
		if m.State == "sent" {
			classes[m.Paper]++
		}
		delete(took, m.HeaderID)
	}
	for what := range took {
		t.Errorf("the mail server took %s, which nobody queued", what)
	}
	for _, class := range []string{"ack", "confirm", "receipt", "statement", "farewell"} {
		if classes[class] == 0 {
			t.Errorf("no %s went out: nothing was tried (%v)", class, classes)
		}
	}
	for c := range cases {
		v, err := h.app.OpenCase(ctx, staff, c)
		ok(t, err)
		hold(t, v, byID)
	}
	t.Logf("went out: %v", classes)
}

// underWay is how long a letter may be under way, which the goodbye may overtake: nobody
// takes back what another worker is handing over at that instant.
const underWay = time.Second

// hold goes through the log of a departure, oldest first.
func hold(t *testing.T, v app.CaseView, byID map[string]app.Message) {
	t.Helper()
	var goodbye, consent, silent bool
	var last time.Time // when the goodbye was over
	sent := map[string]int{}
	for _, e := range slices.Backward(v.Timeline) {
		switch e.Type {
		case "consent.given":
			consent = true
		case "consent.revoked":
			consent = false
		case "silence.asked":
			silent = true
		case "silence.lifted":
			silent = false
		case "message.withheld": // a farewell that a silence held back is said all the same
			if byID[fmt.Sprint(e.Args["message"])].Paper == "farewell" {
				goodbye, last = true, e.At
			}
		case "message.sent":
			m := byID[fmt.Sprint(e.Args["message"])]
			r, known := notice.Find(m.Paper)
			sent[m.Paper]++
			switch {
			case !known:
				t.Errorf("%q went out and is not in the table", m.Paper)
			case goodbye && r.Until == notice.Goodbye && e.At.Sub(last) > underWay:
				t.Errorf("%s after the goodbye", m.Paper)
			case !goodbye && !r.Before:
				t.Errorf("%s before the goodbye", m.Paper)
			case r.Basis == notice.Consent && !consent:
				t.Errorf("%s without consent", m.Paper)
			case silent && r.Basis != notice.Requested && r.Basis != notice.Law:
				t.Errorf("%s into a silence", m.Paper)
			case r.Most > 0 && sent[m.Paper] > r.Most:
				t.Errorf("%s went out %d times", m.Paper, sent[m.Paper])
			case goodbye && r.Until == notice.Retrieval && m.SentAt.After(v.Plan.Case.RetrievalEnd().AddDays(2).End(time.UTC)):
				t.Errorf("%s after the data could be fetched", m.Paper)
			}
			if m.Paper == "farewell" {
				goodbye, last = true, e.At
			}
		}
	}
}
