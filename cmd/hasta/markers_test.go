package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// farMaps are the data maps of a PostgreSQL, an SQLite, a store and a folder.
const farMaps = `
  crm:
    kind: postgres
    url: "file:DIR/crm.url"
    allow: [127.0.0.1/32]
    erase:
      contacts:
        title: {es: Fichas, en: Records}
        fields: [name]
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
  till:
    kind: sqlite
    file: "DIR/till.db"
    erase:
      invoices:
        title: {es: Facturas, en: Invoices}
        fields: [number]
        category: billing
        role: controller
        basis: legal_obligation
        after: keep
        years: 4
        law: {es: "Ley General Tributaria, art. 66", en: "General Tax Act, art. 66"}
        count: SELECT count(*) FROM claim WHERE owner = $1
        destroy: DELETE FROM claim WHERE owner = $1
      contacts:
        title: {es: Fichas, en: Records}
        fields: [name]
        category: contact
        role: controller
        basis: contract
        after: erase
        count: SELECT count(*) FROM contact WHERE owner = $1
        run: DELETE FROM contact WHERE owner = $1
  store:
    kind: s3
    base_url: BASE
    access_key: KEY
    secret_key: "file:DIR/store.secret"
    allow: [127.0.0.1/32]
    erase:
      drawings:
        title: {es: Planos, en: Drawings}
        fields: [objects]
        category: content
        role: processor
        basis: contract
        after: erase
        bucket: acme
        prefix: "drawings/{owner}/"
      contracts:
        title: {es: Contratos, en: Contracts}
        fields: [objects]
        category: content
        role: controller
        basis: legal_claims
        after: keep
        years: 5
        law: {es: "Código Civil, art. 1964", en: "Civil Code, art. 1964"}
        bucket: acme
        prefix: "contracts/{owner}/"
  share:
    kind: folder
    root: "DIR/share"
    erase:
      files:
        title: {es: Ficheros, en: Files}
        fields: [files]
        category: content
        role: processor
        basis: contract
        after: erase
        path: "{owner}"
`

// leaving is a departure at whose end everything is erased.
const leaving = `
playbook: leaving
title: {es: Borrar, en: Erase, de: Löschen, fr: Effacer}
retrieval: {d: 2}
steps:
  - {id: confirm, kind: confirm, title: {es: Uno, en: One, de: Eins, fr: Un}}
  - {id: stop, kind: cancel_billing, title: {es: Dos, en: Two, de: Zwei, fr: Deux}, after: [confirm], params: {system: billing}}
  - {id: export, kind: export_data, title: {es: Tres, en: Three, de: Drei, fr: Trois}, after: [confirm]}
  - {id: effective, kind: wait, title: {es: Cuatro, en: Four, de: Vier, fr: Quatre}, after: [stop], params: {until: effective}}
  - {id: ended, kind: verify_billing, title: {es: Cinco, en: Five, de: Fünf, fr: Cinq}, after: [effective], params: {system: billing}}
  - {id: window, kind: wait, title: {es: Seis, en: Six, de: Sechs, fr: Six}, after: [effective, export], params: {until: end_of_retrieval}}
  - {id: agree, kind: approve, title: {es: Siete, en: Seven, de: Sieben, fr: Sept}, after: [window], role: privacy, due: {d: 5, from: window}, escalate: {d: 1, to: admin}}
  - {id: far, kind: erase_systems, title: {es: Fuera, en: Far, de: Draußen, fr: Dehors}, after: [agree, export, ended], undo: {class: final}}
  - id: erase
    kind: erase_record
    title: {es: Ocho, en: Eight, de: Acht, fr: Huit}
    after: [far]
    params: {keep_years: "6", keep_why_es: "Código de Comercio, art. 30", keep_why_en: "Commercial Code, art. 30", keep_why_de: "Handelsgesetz, Art. 30", keep_why_fr: "Code de commerce, art. 30", backup_days: "30"}
    undo: {class: final}
    milestone: certified
`

