package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// erasing is the shortest departure at whose end everything is erased.
const erasing = `
playbook: erasing
title: {es: Borrar, en: Erase, de: Löschen, fr: Effacer}
retrieval: {d: 2}
steps:
  - {id: confirm, kind: confirm, title: {es: Uno, en: One, de: Eins, fr: Un}}
  - {id: export, kind: export_data, title: {es: Dos, en: Two, de: Zwei, fr: Deux}, after: [confirm]}
  - {id: effective, kind: wait, title: {es: Tres, en: Three, de: Drei, fr: Trois}, after: [confirm], params: {until: effective}}
  - {id: window, kind: wait, title: {es: Cuatro, en: Four, de: Vier, fr: Quatre}, after: [effective, export], params: {until: end_of_retrieval}}
  - {id: agree, kind: approve, title: {es: Cinco, en: Five, de: Fünf, fr: Cinq}, after: [window], role: privacy, due: {d: 5, from: window}, escalate: {d: 1, to: admin}}
  - id: erase
    kind: erase_record
    title: {es: Seis, en: Six, de: Sechs, fr: Six}
    after: [agree]
    params: {keep_years: "6", keep_why_es: "Código de Comercio, art. 30", keep_why_en: "Commercial Code, art. 30", keep_why_de: "Handelsgesetz, Art. 30", keep_why_fr: "Code de commerce, art. 30", backup_days: "30"}
    undo: {class: final}
    milestone: certified
`

// record is one record that was ever made of somebody.
type record struct {
	id     customer.ID
	leaves offboarding.CaseID // their departure; empty: none
}

// remembers is what a database knows: a backup takes it back to then.
type remembers struct {
	records map[int][]record // of each person, in the order in which they were made
	silent  map[int]bool
	allowed map[offboarding.CaseID]bool // consents that hold
}

func (r remembers) clone() remembers {
	c := remembers{map[int][]record{}, maps.Clone(r.silent), maps.Clone(r.allowed)}
	for i, list := range r.records {
		c.records[i] = slices.Clone(list)
	}
	return c
}

// wanderer does random things to three people in a house, and knows what must be true
// of them.
type wanderer struct {
	place
	h      *house
	random *rand.Rand
	n      int // of files and names that were made
	now    remembers
	copies []copied
	story  []string
	// What no backup takes back.
	erased  map[customer.ID]bool
	buried  map[int]bool // somebody of that name was erased
	hushed  map[int]bool // they asked for silence, and did not lift it
	revoked map[offboarding.CaseID]bool
}

type copied struct {
	file string
	then remembers
}

// TestNothingBringsBackWhoWasErasedOrWantsSilence walks through imports, programs,
// departures, erasures, silence, consents, backups and restores in random order: of
// whoever was erased nothing is there but by their own will, and whoever wants silence
// is not asked back, whatever came in between.
func TestNothingBringsBackWhoWasErasedOrWantsSilence(t *testing.T) {
	t.Parallel()
	seeds := []uint64{7, 12, 50} // in each somebody is erased of whom the backup that comes back knows nothing
	if os.Getenv("HASTA_STORIES") == "full" {
		seeds = make([]uint64, 60)
		for i := range seeds {
			seeds[i] = uint64(i)
		}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &wanderer{
				place: aPlace(t, testkit.Engine{Name: "sqlite", URL: filepath.Join(t.TempDir(), "hasta.db")}), random: rand.New(rand.NewPCG(seed, 9)),
				now:    remembers{map[int][]record{}, map[int]bool{}, map[offboarding.CaseID]bool{}},
				erased: map[customer.ID]bool{}, buried: map[int]bool{}, hushed: map[int]bool{}, revoked: map[offboarding.CaseID]bool{},
			}
			ok(t, os.WriteFile(w.file("erasing.yaml"), []byte(erasing), 0o600))
			ok(t, os.WriteFile(w.file(configName), []byte("public_url: http://127.0.0.1\nplaybook: "+w.file("erasing.yaml")+"\ncompany: {name: Faro, email: bajas@faro.example, zone: Europe/Madrid}\nengine: {workers: 2, poll: 20ms}\n"), 0o600))
			w.openHouse()
			defer func() { w.h.close() }()
			defer func() {
				if t.Failed() {
					t.Logf("seed %d:\n%s", seed, strings.Join(w.story, "\n"))
				}
			}()
			w.imports(0)
			for range 30 {
				w.step()
				w.look()
				if t.Failed() {
					return
				}
			}
			if len(w.erased) == 0 || len(w.copies) == 0 {
				t.Errorf("nothing was tried: %d erased, %d backups", len(w.erased), len(w.copies))
			}
		})
	}
}

