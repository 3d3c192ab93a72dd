package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/ingest"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/seal"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// forgetting is a playbook that ends the contract, exports, and erases after the
// window and an approval.
const forgetting = `
playbook: forgetting
title: {es: "Borrar", en: "Erase"}
retrieval: {d: 2}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: stop, kind: cancel_billing, title: {es: "Dos", en: "Two"}, after: [confirm], params: {system: billing}}
  - {id: export, kind: export_data, title: {es: "Tres", en: "Three"}, after: [confirm]}
  - {id: effective, kind: wait, title: {es: "Cuatro", en: "Four"}, after: [stop], params: {until: effective}}
  - {id: ended, kind: verify_billing, title: {es: "Cinco", en: "Five"}, after: [effective], params: {system: billing}}
  - {id: window, kind: wait, title: {es: "Seis", en: "Six"}, after: [effective, export], params: {until: end_of_retrieval}}
  - {id: agree, kind: approve, title: {es: "Siete", en: "Seven"}, after: [window], role: privacy, due: {d: 5, from: window}, escalate: {d: 1, to: admin}}
  - id: erase
    kind: erase_record
    title: {es: "Ocho", en: "Eight"}
    after: [agree, export, ended]
    params: {keep_years: "6", keep_why_es: "Código de Comercio, art. 30", keep_why_en: "Commercial Code, art. 30", backup_days: "30"}
    undo: {class: final}
    milestone: certified
`

// clear gives the customer who leaves nothing that is open any more.
func (w *world) clear(t *testing.T, cid customer.ID) {
	t.Helper()
	var grants []customer.Grant
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { grants, err = tx.GrantsOf(t.Context(), cid); return err }))
	for _, g := range grants {
		must(t, w.AttestGrant(t.Context(), agent, app.GrantAttestation{Customer: cid, Grant: g.ID, How: "Cerrado en el panel"}))
	}
	w.settleAll(t, finance, cid)
}

// settleAll says that every sum between the customer and the company is paid.
func (w *world) settleAll(t *testing.T, by app.Actor, cid customer.ID) {
	t.Helper()
	var sums []customer.Balance
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { sums, err = tx.BalancesOf(t.Context(), cid); return err }))
	for _, b := range sums {
		must(t, w.SettleBalance(t.Context(), by, cid, b.ID, customer.Paid))
	}
}

// approved brings a departure to where its erasure was approved.
func (w *world) approved(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	w.asksToErase(t, c)
	must(t, w.Approve(t.Context(), privacy, c, "agree", true, "De acuerdo"))
}

// asksToErase brings a departure to where its erasure waits for approval.
func (w *world) asksToErase(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	for range 40 {
		if w.stepState(t, c, "agree") == offboarding.StepReady {
			return
		}
		next, err := w.NextTimer(t.Context())
		must(t, err)
		if !next.IsZero() {
			must(t, w.PushClock(t.Context(), "", next))
		}
		eventually(t, "quiet", func() (quiet bool) {
			must(t, w.store.View(t.Context(), func(tx app.Tx) error {
				n, err := tx.Busy(t.Context())
				quiet = n == 0
				return err
			}))
			return quiet
		})
	}
	t.Fatalf("the approval was never asked for: it is %s", w.stepState(t, c, "agree"))
}