// planted is a house beside far systems, with a person of whom there are markers
// everywhere.
type planted struct {
	place

	site   *site
	prefix string
	marker *regexp.Regexp
	n      int
	sealed int             // markers that nobody finds as they are, also before
	stays  map[string]bool // whether what bears a marker is put away
	far    string          // folder of far systems
	crm    *sql.DB         // a far PostgreSQL; nil where there is no server
	till   *sql.DB         // a far SQLite
	store  testkit.Store
	dirs   []string // in which databases, far systems and we keep files
	blobs  string
}

var (
	everyRole = app.Actor{ID: "usr_all", Name: "Todo", Roles: app.Roles}
	desk      = app.Actor{ID: "usr_privacy", Name: "Privacidad", Roles: []string{"privacy"}}
)

// mark is a new marker of something that is erased.
func (p *planted) mark() string { return p.marked(false) }

// reference is the number by which far systems know them: it stands in what is put
// away there, and nowhere else.
func (p *planted) reference() string { return p.prefix + "-reference" }

// kept is one of something that is put away.
func (p *planted) kept() string { return p.marked(true) }

// hidden is one of something that is sealed.
func (p *planted) hidden() string { p.sealed++; return p.marked(false) }

func (p *planted) marked(stays bool) string {
	p.n++
	m := fmt.Sprintf("%sx%03d", p.prefix, p.n)
	p.stays[m] = stays
	return m
}

// plant starts the program on an engine beside far systems.
func plant(t *testing.T, e testkit.Engine) *planted {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &planted{place: aPlace(t, e), prefix: "mk" + strings.ToLower(rand.Text()[:12]), stays: map[string]bool{}, far: t.TempDir(), store: testkit.StartStore(t)}
	p.marker = regexp.MustCompile(p.prefix + `x[0-9]{3}`)
	write := func(path, text string) { t.Helper(); ok(t, os.WriteFile(path, []byte(text), 0o600)) }
	at := func(name string) string { return filepath.Join(p.far, name) }
	billing := testkit.StartPeer(t, true)
	sample, err := demo.In("es")
	ok(t, err)
	write(at("token"), billing.Token)
	write(at("store.secret"), testkit.StoreSecret)
	declared := strings.ReplaceAll(sample.Systems(billing.Base, p.far), "env:HASTA_BILLING_TOKEN", "file:"+at("token"))
	data := strings.NewReplacer("BASE", p.store.Base, "KEY", testkit.StoreKey, "DIR", p.far).Replace(farMaps)
	p.dirs, p.blobs = []string{p.far, p.store.Dir, p.dir}, p.file("blobs")
	if server := os.Getenv("HASTA_TEST_POSTGRES"); server != "" {
		url := testkit.FreshPostgres(t, server)
		write(at("crm.url"), url)
		p.crm = opened(t, "pgx", url)
		p.dirs = append(p.dirs, filesOf(t, testkit.Engine{Name: "postgres", URL: url})...)
	} else {
		data = data[strings.Index(data, "  till:"):]
	}
	p.till = opened(t, "sqlite", at("till.db"))
	p.dirs = append(p.dirs, filesOf(t, e)...)

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	p.site = &site{TB: t, url: "http://" + ln.Addr().String(), said: &memory{}, wire: &wire{Listener: ln}}
	write(p.file("systems.yaml"), declared+data)
	write(p.file("leaving.yaml"), leaving)
	write(p.file(configName), fmt.Sprintf("public_url: %s\nsystems: %s\nplaybook: %s\ncompany: {name: Faro, email: bajas@faro.example, zone: Europe/Madrid}\nengine: {workers: 4, poll: 50ms}\n",
		p.site.url, p.file("systems.yaml"), p.file("leaving.yaml")))
	cfg, err := common{Dir: p.dir, Database: e.URL}.load()
	ok(t, err)
	p.site.house, err = build(ctx, cfg, newLog(p.site.said, "debug", ""), billing.SetClock)
	ok(t, err)
	now, _, err := p.site.app.Now(ctx)
	ok(t, err)
	ok(t, billing.SetClock(ctx, now))
	ok(t, billing.Seed(ctx, []peer.Subscription{{Reference: p.prefix + "-sub", Status: "active", AmountMinor: 6000, Currency: "EUR", Plan: "pro"}}))
	var running sync.WaitGroup
	running.Go(func() { _ = p.site.run(ctx, p.site.wire) })
	t.Cleanup(func() { stop(); running.Wait(); p.site.close() })
	return p
}