func (w *wanderer) openHouse() {
	w.t.Helper()
	cfg, err := common{Dir: w.dir, Database: w.url}.load()
	ok(w.t, err)
	w.h, err = build(w.t.Context(), cfg, newLog(io.Discard, "error", ""), nil)
	ok(w.t, err)
}

func (w *wanderer) tell(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

// step does one thing that may be done.
func (w *wanderer) step() {
	w.t.Helper()
	i := w.random.IntN(3)
	switch w.random.IntN(12) {
	case 0, 1, 2:
		w.imports(i)
	case 3:
		w.program(i)
	case 4:
		w.ownWill(i)
	case 5, 6:
		w.erase(i)
	case 7:
		w.silence(i, w.random.IntN(3) > 0)
	case 8:
		w.consent(i, w.random.IntN(2) > 0)
	case 9:
		w.backup()
	default:
		w.restore()
	}
}

// nameOf is by what somebody goes, everywhere.
func nameOf(i int) string { return fmt.Sprintf("zarzaparrilla%d", i) }

func addressOf(i int) string { return nameOf(i) + "@casa.example" }

// live is the newest record of somebody that is not erased.
func (w *wanderer) live(i int) *record {
	for n, r := range slices.Backward(w.now.records[i]) {
		if !w.erased[r.id] {
			return &w.now.records[i][n]
		}
	}
	return nil
}

func (w *wanderer) expect(err error, codes ...string) {
	w.t.Helper()
	if got := fault.CodeOf(err); err == nil && !slices.Contains(codes, "") || err != nil && !slices.Contains(codes, got) {
		w.t.Errorf("%v, wanted one of %q", err, codes)
	}
}

// found writes down a record that was just made.
func (w *wanderer) found(i int, reference string) {
	w.t.Helper()
	ok(w.t, w.h.store.View(w.t.Context(), func(tx app.Tx) error {
		c, err := tx.FindCustomerByReference(w.t.Context(), reference)
		if err == nil && !slices.ContainsFunc(w.now.records[i], func(r record) bool { return r.id == c.ID }) {
			w.now.records[i] = append(w.now.records[i], record{id: c.ID})
		}
		return err
	}))
}

// imports has a file name somebody by their number, or by their address under another.
func (w *wanderer) imports(i int) {
	w.t.Helper()
	w.n++
	reference, address := "R-"+nameOf(i), strings.ToUpper(addressOf(i))
	if w.random.IntN(2) == 0 {
		reference = fmt.Sprintf("N-%d-%d", w.n, i)
	}
	known := false
	ok(w.t, w.h.store.View(w.t.Context(), func(tx app.Tx) error {
		_, err := tx.FindCustomerByReference(w.t.Context(), reference)
		if known = err == nil; fault.KindOf(err) == fault.NotFound {
			err = nil
		}
		return err
	}))
	err := w.h.app.PutRows(w.t.Context(), []ingest.Row{{
		Customer: customer.Customer{Kind: customer.Person, Name: nameOf(i), Reference: reference},
		Contact:  customer.Contact{Name: nameOf(i), Email: address, Role: customer.Owner},
		Subscription: customer.Subscription{
			Reference: "S-" + reference, Product: "Faro", Amount: money.Amount{Minor: 100, Currency: "EUR"}, Interval: customer.Monthly,
			Start: when.Date{Year: 2026, Month: 1, Day: 1}, Status: customer.Active,
		},
	}})
	w.tell("import %s: %v", reference, err)
	if w.buried[i] && !known { // by hand they may have come back: then it is about the record that is there
		w.expect(err, "csv.erased")
		return
	}
	if w.expect(err, ""); err == nil {
		w.found(i, reference)
	}
}

// program has a key of the interface add somebody.
func (w *wanderer) program(i int) {
	w.t.Helper()
	w.n++
	reference := fmt.Sprintf("P-%d-%d", w.n, i)
	_, err := w.h.app.AddCustomer(w.t.Context(), app.Actor{ID: "key_crm", Scopes: []string{"customers:write"}}, w.input(i, reference))
	w.tell("program %s: %v", reference, err)
	if w.buried[i] {
		w.expect(err, "csv.erased")
		return
	}
	if w.expect(err, ""); err == nil {
		w.found(i, reference)
	}
}

// ownWill has a person enter somebody who came by themselves.
func (w *wanderer) ownWill(i int) {
	w.t.Helper()
	w.n++
	reference := fmt.Sprintf("H-%d-%d", w.n, i)
	_, err := w.h.app.AddCustomer(w.t.Context(), everyRole, w.input(i, reference))
	w.tell("own will %s: %v", reference, err)
	ok(w.t, err)
	w.found(i, reference)
}

func (w *wanderer) input(i int, reference string) app.CustomerInput {
	return app.CustomerInput{
		Kind: customer.Person, Name: nameOf(i), Reference: reference, Contacts: []app.ContactInput{{Name: nameOf(i), Email: addressOf(i), Role: customer.Owner}},
		Subscriptions: []app.SubscriptionInput{{Reference: "S-" + reference, Product: "Faro", Interval: customer.Monthly, Amount: money.Amount{Minor: 100, Currency: "EUR"}, Start: when.Date{Year: 2026, Month: 1, Day: 1}}},
	}
}

// leave has somebody's newest record leave, where it does not yet.
func (w *wanderer) leave(r *record) {
	w.t.Helper()
	if r.leaves != "" {
		return
	}
	w.n++
	c, err := w.h.app.RegisterOnBehalf(w.t.Context(), everyRole, app.BehalfInput{Customer: r.id, Channel: "phone", Reference: fmt.Sprint(w.n), When: "period_end", Proof: "DNI"})
	ok(w.t, err)
	r.leaves = c
	w.tell("%s leaves in %s", r.id, c)
}

// erase brings every record of somebody to its end, each by its departure.
func (w *wanderer) erase(i int) {
	w.t.Helper()
	for r := w.live(i); r != nil; r = w.live(i) {
		w.leave(r)
		w.t.Helper()
		ok(w.t, w.h.while(w.t.Context(), func(ctx context.Context) error { return w.end(ctx, r.leaves) }))
		w.tell("%s is erased", r.id)
		w.erased[r.id], w.buried[i] = true, true
		delete(w.now.allowed, r.leaves)
	}
}

// end pushes the clock until a departure has erased.
func (w *wanderer) end(ctx context.Context, c offboarding.CaseID) error {
	state := func(step string) (s offboarding.StepState, err error) {
		err = w.h.store.View(ctx, func(tx app.Tx) error {
			p, err := tx.FindPlan(ctx, c)
			if err == nil {
				s = p.Step(step).State
			}
			return err
		})
		return s, err
	}
	for range 60 {
		for busy := 1; busy > 0; {
			if err := w.h.store.View(ctx, func(tx app.Tx) (err error) { busy, err = tx.Busy(ctx); return err }); err != nil {
				return err
			}
			time.Sleep(5 * time.Millisecond)
		}
		agree, err := state("agree")
		if err != nil {
			return err
		}
		if agree == offboarding.StepReady {
			if err := w.billed(ctx, c); err != nil {
				return err
			}
			if err := w.h.app.Approve(ctx, desk, c, "agree", true, "De acuerdo"); err != nil {
				return err
			}
			continue
		}
		if s, err := state("erase"); err != nil {
			return err
		} else if s == offboarding.StepVerified {
			return w.certified(ctx, c)
		}
		next, err := w.h.app.NextTimer(ctx)
		if err != nil {
			return err
		}
		if !next.IsZero() {
			if err := w.h.app.PushClock(ctx, "", next); err != nil {
				return err
			}
		}
	}
	return w.h.store.View(ctx, func(tx app.Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		var at []string
		for _, s := range p.Steps {
			at = append(at, fmt.Sprintf("%s %s (%s)", s.ID, s.State, s.Note))
		}
		return fmt.Errorf("the record was not erased: %s", strings.Join(at, ", "))
	})
}

// certified waits until the certificate is a file, and says that somebody sent it: it
// goes then.
func (w *wanderer) certified(ctx context.Context, c offboarding.CaseID) error {
	for range 2000 {
		var list []app.Message
		if err := w.h.store.View(ctx, func(tx app.Tx) (err error) { list, err = tx.ListMessages(ctx, c, 1000); return err }); err != nil {
			return err
		}
		for _, m := range list {
			if m.Paper == "certificate" && m.State != "queued" {
				return w.h.app.MarkSent(ctx, everyRole, m.ID)
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.New("the certificate was not written")
}

// billed has the contracts of a departure end, as the billing system would say it.
func (w *wanderer) billed(ctx context.Context, c offboarding.CaseID) error {
	return w.h.store.Tx(ctx, func(tx app.Tx) error {
		x, err := tx.FindCase(ctx, c)
		if err != nil {
			return err
		}
		subs, err := tx.SubscriptionsOf(ctx, x.Customer)
		if err != nil {
			return err
		}
		for _, s := range subs {
			was := s.Status
			s.Status = customer.Ended
			if err := tx.SaveSubscription(ctx, s, was); err != nil {
				return err
			}
		}
		return nil
	})
}

// link makes a link as a letter carries it.
func (w *wanderer) link(c offboarding.CaseID, purpose string) string {
	w.t.Helper()
	made := id.Token()
	hash := sha256.Sum256([]byte(made))
	ok(w.t, w.h.store.Tx(w.t.Context(), func(tx app.Tx) error {
		return tx.InsertLink(w.t.Context(), app.Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hex.EncodeToString(hash[:]), Purpose: purpose, Case: c, CreatedAt: tx.Now(), ExpiresAt: tx.Now().AddDate(9, 0, 0),
		})
	}))
	return made
}

// silence has somebody who leaves ask for it, or lift it.
func (w *wanderer) silence(i int, ask bool) {
	w.t.Helper()
	r := w.live(i)
	if r == nil {
		return
	}
	w.leave(r)
	token := w.link(r.leaves, "silence")
	page, err := w.h.app.OpenSilencePage(w.t.Context(), token)
	ok(w.t, err)
	if !ask {
		ok(w.t, w.h.app.LiftSilence(w.t.Context(), token))
		if page.Silent { // else there was nothing to lift
			w.hushed[i] = false
		}
		w.tell("%s lifts silence that held: %v", r.id, page.Silent)
		return
	}
	ok(w.t, w.h.app.AskSilence(w.t.Context(), token))
	w.hushed[i] = true
	w.tell("%s asks for silence", r.id)
}

// consent has somebody who leaves allow a letter, or take that back.
func (w *wanderer) consent(i int, give bool) {
	w.t.Helper()
	r := w.live(i)
	if r == nil {
		return
	}
	w.leave(r)
	token := w.link(r.leaves, "case")
	if !give {
		ok(w.t, w.h.app.RevokeConsent(w.t.Context(), token))
		if w.now.allowed[r.leaves] {
			w.revoked[r.leaves] = true
			delete(w.now.allowed, r.leaves)
		}
		w.tell("%s revokes", r.id)
		return
	}
	err := w.h.app.AnswerConsent(w.t.Context(), app.ConsentInput{Token: token, Given: true, Wording: "Sí", Language: "es"})
	w.tell("%s allows: %v", r.id, err)
	if w.expect(err, "", "consent.answered"); err == nil {
		w.now.allowed[r.leaves] = true
		delete(w.revoked, r.leaves) // a backup took them back to before they were asked
	}
}

func (w *wanderer) backup() {
	w.t.Helper()
	w.n++
	w.h.sequencer.Batch(w.t.Context())
	file := w.file(fmt.Sprintf("copy-%d.hasta", w.n))
	w.must("backup", file)
	w.copies = append(w.copies, copied{file, w.now.clone()})
	w.tell("backup %d", len(w.copies))
}

// restore goes back to one of the backups, in a new database.
func (w *wanderer) restore() {
	w.t.Helper()
	if len(w.copies) == 0 {
		w.backup()
		return
	}
	w.n++
	n := w.random.IntN(len(w.copies))
	w.tell("restore %d", n+1)
	w.h.close()
	w.url = w.file(fmt.Sprintf("new-%d.db", w.n))
	w.must("restore", w.copies[n].file, "--reason", "x")
	w.must("release")
	w.openHouse()
	w.now = w.copies[n].then.clone()
	w.copies = w.copies[:n+1] // the log of the later ones was given up
	for c := range w.revoked {
		delete(w.now.allowed, c)
	}
}

// look checks what must be true of everybody now.
func (w *wanderer) look() {
	w.t.Helper()
	ctx := w.t.Context()
	for i := range 3 {
		if w.live(i) == nil && w.buried[i] {
			if at := w.stands(nameOf(i)); len(at) > 0 {
				w.t.Errorf("who was erased stands in %v", at)
			}
		}
	}
	page, err := w.h.app.OpenWinback(ctx, everyRole, winback.Filter{})
	ok(w.t, err)
	for i := range 3 {
		for _, r := range w.now.records[i] {
			for _, l := range page.Leavers {
				if l.Case.Customer != r.id {
					continue
				}
				if w.hushed[i] && l.Reachable() {
					w.t.Errorf("%s wants silence, and may be asked back", r.id)
				}
				if w.revoked[l.Case.ID] {
					w.t.Errorf("%s took back what they allowed, and is asked back", r.id)
				}
			}
		}
	}
}

// stands are the tables in which a word stands.
func (w *wanderer) stands(word string) (out []string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.url+"?_pragma=busy_timeout(10000)")
	ok(w.t, err)
	defer db.Close()
	rows, err := db.QueryContext(w.t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	ok(w.t, err)
	var tables []string
	for rows.Next() {
		var t string
		ok(w.t, rows.Scan(&t))
		tables = append(tables, t)
	}
	ok(w.t, rows.Err())
	for _, table := range tables {
		rows, err := db.QueryContext(w.t.Context(), `SELECT * FROM "`+table+`"`)
		ok(w.t, err)
		columns, err := rows.Columns()
		ok(w.t, err)
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(sql.RawBytes)
			}
			ok(w.t, rows.Scan(cells...))
			for i, cell := range cells {
				if strings.Contains(strings.ToLower(string(*cell.(*sql.RawBytes))), word) {
					out = append(out, table+"."+columns[i])
				}
			}
		}
		ok(w.t, rows.Err())
	}
	return out
}