// said returns the tables in which one of the words stands, in any column.
func said(t *testing.T, e testkit.Engine, words ...string) (out []string) {
	t.Helper()
	driver, tables := "sqlite", `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if strings.HasPrefix(e.URL, "postgres") {
		driver, tables = "pgx", `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
	}
	db, err := sql.Open(driver, e.URL)
	must(t, err)
	defer db.Close()
	var names []string
	rows, err := db.QueryContext(t.Context(), tables)
	must(t, err)
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		names = append(names, name)
	}
	must(t, rows.Err())
	must(t, rows.Close())
	if len(names) < 30 {
		t.Fatalf("only %d tables were read", len(names))
	}
	for _, name := range names {
		rows, err := db.QueryContext(t.Context(), `SELECT * FROM "`+name+`"`)
		must(t, err)
		columns, err := rows.Columns()
		must(t, err)
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			must(t, rows.Scan(cells...))
			for i, cell := range cells {
				v := *cell.(*any)
				text := fmt.Sprint(v)
				if raw, ok := v.([]byte); ok {
					text = string(raw)
				}
				for _, w := range words {
					if strings.Contains(strings.ToLower(text), w) {
						out = append(out, name+"."+columns[i])
					}
				}
			}
		}
		must(t, rows.Err())
		must(t, rows.Close())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestNothingSaysWhoItWasAfterErasureAndTheCertificateSaysWhatStays(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		cid := w.lent(t, "site")
		invoice, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-77", Kind: customer.Invoice, About: "Avisos de Marta", Amount: eur(2472)})
		must(t, err)
		_, c, page := w.request(t, "period_end")
		_, err = w.AddNote(ctx, agent, c, "Marta llamó")
		must(t, err)
		w.approved(t, c)
		// While something is open nobody is erased: a person is asked.
		eventually(t, "a person is asked", func() bool { return w.stepState(t, c, "erase") == offboarding.StepBlocked })
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if !strings.HasPrefix(v.Plan.Step("erase").Blocked, "erase.open_") {
			t.Fatalf("blocked because of %s", v.Plan.Step("erase").Blocked)
		}
		w.clear(t, cid)
		i := slices.IndexFunc(v.Works, func(x offboarding.Work) bool { return x.Kind == "erase_record" })
		must(t, w.DecideWork(ctx, agent, app.DecideInput{Work: v.Works[i].ID, Decision: "again", Evidence: "Ya está cerrado"}))
		eventually(t, "erased and looked at", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
		letter := w.mail.wait(t, "certificate", firstMail)
		if letter.Proof == nil || letter.Certificate == nil || letter.Certificate.Invoices == 0 || letter.Certificate.Until != (when.Date{Year: letter.Case.Effective.Year + 6, Month: 12, Day: 31}) {
			t.Fatalf("the certificate: %+v", letter.Certificate)
		}
		for _, what := range []string{"identity", "access", "things", "letters", "words", "files"} {
			if letter.Certificate.Erased[what] == 0 {
				t.Errorf("the certificate counts no %s", what)
			}
		}
		if g := letter.Certificate.Grounds; g["invoices"] != "legal_obligation" || g["again"] != "legal_obligation" || g["log"] == "" {
			t.Errorf("why anything stays: %v", g)
		}
		// The law of who they were holds for the certificate, though nobody knows who.
		var judged app.CheckedDocument
		eventually(t, "the certificate was judged", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			i := slices.IndexFunc(v.Documents, func(d app.CheckedDocument) bool { return d.Paper == "certificate" })
			if i >= 0 {
				judged = v.Documents[i]
			}
			return i >= 0
		})
		results := map[string]jurisdiction.Result{}
		for _, x := range judged.Checks {
			results[x.Rule] = x.Result
		}
		if results["es.lopdgdd.32.mode"] != jurisdiction.Pass || letter.Certificate.Blocks != "LOPDGDD, art. 32.1" || results["eu.gdpr.17-3.exceptions"] != jurisdiction.Pass || judged.Open() {
			t.Errorf("the certificate stands %+v", judged)
		}
		eventually(t, "the letter is forgotten too", func() bool { return len(said(t, e, "marta", "almena")) == 0 || w.logged(t, "message.sent") == 0 })
		if left := said(t, e, "marta", "almena", "ibáñez"); len(left) > 0 {
			t.Errorf("who it was stands in %v", left)
		}
		var kept []customer.Balance
		must(t, w.store.View(ctx, func(tx app.Tx) (err error) { kept, err = tx.BalancesOf(ctx, cid); return err }))
		if i := slices.IndexFunc(kept, func(b customer.Balance) bool { return b.ID == invoice }); i < 0 || kept[i].Amount != eur(2472) || kept[i].Reference != string(invoice) || kept[i].About != "" {
			t.Errorf("what figures are made of: %+v", kept) // its number and whose it was are put away
		}
		if gone := w.opened(t, cid).Customer; !gone.Erased() {
			t.Errorf("the customer does not say that they were erased: %q", gone.Reference)
		}
		// The page of the customer still opens, and their certificate, proved.
		p, err := w.OpenCertificate(ctx, page, "en")
		must(t, err)
		if p.Certificate.Why["en"] != "Commercial Code, art. 30" || p.Proof == nil {
			t.Errorf("on the page: %+v", p.Certificate)
		}
		var same app.Certificate
		if code, raw, err := w.CertificateFile(ctx, page); err != nil || code != p.Certificate.Code || json.Unmarshal(raw, &same) != nil || cmp.Diff(same, *p.Certificate) != "" {
			t.Errorf("the certificate for programs: %v %s", err, raw)
		}
		if track, err := w.OpenCasePage(ctx, page, "case", ""); err != nil || !track.Erased {
			t.Errorf("the private page: %v, erased %v", err, track.Erased)
		} else if track.Consent != (app.ConsentView{}) || track.Returnable || track.MayTell || len(track.Comebacks) > 0 {
			t.Errorf("the private page of whoever was erased still asks: %+v", track)
		}
		if err := w.AskReturn(ctx, page); fault.CodeOf(err) != "case.not_returnable" {
			t.Errorf("whoever was erased asks to come back: %v", err)
		}
		if err := w.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: true, Wording: "w", Language: "es"}); fault.CodeOf(err) != "consent.answered" {
			t.Errorf("whoever was erased allows letters: %v", err)
		}
		if n, keys := w.logged(t, "key.destroyed"), len(p.Certificate.Keys); n != keys || n < 3 {
			t.Errorf("%d keys destroyed, %d in the log", keys, n)
		}
		w.verifyLog(t)
	})
}

