package app_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// mapped is a file of SQLite with a data map.
const mapped = `
  crm:
    kind: sqlite
    file: "FILE"
    erase:
      contacts:
        title: {es: Fichas de contacto, en: Contact records}
        fields: [name, phone]
        category: contact
        role: controller
        basis: contract
        after: erase
        count: SELECT count(*) FROM contact WHERE owner = $1
        run: DELETE FROM contact WHERE owner = $1
      claims:
        title: {es: Reclamaciones, en: Complaints}
        fields: [text]
        category: communication
        role: controller
        basis: legal_claims
        after: block
        years: 3
        law: {es: "LOPDGDD, art. 32", en: "LOPDGDD, art. 32"}
        count: SELECT count(*) FROM claim WHERE owner = $1 AND blocked = 0
        run: UPDATE claim SET blocked = 1 WHERE owner = $1 AND blocked = 0
        blocked: SELECT count(*) FROM claim WHERE owner = $1 AND blocked = 1
        destroy: DELETE FROM claim WHERE owner = $1 AND blocked = 1
      invoices:
        title: {es: Facturas, en: Invoices}
        fields: [number]
        category: billing
        role: controller
        basis: legal_obligation
        after: keep
        years: 4
        law: {es: "Ley General Tributaria, art. 66", en: "General Tax Act, art. 66"}
        count: SELECT count(*) FROM invoice WHERE owner = $1
        destroy: DELETE FROM invoice WHERE owner = $1
`

// farAndOurs is forgetting, after what far systems hold.
var farAndOurs = strings.NewReplacer(
	"  - id: erase\n", "  - {id: far, kind: erase_systems, title: {es: \"Fuera\", en: \"Far\"}, after: [agree, export, ended], undo: {class: final}}\n  - id: erase\n",
	"after: [agree, export, ended]\n", "after: [far]\n").Replace(forgetting)

// endYear is the year in which a departure takes effect.
func endYear(t *testing.T, w *world, c offboarding.CaseID) int {
	t.Helper()
	v, err := w.OpenCase(t.Context(), privacy, c)
	must(t, err)
	return v.Plan.Case.Effective.Year
}

