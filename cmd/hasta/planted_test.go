package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/bundle"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/pushed"
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
	ours := p.mark() // sealed is what is in it, and not what it is called
	_, err = a.BeginPush(ctx, everyRole, pushed.Push{Customer: cid, Name: ours, Number: 1, Format: pushed.CSV, Titles: map[string]string{"es": "De " + p.mark()}, Columns: []pushed.Column{{Name: "id", Type: bundle.String}}})
	ok(p.t, err)
	_, err = a.PushPart(ctx, everyRole, app.PartInput{Customer: cid, Name: ours, Number: 1, Part: 1, Last: true, Body: []byte("id\n" + p.hidden() + "\n")})
	ok(p.t, err)
	_, err = a.BeginPush(ctx, everyRole, pushed.Push{Customer: cid, Name: "dibujos", Number: 1, Format: pushed.Files})
	ok(p.t, err)
	_, err = a.PushPart(ctx, everyRole, app.PartInput{Customer: cid, Name: "dibujos", Number: 1, Part: 1, Last: true, File: p.hidden() + ".txt", Body: []byte(p.hidden())})
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