// erased brings the departure of somebody who has nothing open to where they
// are erased and their certificate is out.
func (w *world) erased(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	w.approved(t, c)
	eventually(t, "erased and looked at", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
	w.mail.wait(t, "certificate", firstMail)
	must(t, w.UntilQuiet(t.Context()))
}

// asking is forgetting with everything that a farewell page may ask, and
// something to do for a person at the end, so that the departure stays open.
const asking = forgetting + `
  - {id: farewell, kind: farewell, title: {es: "Adiós", en: "Goodbye"}, after: [effective], milestone: farewell}
  - {id: survey, kind: survey, title: {es: "Preguntar", en: "Ask"}, after: [farewell]}
  - {id: words, kind: testimonial, title: {es: "Palabras", en: "Words"}, after: [farewell]}
  - {id: pass_on, kind: referral, title: {es: "Recomendar", en: "Recommend"}, after: [farewell], params: {url: "https://faro.example/alta"}}
  - {id: last, kind: task, title: {es: "Al final", en: "At last"}, after: [erase], role: agent, due: {d: 30, from: erase}, escalate: {d: 1, to: admin}}
`

// The link of a private page works for a year, and that of the farewell page
// too: whoever was erased can read there, and leave nothing behind again.
func TestNobodyWritesAnythingDownAboutWhoWasErased(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, asking)
		ctx := t.Context()
		cid := w.lent(t)
		w.clear(t, cid)
		_, c, page := w.request(t, "period_end")
		w.erased(t, c)
		bye := token(w.mail.wait(t, "farewell", firstMail).Links["bye"])
		if s := w.state(t, c); s != offboarding.CaseOpen {
			t.Fatalf("the departure is %s: this test is about one that goes on", s)
		}
		if g, err := w.OpenGoodbye(ctx, bye, ""); err != nil || g.Ask != "" {
			t.Errorf("the farewell page asks for %q: %v", g.Ask, err)
		}
		_, err := w.OpenSurvey(ctx, bye, "")
		code(t, err, "ask.over")
		code(t, w.AnswerSurvey(ctx, bye, form.Answers{"csat": "5", "idea": "Soy Marta"}), "ask.over")
		code(t, w.GiveTestimonial(ctx, bye, app.TestimonialInput{Text: "Marta", Name: "Marta", FileName: "voz.mp3", File: mp3, Consent: true}), "ask.over")
		code(t, w.WantReferral(ctx, bye), "ask.over")
		code(t, w.WithdrawTestimonial(ctx, bye), "not_found")
		code(t, w.TellReason(ctx, page, "price", "Soy Marta"), "reason.over")
		code(t, w.AskOffer(ctx, page), "offer.too_late")
		code(t, w.AnswerOffer(ctx, page, true), "offer.over")
		code(t, w.DeclineMeeting(ctx, page), "not_found")
		code(t, w.UndoByCustomer(ctx, page), "case.not_undoable")
		code(t, w.AskReturn(ctx, page), "case.not_returnable")
		code(t, w.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: true, Wording: "w", Language: "es"}), "consent.answered")
		must(t, w.RevokeConsent(ctx, page))
		code(t, w.SendCode(ctx, page), "data.erased")
		_, err = w.OpenByCode(ctx, page, "ABCD-2345")
		code(t, err, "data.erased")
		_, _, err = w.Download(ctx, page, "", "att_x", "", app.Begins)
		code(t, err, "data.erased")
		// Their pages say so, and the code stands there once, not in place of the name.
		data, err := w.OpenDataPage(ctx, page, "", "es")
		must(t, err)
		if data.ErasedOn.IsZero() || !data.Erased || data.Name != "" || data.Over || len(data.Blobs) > 0 {
			t.Errorf("the page of data: %+v", data)
		}
		// Nor does the company, by whatever verb: there is no key for it any more.
		_, err = w.AddNote(ctx, agent, c, "Era Marta")
		code(t, err, "erase.nothing_more")
		_, err = w.AddFile(ctx, agent, c, "marta.pdf", []byte("%PDF-1.7"))
		code(t, err, "erase.nothing_more")
		_, err = w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: cid, Received: w.today(t), What: "Marta se queja"})
		code(t, err, "erase.nothing_more")
		code(t, w.RecordReason(ctx, agent, app.ReasonInput{Case: c, Kind: reason.Stated, Code: "price", Text: "Marta"}), "erase.nothing_more")
		// What is left to do of the departure is done all the same, and told sealed.
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "last", Note: "El armario de Marta está vacío"}))
		eventually(t, "closed", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		if left := said(t, e, "marta", "almena"); len(left) > 0 {
			t.Errorf("who it was stands in %v", left)
		}
		if key, err := w.keys.KeyFor(ctx, string(cid), seal.Account); fault.CodeOf(err) != "key.destroyed" {
			t.Errorf("there is a new key %s: %v", key, err)
		}
		w.verifyLog(t)
	})
}