func opened(t *testing.T, driver, url string) *sql.DB {
	t.Helper()
	if driver == "sqlite" {
		url = "file:" + url + "?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, url)
	ok(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// filesOf are the folders in which an engine keeps a database and its log.
// PostgreSQL is told to write over nothing of its log, but to delete it.
func filesOf(t *testing.T, e testkit.Engine) []string {
	t.Helper()
	if e.Name == "sqlite" {
		return []string{filepath.Dir(e.URL)}
	}
	db := opened(t, "pgx", e.URL)
	var data, oid string
	ok(t, db.QueryRowContext(t.Context(), `SELECT current_setting('data_directory'), oid::text FROM pg_database WHERE datname = current_database()`).Scan(&data, &oid))
	for _, q := range []string{`ALTER SYSTEM SET wal_recycle = off`, `SELECT pg_reload_conf()`} {
		_, err := db.ExecContext(t.Context(), q)
		ok(t, err)
	}
	return []string{filepath.Join(data, "base", oid), filepath.Join(data, "pg_wal")}
}

// forgotten waits until no transaction may still see what was deleted from a
// PostgreSQL.
func forgotten(t *testing.T, db *sql.DB) {
	t.Helper()
	var last int64
	ok(t, db.QueryRowContext(t.Context(), `SELECT pg_current_xact_id()::text::bigint`).Scan(&last))
	eventually(t, "nobody sees the past", func() (over bool) {
		ok(t, db.QueryRowContext(t.Context(), `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > $1`, last).Scan(&over))
		return over
	})
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 3000 {
		if so() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// found are the markers that stand in the bytes or names of the files below
// folders, also of what is packed in them, and in which file.
func (p *planted) found(dirs ...string) map[string]string {
	p.t.Helper()
	out := map[string]string{}
	note := func(where string, raw []byte) {
		for _, m := range p.marker.FindAll(raw, -1) {
			out[string(m)] = where
		}
	}
	for _, dir := range dirs {
		ok(p.t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) { // engines take files away while they are looked through
				return nil
			}
			if err != nil {
				return err
			}
			note(path, []byte(d.Name()))
			if !d.Type().IsRegular() {
				return nil
			}
			raw, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			note(path, raw)
			if archive, bad := zip.NewReader(bytes.NewReader(raw), int64(len(raw))); bad == nil {
				for _, m := range archive.File {
					note(path, []byte(m.Name))
					note(path, unpacked(p.t, m))
				}
			}
			return err
		}))
	}
	return out
}

func unpacked(t *testing.T, m *zip.File) []byte {
	t.Helper()
	r, err := m.Open()
	ok(t, err)
	defer r.Close()
	raw, err := io.ReadAll(r)
	ok(t, err)
	return raw
}

// atFarSystems plants what they hold of somebody.
func (p *planted) atFarSystems(owner string) {
	p.t.Helper()
	ctx := p.t.Context()
	for _, db := range []*sql.DB{p.crm, p.till} {
		if db == nil {
			continue
		}
		do := func(q string, args ...any) { p.t.Helper(); _, err := db.ExecContext(ctx, q, args...); ok(p.t, err) }
		do("CREATE TABLE contact (owner TEXT, name TEXT)")
		do("CREATE INDEX contact_name ON contact(name)")
		do("CREATE TABLE claim (owner TEXT, what TEXT, blocked INTEGER NOT NULL DEFAULT 0)")
		for range 12 {
			do("INSERT INTO contact VALUES ($1, $2)", owner, p.mark())
		}
		for range 5 { // blocked by the one, kept by the other
			do("INSERT INTO claim (owner, what) VALUES ($1, $2)", owner, p.kept())
		}
	}
	put := func(path, body string) {
		p.t.Helper()
		status, said, err := p.store.Ask(ctx, http.MethodPut, path, body)
		ok(p.t, err)
		if status != http.StatusOK {
			p.t.Fatalf("PUT %s: %d %s", path, status, said)
		}
	}
	put("/acme", "")
	for range 6 {
		put("/acme/drawings/"+owner+"/"+p.mark(), "it says "+p.mark())
	}
	for i := range 5 {
		put(fmt.Sprintf("/acme/contracts/%s/%d", owner, i), "it says "+p.kept())
	}
	deep := filepath.Join(p.far, "share", owner, "deep")
	ok(p.t, os.MkdirAll(deep, 0o700))
	for range 6 {
		ok(p.t, os.WriteFile(filepath.Join(deep, p.mark()), []byte("it says "+p.mark()), 0o600))
	}
}

// inOurRecord plants what we hold of somebody before they leave.
func (p *planted) inOurRecord() (cid customer.ID, owner, account string) {
	p.t.Helper()
	ctx, a := p.t.Context(), p.site.app
	owner, account = p.reference(), p.mark()+"@x.example"
	cid, err := a.AddCustomer(ctx, everyRole, app.CustomerInput{
		Kind: customer.Person, Consumer: true, Name: "Ana " + p.mark(), Reference: owner, Country: "ES", Language: "es",
		External: []app.ExternalInput{{System: "tienda", Value: p.mark()}},
		Contacts: []app.ContactInput{{Name: "Ana " + p.mark(), Email: account, Role: customer.Owner}, {Name: "Luis " + p.mark(), Email: p.mark() + "@x.example", Role: customer.Billing}},
		Subscriptions: []app.SubscriptionInput{{
			Reference: p.prefix + "-sub", Product: "Faro", Plan: "pro", Interval: customer.Monthly, Amount: money.Amount{Minor: 6000, Currency: "EUR"}, Start: when.Date{Year: 2026, Month: 1, Day: 1},
		}},
	})
	ok(p.t, err)
	for range 6 {
		_, err := a.AddAsset(ctx, everyRole, customer.Asset{Customer: cid, Reference: p.mark(), Kind: "site", Name: "Web " + p.mark()})
		ok(p.t, err)
		b, err := a.AddBalance(ctx, everyRole, customer.Balance{Customer: cid, Reference: p.mark(), Kind: customer.Invoice, About: "Por " + p.mark(), Amount: money.Amount{Minor: 100, Currency: "EUR"}})
		ok(p.t, err)
		ok(p.t, a.SettleBalance(ctx, everyRole, cid, b, customer.Paid))
	}
	g, err := a.AddGrant(ctx, everyRole, customer.Grant{Customer: cid, System: "vpn", Account: p.mark(), Kind: "login", Status: customer.Granted})
	ok(p.t, err)
	ok(p.t, a.AttestGrant(ctx, everyRole, app.GrantAttestation{Customer: cid, Grant: g, How: "Mirado por " + p.hidden()}))
	_, err = a.RecordComplaint(ctx, everyRole, relationship.Complaint{Customer: cid, Received: when.Date{Year: 2026, Month: 6, Day: 1}, What: "Dice " + p.hidden()})
	ok(p.t, err)
	_, err = a.KeepUpload(ctx, everyRole, "customers", "clientes.csv", []byte("nombre;correo\nAna "+p.hidden()+";"+account+"\n"))
	ok(p.t, err)
	return cid, owner, account
}

// leaves has the customer leave on the portal, and plants what is said on the way.
func (p *planted) leaves(account string) (cid offboarding.CaseID, code, token string) {
	p.t.Helper()
	ctx, s := p.t.Context(), p.site
	b := s.browser("es")
	for _, path := range []string{"/?name=" + p.mark(), "/" + p.mark(), "/c/" + p.mark(), "/console?q=" + p.mark(), "/v1/customers?q=" + p.mark()} { // what is asked for is in no log
		b(path)
	}
	ack := b("/", "account", account, "receipt", p.mark()+"@x.example", "name", "Ana "+p.mark(), "reference", p.mark(), "when", "period_end")
	if code = codeForm.FindString(ack.body); code == "" {
		p.t.Fatalf("status %d at %s: %s", ack.status, ack.path, ack.body)
	}
	_, confirm := s.letter("confirm", code)
	receipt := b(s.link(confirm, "/v/"), "papers", "typed")
	private := strings.TrimSuffix(receipt.path, "/receipt")
	if !strings.HasPrefix(private, "/c/") {
		p.t.Fatalf("status %d at %s: %s", receipt.status, receipt.path, receipt.body)
	}
	s.letter("receipt", code)
	cid, err := s.app.CaseOfCode(ctx, everyRole, code)
	ok(p.t, err)
	for range 3 {
		_, err := s.app.AddNote(ctx, everyRole, cid, "Dijo "+p.hidden())
		ok(p.t, err)
	}
	ok(p.t, s.app.RecordReason(ctx, everyRole, app.ReasonInput{Case: cid, Kind: reason.Stated, Code: "price", Text: "Porque " + p.hidden()}))
	_, err = s.app.AddFile(ctx, everyRole, cid, p.hidden()+".txt", []byte("it says "+p.hidden()))
	ok(p.t, err)
	letter := "From: Ana <" + p.hidden() + "@other.example>\r\nTo: bajas@faro.example\r\nSubject: " + p.hidden() + "\r\n\r\nSoy " + p.hidden() + "\r\n"
	rid, err := s.app.ReadIn(ctx, everyRole, []byte(letter))
	ok(p.t, err)
	ok(p.t, s.app.TieReceived(ctx, everyRole, rid, code))
	return cid, code, strings.TrimPrefix(private, "/c/")
}

// state is where a step is.
func (p *planted) state(c offboarding.CaseID, step string) (s offboarding.StepState) {
	p.t.Helper()
	ok(p.t, p.site.store.View(p.t.Context(), func(tx app.Tx) error {
		plan, err := tx.FindPlan(p.t.Context(), c)
		if err == nil {
			s = plan.Step(step).State
		}
		return err
	}))
	return s
}

// until pushes the clock from one thing that waits for it to the next, until a step
// is there.
func (p *planted) until(c offboarding.CaseID, step string, state offboarding.StepState) {
	p.t.Helper()
	ctx, a := p.t.Context(), p.site.app
	for range 40 {
		eventually(p.t, "quiet", func() bool { return !p.site.busy() })
		if p.state(c, step) == state {
			return
		}
		next, err := a.NextTimer(ctx)
		ok(p.t, err)
		if !next.IsZero() {
			ok(p.t, a.PushClock(ctx, "", next))
		}
	}
	p.t.Fatalf("%s is %s", step, p.state(c, step))
}

// scrubbed does what each engine needs for what was deleted to be in none of its files.
func (p *planted) scrubbed() {
	p.t.Helper()
	ctx := p.t.Context()
	said, status := "", 1
	for range 50 { // somebody may be reading
		if said, status = p.hasta("erase", "scrub"); status == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if status != 0 {
		p.t.Fatalf("erase scrub: %s", said)
	}
	for _, q := range []string{`DELETE FROM sqlite_stat4`, `VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		_, err := p.till.ExecContext(ctx, q)
		ok(p.t, err)
	}
	if p.crm == nil {
		return
	}
	for _, q := range []string{`DELETE FROM pg_statistic`, ``, `VACUUM (FULL, ANALYZE)`, `CHECKPOINT`, `SELECT pg_switch_wal()`, `CHECKPOINT`} {
		if q == "" {
			forgotten(p.t, p.crm)
			continue
		}
		_, err := p.crm.ExecContext(ctx, q)
		ok(p.t, err)
	}
}

// told compares what is found with what was said to stay, both ways.
func (p *planted) told(when string, after map[string]string, cert app.Certificate) {
	p.t.Helper()
	n := 0
	for _, f := range cert.Far {
		if f.Stays() {
			n += f.Rows
		}
	}
	for m, stays := range p.stays {
		if stays != (after[m] != "") {
			p.t.Errorf("%s: %s stays: %v, and it is found in %q", when, m, stays, after[m])
		}
	}
	if n != len(after) || n == 0 {
		p.t.Errorf("%s: the certificate tells of %d records that stay, and %d are found", when, n, len(after))
	}
}

// nowhere looks that the number of the customer is in none of our files.
func (p *planted) nowhere(when string, dirs ...string) {
	p.t.Helper()
	was := p.marker
	defer func() { p.marker = was }()
	p.marker = regexp.MustCompile(p.reference())
	if at := p.found(dirs...); len(at) > 0 {
		p.t.Errorf("%s: the number of the customer stands in %v", when, at)
	}
}

// Of more than a hundred markers of a person, in the tables, logs and indexes of our
// database and far ones, a store, folders, letters, the outbox, bundles and our log,
// those are found after the erasure that the certificate tells, and no other; a
// backup from before has them until the day that it tells, and brings none back.
func TestOfAHundredMarkersInEveryPlaceThoseStayThatTheCertificateTells(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		p := plant(t, e)
		ctx, s := t.Context(), p.site
		p.must("webhook", "add", "https://hooks.example/in", "--events", "*")
		_, owner, account := p.inOurRecord()
		p.atFarSystems(owner)
		c, code, token := p.leaves(account)
		eventually(t, "the bundle is made", func() bool {
			return p.state(c, "export") == offboarding.StepDone || p.state(c, "export") == offboarding.StepVerified
		})

		// A letter waits while the folder of letters is away.
		mails := s.cfg.mailDir()
		ok(t, os.Rename(mails, mails+".away"))
		s.browser("es")("/c/"+token+"/data/code", "x", "y")
		p.until(c, "agree", offboarding.StepReady)
		if p.waiting() == 0 {
			t.Fatal("no letter waits")
		}
		if p.n < 100 {
			t.Fatalf("only %d markers were planted", p.n)
		}
		// As engines do by themselves in time.
		for _, db := range []*sql.DB{p.crm, p.till, opened(t, map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[e.Name], e.URL)} {
			if db != nil {
				_, err := db.ExecContext(ctx, `ANALYZE`)
				ok(t, err)
			}
		}
		before := p.found(p.dirs...)
		if got := len(before); got < p.n-p.sealed-asked {
			t.Fatalf("of %d markers that are not sealed %d are found", p.n-p.sealed-asked, got)
		}
		copied := p.file("before.hasta")
		must(makeBackup(ctx, s.cfg, p.file(configName), copied))(t)
		if held := p.found(copied); len(held) < 20 {
			t.Fatalf("the backup holds %d markers", len(held))
		}

		ok(t, s.app.Approve(ctx, desk, c, "agree", true, "De acuerdo"))
		eventually(t, "the letter is taken back", func() bool { return p.waiting() == 1 }) // the certificate waits
		if got := p.state(c, "erase"); got == offboarding.StepVerified || got == offboarding.StepDone {
			t.Errorf("while the folder of letters is away the step is %s", got)
		}
		ok(t, os.Rename(mails+".away", mails))
		eventually(t, "erased and looked at", func() bool { return p.state(c, "erase") == offboarding.StepVerified })
		s.letter("certificate", code)
		p.sentByHand(c)
		eventually(t, "quiet", func() bool { return !s.busy() })
		p.must("evidence", "export", code, "-o", p.file("pack.zip"))
		cert := p.certificate(token)
		if cert.Backups != cert.ErasedOn.AddDays(30) || cert.Invoices != 6 {
			t.Errorf("the certificate: %+v", cert)
		}
		elsewhere := filepath.Join(t.TempDir(), "before.hasta") // until its day
		ok(t, os.Rename(copied, elsewhere))
		p.scrubbed()
		p.told("erased", p.found(p.dirs...), cert)
		p.nowhere("erased", append(filesOf(t, e), p.dir)...)
		if left := p.marker.FindAllString(s.said.String(), -1); len(left) > 0 || !strings.Contains(s.said.String(), "worked") {
			t.Errorf("our log says %v", left)
		}
		if letters := must(os.ReadDir(mails))(t); len(letters) > 0 {
			t.Errorf("%d letters lie in the folder, such as %s", len(letters), letters[0].Name())
		}

		// When the backup comes back they are erased again, and what was put away is put
		// away again.
		who, other := p.identity(), e.Another(t)
		p.must("backup", "keys", p.file("keys.age"), "--to", who.Recipient().String())
		q := place{t, t.TempDir(), other.URL}
		back := q.must("restore", elsewhere, "--reason", "the disk failed", "--keys", p.file("keys.age"), "--identity", p.file("identity.txt"), "--config", p.file(configName), "--json")
		var done restored
		ok(t, json.Unmarshal([]byte(back), &done))
		if done.Again != 1 || done.Scrub {
			t.Errorf("restored: %s", back)
		}
		ours := append(filesOf(t, other), q.dir)
		p.told("restored", p.found(append(ours, p.dirs...)...), cert)
		p.nowhere("restored", ours...)
		type away struct {
			System, Holding string
			Records         int
		}
		read := func(at place) (list []away) {
			ok(t, json.Unmarshal([]byte(at.must("erase", "kept", "--json", "--config", p.file(configName))), &list))
			slices.SortFunc(list, func(a, b away) int { return strings.Compare(a.System+a.Holding, b.System+b.Holding) })
			return list
		}
		if was, is := read(p.place), read(q); len(was) < 3 || !slices.Equal(was, is) {
			t.Errorf("put away: %v, and after the restore %v", was, is)
		}
	})
}

// asked is how many markers were asked for in the address of a page only.
const asked = 5

// waiting is how many letters wait to be sent.
func (p *planted) waiting() (n int) {
	p.t.Helper()
	ok(p.t, p.site.store.View(p.t.Context(), func(tx app.Tx) error {
		list, err := tx.ListMessages(p.t.Context(), "", 1000)
		for _, m := range list {
			if m.State == "queued" {
				n++
			}
		}
		return err
	}))
	return n
}

// sentByHand says of the certificate, which is a file, that somebody sent it.
func (p *planted) sentByHand(c offboarding.CaseID) {
	p.t.Helper()
	var list []app.Message
	ok(p.t, p.site.store.View(p.t.Context(), func(tx app.Tx) (err error) { list, err = tx.ListMessages(p.t.Context(), c, 1000); return err }))
	for _, m := range list {
		if m.Paper == "certificate" {
			ok(p.t, p.site.app.MarkSent(p.t.Context(), everyRole, m.ID))
		}
	}
}

// certificate is what the customer is told, as programs read it.
func (p *planted) certificate(token string) (cert app.Certificate) {
	p.t.Helper()
	a := p.site.browser("es")("/c/" + token + "/certificate.json")
	if err := json.Unmarshal([]byte(a.body), &cert); err != nil || a.status != http.StatusOK {
		p.t.Fatalf("status %d: %s", a.status, a.body)
	}
	return cert
}