func TestWhatStaysIsDestroyedOnItsDayAndThenNothingIsLeft(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		ctx := t.Context()
		file := filepath.Join(t.TempDir(), "crm.db")
		crm, err := sql.Open("sqlite", file)
		must(t, err)
		defer crm.Close()
		for _, q := range []string{
			"CREATE TABLE contact (owner TEXT, name TEXT)", "CREATE TABLE claim (owner TEXT, what TEXT, blocked INTEGER NOT NULL DEFAULT 0)", "CREATE TABLE invoice (owner TEXT, number TEXT)",
		} {
			_, err := crm.ExecContext(ctx, q)
			must(t, err)
		}
		w := newWorldOn(t, e, farAndOurs, "", 10*time.Second, func(systems string) string { return systems + strings.Replace(mapped, "FILE", file, 1) })
		cid := w.lent(t, "site")
		var ref string
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			c, err := tx.FindCustomer(ctx, cid)
			ref = c.Reference
			return err
		}))
		for _, q := range []string{
			"INSERT INTO contact VALUES ($1, 'Marta'), ($1, 'Luis'), ('other', 'Eva')", "INSERT INTO claim (owner, what) VALUES ($1, 'lento'), ($1, 'caro'), ('other', 'feo')",
			"INSERT INTO invoice VALUES ($1, 'F-1'), ($1, 'F-2'), ($1, 'F-3'), ('other', 'F-4')",
		} {
			_, err := crm.ExecContext(ctx, q, ref)
			must(t, err)
		}
		rows := func(table string) (n int) {
			must(t, crm.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n))
			return n
		}
		_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-77-marta", Kind: customer.Invoice, About: "Avisos de Marta", Amount: eur(2472)})
		must(t, err)
		w.clear(t, cid)
		_, c, page := w.request(t, "period_end")
		plan, err := w.PlanErasure(ctx, privacy, c)
		must(t, err)
		counts := map[string]int{}
		for _, f := range plan.Far {
			counts[f.Holding] = f.Rows
		}
		if plan.Waits != "erase.still_customer" || plan.Tables["contact"] == 0 || plan.Tables["customer"] != 1 || plan.Sums == 0 || !maps.Equal(counts, map[string]int{"contacts": 2, "claims": 2, "invoices": 3}) {
			t.Fatalf("the dry run: %+v", plan)
		}
		fates := map[string]string{}
		for _, l := range plan.Lines() {
			fates[l.System+"/"+l.What] = strings.TrimSpace(string(l.Fate) + " " + l.Basis + " " + l.Until.String())
		}
		end := func(years int) string { return strconv.Itoa(endYear(t, w, c)+years) + "-12-31" }
		for what, fate := range map[string]string{
			"house/contact": "erase", "house/sums": "block legal_obligation " + end(6), "house/log": "keep legal_claims", "house/fingerprint": "keep legal_obligation",
			"crm/contacts": "erase contract", "crm/claims": "block legal_claims " + end(3), "crm/invoices": "keep legal_obligation " + end(4),
		} {
			if fates[what] != fate {
				t.Errorf("%s: %q, not %q", what, fates[what], fate)
			}
		}
		if plan.Keys == 0 || plan.Backups.IsZero() || len(plan.Held) > 0 {
			t.Errorf("keys, backups and orders: %+v", plan)
		}
		if _, err := w.PlanErasure(ctx, agent, c); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an agent sees what would be erased: %v", err)
		}
		if got := [3]int{rows("contact"), rows("claim"), rows("invoice")}; got != [3]int{3, 3, 4} || len(said(t, e, "marta")) == 0 {
			t.Fatalf("the dry run changed something: %v", got)
		}
		// They let their address be kept for one letter, when the last of it is destroyed.
		if k := w.keptAddress(t, page); k == nil || !k.Asking || k.MayBack || k.Told || k.Back {
			t.Fatalf("the page asks %+v", k)
		}
		if err := w.AllowAddress(ctx, app.AddressInput{Token: page, Told: true}); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("allowed what nobody read: %v", err)
		}
		allow := func(told, back bool) error {
			return w.AllowAddress(ctx, app.AddressInput{Token: page, Told: told, Back: back, Wording: "Avisadme", Language: "es"})
		}
		must(t, allow(true, true))
		if k := w.keptAddress(t, page); !k.Told || k.Back {
			t.Fatalf("a letter that was not allowed keeps an address: %+v", k)
		}
		w.approved(t, c)
		eventually(t, "erased and looked at", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
		if got := [3]int{rows("contact"), rows("claim"), rows("invoice")}; got != [3]int{1, 3, 4} {
			t.Fatalf("the far system holds %v", got)
		}
		letter := w.mail.wait(t, "certificate", firstMail)
		grounds := map[string]string{}
		for _, f := range letter.Certificate.Far {
			grounds[f.Holding] = f.Ground
		}
		if want := map[string]string{"contacts": "", "claims": "legal_obligation", "invoices": "legal_obligation"}; !maps.Equal(grounds, want) || letter.Certificate.Blocks != "LOPDGDD, art. 32.1" {
			t.Errorf("what stays at far systems does so by %v, blocked by %q", grounds, letter.Certificate.Blocks)
		}
		year := letter.Case.Effective.Year
		type told struct {
			holding string
			after   connector.After
			rows    int
			until   when.Date
		}
		var far []told
		for _, f := range letter.Certificate.Far {
			far = append(far, told{f.Holding, f.After, f.Rows, f.Until})
			if f.Titles["es"] == "" || f.Proof != app.ProofVerified || f.System != "crm" {
				t.Errorf("%+v", f)
			}
		}
		slices.SortFunc(far, func(a, b told) int { return strings.Compare(a.holding, b.holding) })
		if want := []told{
			{"claims", connector.Block, 2, when.Date{Year: year + 3, Month: 12, Day: 31}}, {"contacts", connector.Erase, 2, when.Date{}}, {"invoices", connector.Keep, 3, when.Date{Year: year + 4, Month: 12, Day: 31}},
		}; !slices.Equal(far, want) {
			t.Fatalf("the certificate tells of %+v", far)
		}
		if k := letter.Certificate.Address; k == nil || !k.Told || k.Back || k.Until != (when.Date{Year: year + 6, Month: 12, Day: 31}).AddDays(30) {
			t.Errorf("the certificate tells of the address: %+v", k)
		}
		if err := allow(false, false); fault.CodeOf(err) != "address.over" {
			t.Errorf("said after the erasure: %v", err)
		}
		w.quietly(t) // that the letter went out is written down, and its address with it
		if at := said(t, e, "marta", strings.ToLower(ref)); len(at) > 0 {
			t.Fatalf("who it was stands in %v", at)
		}

		list, err := w.ListRetained(ctx, privacy, c)
		must(t, err)
		if len(list) != 3 {
			t.Fatalf("there stay %+v", list)
		}
		sums := list[slices.IndexFunc(list, func(r app.RetainedView) bool { return r.System == "house" })].ID
		claims := list[slices.IndexFunc(list, func(r app.RetainedView) bool { return r.Holding == "claims" })].ID

		// What is blocked comes out by two people, with a reference, once.
		second := app.Actor{ID: "usr_second", Roles: []string{"privacy"}}
		if _, err := w.Release(ctx, second, c, sums); fault.CodeOf(err) != "retained.not_asked" {
			t.Fatalf("had out without asking: %v", err)
		}
		if err := w.AskRelease(ctx, agent, c, sums, "Juzgado 3, 12/2027"); fault.KindOf(err) != fault.Forbidden {
			t.Fatalf("an agent asks: %v", err)
		}
		if err := w.AskRelease(ctx, privacy, c, claims, "Juzgado 3, 12/2027"); fault.CodeOf(err) != "retained.elsewhere" {
			t.Fatalf("asking for what is elsewhere: %v", err)
		}
		must(t, w.AskRelease(ctx, privacy, c, sums, "Juzgado 3, 12/2027"))
		if _, err := w.Release(ctx, privacy, c, sums); fault.CodeOf(err) != "approval.same_person" {
			t.Fatalf("one person alone has it out: %v", err)
		}
		out, err := w.Release(ctx, second, c, sums)
		must(t, err)
		for _, word := range []string{"Marta", "F-77-marta", "Juzgado 3", ref} {
			if !strings.Contains(string(out), word) {
				t.Errorf("what was had out does not say %s: %s", word, out)
			}
		}
		if _, err := w.Release(ctx, second, c, sums); fault.CodeOf(err) != "retained.not_asked" {
			t.Fatalf("had out twice: %v", err)
		}
		if at := said(t, e, "marta", "juzgado"); len(at) > 0 {
			t.Fatalf("having it out left %v", at)
		}

		// The day of each comes; what is held waits for its hold.
		must(t, w.HoldRetained(ctx, privacy, c, sums, "Pleito 77"))
		if err := w.HoldRetained(ctx, privacy, c, sums, "Pleito 78"); fault.CodeOf(err) != "retained.held" {
			t.Fatalf("held twice: %v", err)
		}
		gone := func(rows map[string]int) bool {
			list, err := w.ListRetained(ctx, privacy, c)
			must(t, err)
			return !slices.ContainsFunc(list, func(r app.RetainedView) bool { return r.DestroyedAt.IsZero() != (rows[r.Holding] > 0) })
		}
		zone := letter.Case.Zone
		at, err := time.LoadLocation(zone)
		must(t, err)
		must(t, w.PushClock(ctx, "", when.Date{Year: year + 4, Month: 1, Day: 1}.Start(at)))
		eventually(t, "the complaints are destroyed", func() bool { return gone(map[string]int{"sums": 1, "invoices": 3}) })
		must(t, w.PushClock(ctx, "", when.Date{Year: year + 7, Month: 1, Day: 2}.Start(at)))
		eventually(t, "the invoices are destroyed", func() bool { return gone(map[string]int{"sums": 1}) })
		if got := [3]int{rows("contact"), rows("claim"), rows("invoice")}; got != [3]int{1, 1, 1} {
			t.Fatalf("the far system holds %v", got)
		}
		must(t, w.LiftHold(ctx, privacy, c, sums))
		eventually(t, "nothing stays", func() bool { return gone(nil) })
		var done app.Erasure
		eventually(t, "the second certificate", func() bool {
			must(t, w.store.View(ctx, func(tx app.Tx) (err error) { done, err = tx.FindErasure(ctx, c); return err }))
			return !done.CompletedAt.IsZero()
		})
		// The address that was kept for it is written to, once, and forgotten with its key.
		destroyed := w.mail.wait(t, app.DestroyedPaper, firstMail)
		if destroyed.Completed.IsZero() || len(destroyed.Stayed) != 3 || destroyed.Proof == nil {
			t.Errorf("the last letter: %+v", destroyed)
		}
		eventually(t, "the address is forgotten", func() bool { return w.logged(t, "address.forgotten") == 1 && w.keyGone(t, cid, "consented") })
		w.quietly(t)
		if k := w.keptAddress(t, page); k == nil || k.Kept || k.Told || k.Gone.IsZero() {
			t.Errorf("the page says of the address %+v", k)
		}
		if at := said(t, e, firstMail); len(at) > 0 {
			t.Errorf("the address stands in %v", at)
		}
		// The page still tells it, years later, and the file is the one that the log has.
		eventually(t, "the page proves the second certificate", func() bool {
			p, err := w.OpenCertificate(ctx, page, "es")
			must(t, err)
			return !p.Completed.IsZero() && p.Proof != nil
		})
		_, raw, err := w.CertificateFile(ctx, page)
		must(t, err)
		var last app.Completed
		must(t, json.Unmarshal(raw, &last))
		if len(last.Destroyed) != 3 || slices.ContainsFunc(last.Destroyed, func(s app.Stayed) bool { return s.DestroyedAt.IsZero() }) {
			t.Errorf("the second certificate: %s", raw)
		}
		sum := sha256.Sum256(raw)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		logged := ""
		for _, x := range v.Timeline {
			if x.Type == "certificate.completed" {
				logged, _ = x.Args["sha256"].(string)
			}
		}
		if logged != hex.EncodeToString(sum[:]) {
			t.Errorf("the log has another second certificate: %q", logged)
		}
		must(t, w.PushClock(ctx, "", done.CompletedAt.AddDate(2, 0, 0)))
		if _, _, err := w.CertificateFile(ctx, page); fault.CodeOf(err) != "link.expired" {
			t.Errorf("two years after the second certificate: %v", err)
		}
		if _, err := w.keys.KeyFor(ctx, string(cid), "blocked"); fault.CodeOf(err) != "key.destroyed" {
			t.Errorf("the key of what was blocked: %v", err)
		}
		if at := said(t, e, "f-77"); len(at) > 0 {
			t.Errorf("the number of an invoice stands in %v", at)
		}
		if w.logged(t, "certificate.completed") != 1 || w.logged(t, "retained.destroyed") != 3 || w.logged(t, "retained.released") != 1 {
			t.Error("the log does not say what was done, once each")
		}
	})
}