// A letter that waits for the mail system holds an address: it goes with the
// rest, and none goes out afterwards but the certificate.
func TestLettersThatWaitToBeSentAreErasedToo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		cid := w.lent(t)
		w.clear(t, cid)
		w.mail.stop("receipt")
		_, c, _ := w.request(t, "period_end")
		// And one about what was coming for their contract, which is of no departure.
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			coming := app.Message{ID: "msg_coming", Paper: app.NoticePaper, To: firstMail, Language: "es", State: "queued", QueuedAt: tx.Now(), HeaderID: "msg_coming@hasta"}
			subs, err := tx.SubscriptionsOf(ctx, cid)
			if err != nil {
				return err
			}
			if _, err := tx.InsertLawNotice(ctx, app.LawNotice{ID: "ntc_coming", Customer: cid, Subscription: subs[0].ID, Kind: limit.Renewal, EventDay: w.today(t).AddDays(9), Message: coming.ID, State: "queued"}); err != nil {
				return err
			}
			return tx.InsertMessage(ctx, coming)
		}))
		w.erased(t, c)
		letters, _, err := w.PageMessages(ctx, agent, app.MessageQuery{}, app.Place{Limit: 100})
		must(t, err)
		found, coming := false, false
		for _, m := range letters {
			if m.To != "" || m.Subject != "" || len(m.Body) > 0 {
				t.Errorf("a letter %s, %s, still says %q", m.Paper, m.State, m.To)
			}
			switch withheld := m.State == "withheld" && m.LastError == "notice.erased"; m.Paper {
			case "receipt":
				found = withheld
			case app.NoticePaper:
				coming = withheld
			}
		}
		if !coming {
			t.Error("the letter about what was coming was not taken back")
		}
		if !found {
			t.Error("the receipt that waited was not taken back")
		}
		w.mail.stop("")
		must(t, w.UntilQuiet(ctx))
		if n := w.mail.count("receipt"); n != 0 {
			t.Errorf("%d receipts after the erasure", n)
		}
		if left := said(t, e, "marta", "almena"); len(left) > 0 {
			t.Errorf("who it was stands in %v", left)
		}
	})
}

// Whoever asked twice, because nobody had answered yet, left a stream in the log
// for every time; and what nobody had looked at yet is theirs too.
func TestWhoAskedMoreThanOnceIsErasedToo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		w.clear(t, w.lent(t))
		_, c, page := w.request(t, "period_end")
		for range 2 {
			_, again, _ := w.request(t, "period_end")
			if again != c {
				t.Fatalf("asking again opened another departure: %s", again)
			}
		}
		unseen := offboarding.Request{
			ID: "req_unseen", Code: "HL-AAAA-BBBB", State: offboarding.RequestReceived, Channel: offboarding.Public, Name: "Marta Ibáñez",
			AccountEmail: "Marta@estudioalmena.example", ReceiptEmail: "casa@marta.example", When: offboarding.PeriodEnd, Language: "es", Nonce: "unseen",
		}
		must(t, w.store.Tx(t.Context(), func(tx app.Tx) error {
			unseen.ReceivedAt = tx.Now()
			_, _, err := tx.InsertRequest(t.Context(), unseen)
			return err
		}))
		w.erased(t, c)
		must(t, w.store.View(t.Context(), func(tx app.Tx) error {
			r, err := tx.FindRequest(t.Context(), unseen.ID)
			if err == nil && (r.Name != "" || r.AccountEmail != "" || r.Case != c) {
				t.Errorf("what nobody had looked at is still there: %+v", r)
			}
			return err
		}))
		p, err := w.OpenCertificate(t.Context(), page, "es")
		must(t, err)
		// The customer, the departure and four requests.
		if len(p.Certificate.Keys) != 6 || p.Certificate.Entries < 20 || p.Proof == nil {
			t.Errorf("%d keys, %d entries: %+v", len(p.Certificate.Keys), p.Certificate.Entries, p.Certificate)
		}
	})
}

// An import that looked before the erasure was committed, and writes after it,
// does not bring back whoever was erased; nor does one that looked long before.
func TestAnImportThatLookedBeforeTheErasureDoesNotBringThemBack(t *testing.T) {
	t.Parallel()
	m, err := ingest.LoadMap("m.yaml", []byte("as_of: 2026-11-01\nfields:\n"+
		"  customer.reference: {column: id}\n  customer.name: {column: name}\n  contact.email: {column: mail}\n  contact.name: {column: name}\n"))
	must(t, err)
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		w.clear(t, w.lent(t))
		_, c, _ := w.request(t, "period_end")
		looked, imported := make(chan struct{}), make(chan error, 1)
		var rep app.ImportReport
		var refused []string
		var once sync.Once
		ctx := context.WithValue(t.Context(), afterView{}, func() { once.Do(func() { close(looked) }) })
		var begin sync.Once // a transaction may be run again
		come := func() {
			begin.Do(func() {
				go func() {
					var err error
					rep, err = w.ImportCustomers(ctx, app.ImportInput{
						Source: strings.NewReader("id,name,mail\nN-1,Quien sea,MARTA@estudioalmena.example\nN-2,Otra,otra@x.example\n"), Map: m,
						Reject: func(r ingest.RowError) error { refused = append(refused, r.Fault.Code); return nil },
					})
					imported <- err
				}()
			})
			<-looked // the erasure is not committed yet: whoever looks does not see it
		}
		w.between.erasing.Store(&come)
		w.approved(t, c)
		must(t, <-imported)
		eventually(t, "erased", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
		w.mail.wait(t, "certificate", firstMail)
		must(t, w.UntilQuiet(ctx))
		if rep.Changed != 1 || !slices.Equal(refused, []string{"csv.erased"}) {
			t.Errorf("%+v, refused: %v", rep, refused)
		}
		if left := said(t, e, "marta", "almena"); len(left) > 0 {
			t.Errorf("they are back in %v", left)
		}
	})
}

// Whoever was erased comes back by no file and no program, under none of the
// names that they went by; and by hand they may.
func TestAnImportDoesNotBringBackWhoWasErased(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		cid := w.lent(t)
		must(t, w.AddExternalID(ctx, agent, app.ExternalInput{Customer: cid, System: "crm", Value: "CRM-0061"}))
		// They left once before, and a file told why.
		past := w.today(t).AddMonths(-2)
		left := func(reference, email string) string {
			return fmt.Sprintf("%s,Estudio,%s,%02d/%02d/%d,,Rival inconfundible,LEFT-1,01/01/2020,9.00\n", reference, email, past.Day, past.Month, past.Year)
		}
		if rep, out := w.importLeft(t, left("FE-20418", ""), false); rep.Changed != 1 {
			t.Fatalf("%+v %+v", rep, out)
		}
		w.clear(t, cid)
		_, c, _ := w.request(t, "period_end")
		w.approved(t, c)
		eventually(t, "erased", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
		// What a file said of them then is gone too, the departure is not, and the
		// same file brings nobody back under any name.
		if where := said(t, e, "inconfundible"); len(where) > 0 {
			t.Errorf("what they said when they left before stands in %v", where)
		}
		var cases []offboarding.Case
		must(t, w.store.View(ctx, func(tx app.Tx) (err error) { cases, err = tx.CasesOf(ctx, cid); return err }))
		if !slices.ContainsFunc(cases, func(c offboarding.Case) bool { return c.Effective == past && c.State == offboarding.CaseClosed }) {
			t.Errorf("the departure of then: %+v", cases)
		}
		for _, again := range []string{left("FE-20418", ""), left("N-9", "MARTA@estudioalmena.example")} {
			if rep, out := w.importLeft(t, again, false); rep.Rejected != 1 || out[0].Fault.Code != "csv.erased" {
				t.Errorf("%s: %+v %+v", again, rep, out)
			}
		}
		row := func(reference, email string) ingest.Row {
			return ingest.Row{
				Customer: customer.Customer{Kind: customer.Person, Name: "Quien sea", Reference: reference},
				Contact:  customer.Contact{Name: "Quien sea", Email: email, Role: customer.Owner},
				Subscription: customer.Subscription{
					Reference: "S-" + reference, Product: "Faro", Amount: money.Amount{Minor: 100, Currency: "EUR"}, Interval: customer.Monthly,
					Start: when.Date{Year: 2026, Month: 1, Day: 1}, Status: customer.Active,
				},
			}
		}
		code(t, w.PutRows(ctx, []ingest.Row{row("FE-20418", "otra@x.example")}), "csv.erased")
		code(t, w.PutRows(ctx, []ingest.Row{row("N-1", "MARTA@estudioalmena.example")}), "csv.erased")
		must(t, w.PutRows(ctx, []ingest.Row{row("N-2", "otra@x.example")}))
		code(t, w.PutRows(ctx, []ingest.Row{row("N-2", firstMail)}), "csv.erased") // as a contact of somebody else
		in := app.CustomerInput{
			Kind: customer.Person, Name: "Marta", Reference: "N-3", Contacts: []app.ContactInput{{Name: "Marta", Email: firstMail, Role: customer.Owner}},
		}
		_, err := w.AddCustomer(ctx, app.Actor{ID: "key_crm", Scopes: []string{"customers:write"}}, in)
		code(t, err, "csv.erased")
		// Nor by and by: a customer of another name, who is then given theirs.
		crm := app.Actor{ID: "key_crm", Scopes: []string{"customers:write"}}
		other := w.customerOf(t, "N-2").ID
		_, err = w.AddContact(ctx, crm, app.ContactInput{Customer: other, Name: "Marta", Email: "Marta@EstudioAlmena.example", Role: customer.Billing})
		code(t, err, "csv.erased")
		code(t, w.AddExternalID(ctx, crm, app.ExternalInput{Customer: other, System: "crm", Value: "CRM-0061"}), "csv.erased")
		must(t, w.AddExternalID(ctx, crm, app.ExternalInput{Customer: other, System: "crm", Value: "CRM-0062"}))
		// What is left of their record stays as it is, for everybody.
		_, err = w.AddContact(ctx, agent, app.ContactInput{Customer: cid, Name: "Marta", Email: firstMail, Role: customer.Owner})
		code(t, err, "erase.nothing_more")
		_, err = w.AddAsset(ctx, agent, customer.Asset{Customer: cid, Reference: "A-1", Kind: "site", Name: "La web de Marta"})
		code(t, err, "erase.nothing_more")
		_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-1", Kind: customer.Invoice, About: "Marta", Amount: eur(1)})
		code(t, err, "erase.nothing_more")
		_, err = w.AddCustomer(ctx, agent, in)
		must(t, err)
	})
}
