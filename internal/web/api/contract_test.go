package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web/api"
	"hastaluego/internal/when"
)

const aCustomer = `{"kind": "organisation", "name": "NAME", "reference": "REF", "country": "ES",
	"contacts": [{"name": "Marta", "email": "EMAIL", "role": "owner", "language": "es"}],
	"subscriptions": [{"reference": "REF-1", "product": "Faro", "plan": "Pro", "amount": {"minor": 2985, "currency": "EUR"}, "interval": "month", "start": "2026-01-31"}]}`

func customerOf(name, ref, email string) string {
	return strings.NewReplacer("NAME", name, "REF", ref, "EMAIL", email).Replace(aCustomer)
}

// ofASecondPerson are the operations that a person decides: a key is always told
// forbidden.person.
var ofASecondPerson = map[string]bool{"approve-step": true, "activate-playbook": true, "publish-flow": true, "roll-back-flow": true, "publish-policy": true, "roll-back-policy": true}

// A program does everything that there is to do, and each answer is what the
// document says: status, headers, media type and body.
func TestEveryAnswerIsWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		h := newHouse(t, e, api.Options{})
		c := h.key(app.Scopes()...)
		almena := inventory(t, h, c)
		requests(t, c, almena)
		departure(t, h, c)
		complaints(t, c, almena)
		pushed(t, c, almena)
		copies(t, c, almena)
		offers(t, h, c)
		handed(t, h, c)
		entrusted(t, h, c)
		risks(t, h, c)
		values(t, h, c)
		improvements(t, h, c)
		announcements(t, c)
		endings(t, c)
		assigned(t, h, c)
		profile(t, c)
		webhooks(t, c)
		playbooks(t, c)
		flows(t, c)
		outbox(t, c)
		wrote(t, h, c)
		policies(t, c)
		imported(t, c)
		strays(t, c)
		leavers(t, h)
		processed(t, h)
		tried(t, h)
		lets(t, h, c)
		for _, methods := range h.doc.Paths {
			for _, op := range methods {
				// What a person decides no key ever does: that is told in the test of scopes.
				if !ofASecondPerson[op.OperationID] && !h.covered[op.OperationID] {
					t.Errorf("%s was never done", op.OperationID)
				}
			}
		}
	})
}

// pushed pushes a table and a file, is told what is wrong and where, and takes the file
// back.
func pushed(t *testing.T, c *caller, almena string) {
	t.Helper()
	at := "/v1/customers/" + almena + "/pushed"
	orders := `{"push": 1, "format": "ndjson", "titles": {"es": "Pedidos", "en": "Orders"}, "columns": [
		{"name": "id", "type": "integer", "titles": {"es": "Número", "en": "Number"}}, {"name": "guest", "type": "string", "others": true}]}`
	part := func(query, body string) answer {
		return c.do(http.MethodPost, at+query, body, http.Header{"Content-Type": {"application/octet-stream"}})
	}
	part("/orders/parts?push=1&part=1", "{}").told(404, "push.none")
	c.put(at+"/Orders", orders).told(422, "push.name")
	if got := c.put(at+"/orders", `{"push": 1, "format": "csv", "columns": [{"name": "=x", "type": "string"}]}`).told(422, "push.column_name"); got.text("field") != "/columns/0/name" {
		t.Errorf("it says where: %s", got.body)
	}
	if got := c.put(at+"/orders", orders).is(200); got.text("state") != "filling" {
		t.Errorf("begun: %s", got.body)
	}
	c.put(at+"/orders", orders).is(200)
	c.put(at+"/orders", `{"push": 1, "format": "files"}`).told(409, "push.begun")
	if got := part("/orders/parts?push=1&part=2&last=true", `{"id": 2}`+"\n"+`{"id": "secreto"}`).told(422, "push.type"); got.text("field") != "/rows/2/id" || strings.Contains(string(got.body), "secreto") {
		t.Errorf("it says where, and not what: %s", got.body)
	}
	part("/orders/parts?push=1&part=0", "{}").is(422)
	part("/orders/parts?push=1&part=1&file=a.txt", "{}").told(422, "push.no_files")
	if got := part("/orders/parts?push=1&part=2&last=true", `{"id": 2}`).is(200); got.text("state") != "filling" {
		t.Errorf("the second comes first: %s", got.body)
	}
	if got := part("/orders/parts?push=1&part=1", `{"id": 1, "guest": "Otra"}`).is(200); got.text("state") != "complete" || got.get("rows") != 2.0 || got.get("again") != false {
		t.Errorf("whole: %s", got.body)
	}
	if got := part("/orders/parts?push=1&part=1", `{"id": 1, "guest": "Otra"}`).is(200); got.get("again") != true {
		t.Errorf("told twice: %s", got.body)
	}
	part("/orders/parts?push=1&part=1", `{"id": 7}`).told(409, "push.other")
	part("/orders/parts?push=1&part=3", `{"id": 7}`).told(409, "push.complete")
	part("/orders/parts?push=1&part=1", strings.Repeat(" ", 8<<20+1)).is(413)
	c.put(at+"/photos", `{"push": 7, "format": "files"}`).is(200)
	part("/photos/parts?push=7&part=1&last=true&file=2026%2Fpuerto.txt", "uno").is(200)
	c.put(at+"/photos", `{"push": 6, "format": "files"}`).told(409, "push.older")
	if got := c.get(at).is(200); got.text("items.0.name") != "orders" || got.get("items.0.columns.1.others") != true || got.get("items.1.bytes") != 3.0 {
		t.Errorf("listed: %s", got.body)
	}
	c.post(at+"/photos/withdraw", "").is(204)
	c.post(at+"/photos/withdraw", "").told(404, "push.none")
}

// copies has one made for a customer who stays; the same one is answered while it is
// alive, and no departure is listed.
func copies(t *testing.T, c *caller, almena string) {
	t.Helper()
	at := "/v1/customers/" + almena + "/copies"
	departures := c.get("/v1/cases?customer=" + almena).is(200).body
	c.post(at, `{"how": ""}`).is(422)
	made := c.post(at, `{"how": "Un botón de Faro"}`).is(201)
	if again := c.post(at, `{"how": "Otra vez"}`).is(201); again.text("id") != made.text("id") {
		t.Errorf("two copies: %s, %s", made.body, again.body)
	}
	one := c.get(made.header.Get("Location")).is(200)
	if one.text("id") != made.text("id") || one.text("state") != "open" || one.text("until") == "" || one.text("customer") != almena {
		t.Errorf("it is %s", one.body)
	}
	longer := "/v1/limits/" + one.text("limits.0.id") + "/extend"
	c.post(longer, `{"why": ""}`).is(422)
	c.post(longer, `{"why": "Hay que reunirlo de cuatro sistemas"}`).is(204)
	if got := c.get(made.header.Get("Location")).is(200); got.text("limits.0.extended_at") == "" || got.text("limits.0.end_at") <= one.text("limits.0.end_at") {
		t.Errorf("more time: %s", got.body)
	}
	if list := c.get(at).is(200); list.text("items.0.code") != one.text("code") || list.get("items.1") != nil {
		t.Errorf("listed: %s", list.body)
	}
	c.get("/v1/copies/cpy_01kb2m9xq0e5v8h2r7n4t6w3yz").is(404)
	if after := c.get("/v1/cases?customer=" + almena).is(200).body; string(after) != string(departures) {
		t.Errorf("a departure: %s", after)
	}
}

// announcements tries another price, announces it, reads it and takes it back.
func announcements(t *testing.T, c *caller) {
	t.Helper()
	body := func(contract, day string, dry bool) string {
		return fmt.Sprintf(`{"announcements": [{"contract": %q, "kind": "price_change", "day": %q, "price": {"minor": 3500, "currency": "EUR"}},
			{"contract": "nobody's", "kind": "trial_end", "day": %q}], "dry_run": %v}`, contract, day, day, dry)
	}
	day := time.Now().AddDate(0, 3, 0).Format(time.DateOnly)
	if got := c.post("/v1/announcements", body("FE-2-1", day, true)).is(200); got.get("kept") != 1.0 || got.get("refused.0.row") != 2.0 || got.text("refused.0.code") != "announced.contract" || got.get("rows.0.price.minor") != 3500.0 {
		t.Errorf("a try: %s", got.body)
	}
	if got := c.get("/v1/announcements").is(200); got.get("items.0") != nil {
		t.Errorf("a try is kept: %s", got.body)
	}
	c.post("/v1/announcements", body("FE-2-1", day, false)).is(200)
	if got := c.post("/v1/announcements", body("FE-2-1", day, false)).is(200); got.get("kept") != 0.0 || got.get("unchanged") != 1.0 {
		t.Errorf("announced twice: %s", got.body)
	}
	c.post("/v1/announcements", body("FE-1-1", day, false)).is(200)
	first := c.get("/v1/announcements?limit=1").is(200)
	next := c.get("/v1/announcements?limit=1&cursor=" + first.text("next")).is(200)
	if first.text("items.0.contract") == next.text("items.0.contract") || next.text("items.0.day") != day || next.text("next") != "" {
		t.Errorf("%s, then %s", first.body, next.body)
	}
	c.post("/v1/announcements/withdraw", `{"contract": "FE-2-1", "kind": "price_change"}`).is(204)
	c.post("/v1/announcements/withdraw", `{"contract": "FE-2-1", "kind": "price_change"}`).told(404, "announced.none")
	c.post("/v1/announcements", body("FE-1-1", "2027-02-30", false)).is(422)
	c.get("/v1/announcements?cursor=x").told(422, "api.cursor")
}

// imported tries a file and brings it in, and is told what is wrong with a row.
func imported(t *testing.T, c *caller) {
	t.Helper()
	file := func(rows string, dry bool) string {
		return fmt.Sprintf(`{"kind": "customers", "file": "clientes.csv", "csv": %q, "dry_run": %v,
			"columns": {"customer.reference": "Número", "customer.name": "Nombre", "contact.email": "Correo"}}`, "Número,Nombre,Correo\n"+rows, dry)
	}
	if got := c.post("/v1/imports", file("F-1,Ría,ria@file.example\nF-2,Duna,nada\n", true)).is(200); got.get("rejected") != 1.0 || got.get("refused.0.row") != 2.0 {
		t.Errorf("a try: %s", got.body)
	}
	if got := c.post("/v1/imports", file("F-1,Ría,ria@file.example\n", false)).is(200); got.get("changed") != 1.0 || got.get("refused.0") != nil {
		t.Errorf("brought in: %s", got.body)
	}
	if got := c.get("/v1/customers?reference=F-1").is(200); got.text("items.0.name") != "Ría" {
		t.Errorf("found %s", got.body)
	}
	c.post("/v1/imports", `{"kind": "customers", "file": "a.csv", "csv": "?\n"}`).is(422)
}

// strays: somebody who left before the house was opened still uses what they had.
func strays(t *testing.T, c *caller) {
	t.Helper()
	if got := c.post("/v1/imports", `{"kind": "departures", "file": "bajas.csv", "csv": "Número,Nombre,Baja\nF-9,Faro Viejo,2026-01-31\n",
		"columns": {"customer.reference": "Número", "customer.name": "Nombre", "departure.on": "Baja"}}`).is(200); got.get("changed") != 1.0 {
		t.Fatalf("a departure of the past: %s", got.body)
	}
	c.post("/v1/readings", `{"readings": [{"customer": "F-9", "metric": "use", "date": "2026-02-14", "value": 3}]}`).is(204)
	var found answer
	eventually(t, "use after the end", func() bool {
		found = c.get("/v1/strays?state=open").is(200)
		return found.text("items.0.kind") == "use"
	})
	at := "/v1/cases/" + found.text("items.0.case") + "/strays/" + found.text("items.0.id") + "/decide"
	c.post(at, `{"way": "refund", "why": "x"}`).told(422, "field.choice")
	c.post(at, `{"way": "seen", "why": "Una lectura de otro cliente"}`).is(204)
	c.post(at, `{"way": "seen", "why": "Otra vez"}`).told(409, "stray.over")
	if got := c.get("/v1/strays?state=resolved").is(200); got.text("items.0.about") != "use" || got.get("items.1") != nil {
		t.Errorf("resolved: %s", got.body)
	}
}

// inventory adds customers and what they have, and returns one.
func inventory(t *testing.T, h *house, c *caller) string {
	t.Helper()
	made := c.post("/v1/customers", customerOf("Estudio Almena", "FE-1", "marta@almena.example")).is(201)
	at := made.header.Get("Location")
	if at != "/v1/customers/"+made.text("id") {
		t.Errorf("made at %s", at)
	}
	c.post("/v1/customers", customerOf("Hostal Caleta", "FE-2", "caleta@example.com")).is(201)
	c.post("/v1/customers", customerOf("Otra", "FE-1", "otra@example.com")).told(409, "customer.reference_taken")

	first := c.get("/v1/customers?limit=1").is(200)
	next := c.get("/v1/customers?limit=1&cursor=" + first.text("next")).is(200)
	if first.text("items.0.name") != "Hostal Caleta" || next.text("items.0.name") != "Estudio Almena" || next.text("next") != "" {
		t.Errorf("pages: %s %s", first.body, next.body)
	}
	if got := c.get("/v1/customers?q=ALMENÁ").is(200); got.text("items.0.reference") != "FE-1" || got.get("items.1") != nil {
		t.Errorf("found %s", got.body)
	}
	if got := c.get("/v1/customers?reference=FE-2").is(200); got.text("items.0.name") != "Hostal Caleta" || got.get("items.1") != nil {
		t.Errorf("found %s", got.body)
	}
	found := c.get("/v1/customers?q=fe&limit=1").is(200)
	if more := c.get("/v1/customers?q=fe&limit=1&cursor=" + found.text("next")).is(200); more.text("items.0.id") == found.text("items.0.id") || more.text("items.0.id") == "" {
		t.Errorf("found %s, then %s", found.body, more.body)
	}
	c.get("/v1/customers?cursor="+base64.RawURLEncoding.EncodeToString([]byte("1:cases:case_01"))).told(422, "api.cursor")

	// What is sent in a PATCH changes, and nothing else.
	version := c.get(at).is(200).get("version").(float64)
	c.patch(at, `{"segment": "agencias", "version": `+itoa(int(version))+`}`).is(204)
	c.patch(at, `{"segment": "otras", "version": `+itoa(int(version))+`}`).told(409, "customer.changed_meanwhile")
	c.patch(at, `{"reference": "FE-2"}`).told(409, "customer.reference_taken")

	contact := c.post(at+"/contacts", `{"email": "jon@almena.example", "role": "billing"}`).is(201).text("id")
	c.post(at+"/contacts", `{"email": "JON@almena.example", "role": "user"}`).told(409, "contact.taken")
	c.patch(at+"/contacts/"+contact, `{"name": "Jon"}`).is(204)
	contract := c.post(at+"/subscriptions", `{"reference": "S-9", "product": "Faro", "amount": {"minor": 100, "currency": "EUR"}, "interval": "year", "start": "2026-03-01", "term_end": "2027-02-28"}`).is(201).text("id")
	c.patch(at+"/subscriptions/"+contract, `{"amount": {"minor": 200, "currency": "EUR"}, "term_end": ""}`).is(204)
	work := c.post(at+"/subscriptions", `{"reference": "E-9", "product": "Web", "amount": {"minor": 90000, "currency": "EUR"}, "start": "2026-03-01", "engagement": "project", "billed": "delivery", "promised": [{"title": "Inicio", "due": "2026-04-30"}]}`).is(201).text("id")
	c.post(at+"/subscriptions", `{"reference": "E-10", "product": "Web", "amount": {"minor": 1, "currency": "EUR"}, "start": "2026-03-01"}`).told(422, "field.choice")
	thing := c.post(at+"/deliverables", `{"subscription": "`+work+`", "title": "Textos"}`).is(201).text("id")
	c.patch(at+"/deliverables/"+thing, `{"due": "2026-05-31", "delivered": "2099-01-01"}`).told(422, "deliverable.ahead")
	c.patch(at+"/deliverables/"+thing, `{"due": "2026-05-31"}`).is(204)
	c.post(at+"/external-ids", `{"system": "crm", "value": "0042"}`).is(204)
	c.post(at+"/external-ids", `{"system": "erp", "value": "7"}`).is(204)
	c.post(at+"/external-ids/remove", `{"system": "erp", "value": "7"}`).is(204)

	grant := c.post(at+"/grants", `{"system": "drive", "account": "carpeta", "kind": "other", "depends_on": []}`).is(201).text("id")
	if got := c.post(at+"/grants", `{"system": "drive", "account": "carpeta", "kind": "other"}`).told(409, "inventory.taken"); got.text("field") != "/account" || strings.Contains(string(got.body), "carpeta") {
		t.Errorf("taken: %s", got.body)
	}
	c.patch(at+"/grants/"+grant, `{"account": "carpeta-2"}`).is(204)
	gone := c.post(at+"/grants", `{"system": "drive", "account": "vieja", "kind": "other"}`).is(201).text("id")
	c.post(at+"/grants/"+gone+"/attest", `{"how": "Ya no está en la consola de Drive"}`).is(204)
	orphan := c.post(at+"/grants", `{"system": "drive", "account": "encontrada", "kind": "login"}`).is(201).text("id")
	must(t, h.store.Tx(t.Context(), func(tx app.Tx) error {
		return tx.SetGrantStatus(t.Context(), customer.GrantID(orphan), customer.Orphan)
	})) // as a system does that lists it
	c.post(at+"/grants/"+orphan+"/decide", `{"theirs": false}`).told(422, "field.required")
	c.post(at+"/grants/"+orphan+"/decide", `{"theirs": true}`).is(204)
	c.post(at+"/grants/"+orphan+"/decide", `{"theirs": true}`).told(409, "grant.decided")
	router := c.post(at+"/assets", `{"reference": "R-1", "name": "Router"}`).is(201).text("id")
	c.patch(at+"/assets/"+router, `{"kind": "equipment"}`).is(204)
	sum := c.post(at+"/balances", `{"reference": "F-1", "kind": "invoice", "amount": {"minor": 12000, "currency": "EUR"}, "due_on": "2026-12-31"}`).is(201).text("id")
	c.post(at+"/balances/"+sum+"/settle", `{"status": "paid"}`).is(204)
	bill := `{"reference": "F-2", "kind": "invoice", "status": "paid", "amount": {"minor": 12000, "currency": "EUR"}, "covers": {"from": "2026-03-01", "until": "2026-03-31", "contracts": [{"contract": "S-9", "weight": 10}, {"contract": "%s", "weight": 5}]}}`
	if bad := c.post(at+"/balances", strings.Replace(bill, "%s", "FE-9", 1)); bad.told(422, "balance.contract").text("field") != "/covers/contracts" {
		t.Errorf("told %s", bad.body)
	}
	c.post(at+"/balances", strings.Replace(bill, "%s", "E-9", 1)).is(201)

	one := c.get(at).is(200)
	c.post("/v1/readings", `{"readings": [{"customer": "FE-1", "metric": "use", "date": "2026-01-02", "value": 12.5}, {"customer": "FE-2", "metric": "spend", "date": "2026-01-02", "value": 0}]}`).is(204)
	bad := c.post("/v1/readings", `{"readings": [{"customer": "FE-1", "metric": "use", "date": "2026-01-02", "value": 1}, {"customer": "FE-9", "metric": "use", "date": "2026-01-02", "value": 1}]}`)
	if bad.told(422, "readings.unknown_customer"); bad.text("field") != "/readings/1/customer" {
		t.Errorf("told %s", bad.body)
	}
	all := string(one.body)
	for _, part := range []string{
		`"segment":"agencias"`, `"name":"Jon"`, `"minor":200`, `"system":"crm","value":"0042"`, `"account":"carpeta-2"`, `"status":"revoked"`, `"name":"Router"`,
		`"email":"marta@almena.example"`, `"start":"2026-01-31"`, `"id":"` + sum + `"`, `"status":"paid"`,
		`"covers":{"contracts":[{"contract":"S-9","weight":10},{"contract":"E-9","weight":5}],"from":"2026-03-01","until":"2026-03-31"}`,
	} {
		if !strings.Contains(all, part) {
			t.Errorf("the customer lacks %s: %s", part, all)
		}
	}
	for _, gone := range []string{`"term_end"`, `"erp"`} {
		if strings.Contains(all, gone) {
			t.Errorf("the customer still has %s: %s", gone, all)
		}
	}
	c.post(at+"/contacts/"+contact+"/remove", "").is(204)
	if got := c.get(at).is(200); strings.Contains(string(got.body), "jon@") {
		t.Errorf("the contact is still there: %s", got.body)
	}
	return made.text("id")
}

// requests declares departures as the public form does.
func requests(t *testing.T, c *caller, almena string) {
	t.Helper()
	stranger := c.post("/v1/requests", `{"account": "nadie@example.com", "name": "Nadie", "when": "now", "language": "en"}`).is(201)
	at := stranger.header.Get("Location")
	if got := c.get(at).is(200); got.text("state") != "received" || got.text("account") != "nadie@example.com" || got.text("channel") != "public" {
		t.Errorf("the request is %s", got.body)
	}
	c.post(at+"/match", `{"customer": "`+almena+`"}`).is(201)
	if got := c.get("/v1/requests?state=matched").is(200); got.text("items.0.customer") != almena {
		t.Errorf("matched: %s", got.body)
	}
	log := c.get("/v1/cases/" + c.get(at).text("case") + "/timeline").is(200)
	if !strings.Contains(string(log.body), c.id) {
		t.Errorf("nobody says that the key did it: %s", log.body)
	}
}

// owed: a bill is promised for a day, proposed to be written off, and paid in parts.
func owed(t *testing.T, h *house, c *caller, at, bill string) {
	t.Helper()
	var got answer
	eventually(t, "somebody looks after what is owed", func() bool {
		got = c.get(at + "/collection").is(200)
		return got.text("owed.0.id") == bill
	})
	if got.text("owed.0.pay_url") != "https://pay.example/F-77" || got.get("stopped") != false || got.get("reminders") != 0.0 || got.text("promise_until") == "" {
		t.Errorf("what is owed: %s", got.body)
	}
	until := got.text("promise_until")
	c.post(at+"/collection/promise", `{"on": "2099-01-01"}`).told(422, "collection.day")
	c.post(at+"/collection/promise", `{"on": "`+until+`"}`).is(204)
	c.post(at+"/collection/promise", `{"on": "`+until+`"}`).told(409, "collection.promise_waits")
	c.post(at+"/collection/write-off", `{"why": "Cuesta más cobrarlo", "balances": ["`+bill+`"]}`).is(204)
	c.post(at+"/collection/write-off", `{"why": "Otra vez"}`).told(409, "collection.write_off_waits")
	step := c.get(at + "/collection").is(200).text("write_off_step")
	c.post(at+"/steps/"+step+"/approve", `{"approve": true, "note": "Yo"}`).told(403, "forbidden.person")
	c.post(at+"/collection/instalments", `{"parts": 2, "first": "2099-01-01"}`).told(422, "collection.day")
	c.post(at+"/collection/instalments", `{"parts": 2, "first": "`+until+`"}`).is(204)
	c.post(at+"/collection/instalments/answer", `{"agree": true}`).told(409, "collection.plan_over") // the customer's turn
	page := h.link("iker@puerto.example", "case")
	must(t, h.AnswerInstalments(t.Context(), page, false))
	day, err := when.ParseDate(until)
	must(t, err)
	must(t, h.AskInstalments(t.Context(), page, app.InstalmentInput{Parts: 2, First: day}))
	c.post(at+"/collection/instalments/answer", `{"agree": true}`).is(204)
	if got := c.get(at + "/collection").is(200); got.text("instalments.state") != "agreed" || got.get("instalments.parts.1.amount.minor") != 1236.0 {
		t.Errorf("in parts: %s", got.body)
	}
	c.post(at+"/collection/instalments/1/paid", "").is(204)
	c.post(at+"/collection/instalments/2/paid", "").is(204)
	if got := c.get(at + "/collection").is(200); got.text("promises.0.state") != "released" || got.get("owed.0") != nil || got.get("write_off_step") != nil {
		t.Errorf("paid: %s", got.body)
	}
}

// departure leads a departure through everything that programs may do with it.
func departure(t *testing.T, h *house, c *caller) {
	t.Helper()
	ctx := t.Context()
	who := c.post("/v1/customers", customerOf("Puerto Alto", "FE-3", "iker@puerto.example")).is(201).text("id")
	door := c.post("/v1/customers/"+who+"/grants", `{"system": "drive", "account": "puerto", "kind": "login"}`).is(201).text("id")
	c.post("/v1/customers/"+who+"/assets", `{"reference": "TR-1", "kind": "equipment", "name": "Torno"}`).is(201)
	c.post("/v1/customers/"+who+"/assets", `{"reference": "TR-2", "kind": "equipment", "name": "Lector"}`).is(201)
	bill := c.post("/v1/customers/"+who+"/balances", `{"reference": "F-77", "kind": "invoice", "amount": {"minor": 2472, "currency": "EUR"}, "pay_url": "https://pay.example/F-77"}`).is(201).text("id")
	at := c.post("/v1/cases", `{"customer": "`+who+`", "channel": "phone", "reference": "L-77", "when": "period_end", "proof": "DNI"}`).is(201).header.Get("Location")
	id := offboarding.CaseID(strings.TrimPrefix(at, "/v1/cases/"))
	if got := c.get(at + "/statement").is(200); got.text("state") != "drawn" || got.get("sections") == nil {
		t.Errorf("the statement is %s", got.body)
	}
	owed(t, h, c, at, bill)
	state := func(step string) string {
		for i := range 20 {
			if s := c.get(at).is(200); s.text("steps."+itoa(i)+".key") == step {
				return s.text("steps." + itoa(i) + ".state")
			}
		}
		return ""
	}
	c.post(at+"/pause", `{"why": "El cliente llama mañana"}`).is(204)
	if got := c.get(at).is(200); got.get("paused") != true {
		t.Errorf("paused: %s", got.body)
	}
	c.post(at+"/steps/prepare/complete", `{"note": "Hecho"}`).told(409, "case.paused")
	c.post(at+"/resume", "").is(204)
	c.post(at+"/resume", "").told(409, "case.not_paused")

	c.post(at+"/steps/prepare/items/a/tick", `{"evidence": "Lo vi"}`).is(204)
	c.post(at+"/steps/prepare/items/a/untick", "").is(204)
	c.post(at+"/steps/prepare/complete", `{"note": "Hecho"}`).told(409, "step.items_open")
	c.post(at+"/steps/prepare/items/a/tick", `{}`).is(204)
	c.do("POST", at+"/steps/prepare/files?name=acta.pdf", "%PDF-1.7 acta", http.Header{"Content-Type": {"application/octet-stream"}}).is(204)
	c.post(at+"/steps/prepare/complete", `{"note": "Hecho"}`).is(204)
	file := c.get(at).is(200).text("files.0.id")
	got := c.get(at + "/files/" + file).is(200)
	if string(got.body) != "%PDF-1.7 acta" || got.header.Get("Content-Type") != "application/pdf" || !strings.Contains(got.header.Get("Content-Disposition"), "acta.pdf") {
		t.Errorf("the file is %s %v", got.body, got.header)
	}

	stalled(t, c, at)
	evaluation(t, h, c, at)
	talks(t, c, at)
	returns(t, c, at)

	c.post(at+"/reasons", `{"kind": "root", "code": "price_rise"}`).told(422, "field.required")
	c.post(at+"/reasons", `{"kind": "stated", "code": "nothing"}`).told(422, "reason.choose")
	c.post(at+"/reasons", `{"kind": "root", "code": "price_rise", "evidence": "Subimos un 20 % en mayo"}`).is(204)
	c.post(at+"/reasons", `{"kind": "stated", "code": "service", "text": "Nadie me llamó"}`).is(204)
	if got := c.get(at).is(200); got.text("reasons.1.family") != "price" || got.text("reasons.1.billing") != "too_expensive" ||
		got.text("reasons.0.text") != "Nadie me llamó" || got.get("reasons.0.bad_service") != true {
		t.Errorf("reasons: %s", got.body)
	}
	c.post(at+"/steps/doors/items/"+door+"/tick", `{"evidence": "Ya no entra"}`).is(204)
	c.post(at+"/steps/doors/complete", `{"note": "Cerrado"}`).is(204)
	must(t, h.Approve(ctx, second, id, "agree", false, "Falta el acta"))
	c.post(at+"/steps/agree/reopen", "").is(204)
	must(t, h.Approve(ctx, second, id, "agree", true, "Visto"))
	work := ""
	eventually(t, "an uncertain work", func() bool {
		v := c.get(at).is(200)
		for i := range 5 {
			if w := "works." + itoa(i); v.text(w+".kind") == "cancel_billing" {
				work = v.text(w + ".id")
				return v.text(w+".state") == "uncertain"
			}
		}
		return false
	})
	other := c.get("/v1/cases?q=almena").is(200).text("items.0.id")
	c.post("/v1/cases/"+other+"/works/"+work+"/decide", `{"decision": "look"}`).told(404, "not_found")
	c.post(at+"/works/"+work+"/decide", `{"decision": "attest", "evidence": ""}`).told(422, "step.evidence_required")
	c.post(at+"/works/"+work+"/decide", `{"decision": "attest", "evidence": "Lo vi en su pantalla"}`).is(204)

	if got := c.get("/v1/cases?state=open&customer=" + who).is(200); got.text("items.0.id") != string(id) || got.get("items.1") != nil {
		t.Errorf("open cases: %s", got.body)
	}
	c.post(at+"/undo", "").is(204)
	eventually(t, "the turn to take apart", func() bool { return state("cancel_billing") == "undone" })
	c.post(at+"/steps/doors/undone", `{"note": "Desmontado"}`).is(204)
	c.post(at+"/steps/back/undone", `{"note": "Devuelto"}`).is(204)
	eventually(t, "undone", func() bool { return c.get(at).text("state") == "reversed" })
	c.post(at+"/undo", "").is(204) // again, it changes nothing
	if got := c.get(at + "/access-list").is(200); !strings.Contains(string(got.body), `"hasta-luego/access-list@1"`) || !strings.Contains(got.header.Get("Content-Disposition"), "accesses-HL-") {
		t.Errorf("the list of accesses: %s", got.body)
	}
	if got := c.get(at + "/evidence").is(200); string(got.body[:2]) != "PK" || !strings.Contains(got.header.Get("Content-Disposition"), "evidence-HL-") {
		t.Errorf("the evidence: %d bytes", len(got.body))
	}
	if got := c.get(at + "/evidence?contents=included&language=es").is(200); string(got.body[:2]) != "PK" {
		t.Errorf("the evidence with contents: %d bytes", len(got.body))
	}
	if got := c.get(at + "/erasure-plan").is(200); got.text("code") == "" || got.get("erased") != false || got.get("lines") == nil {
		t.Errorf("what would be erased: %s", got.body)
	}
	if got := c.get(at + "/messages").is(200); got.get("items.0") == nil {
		t.Errorf("no letters: %s", got.body)
	}
	log := string(c.get(at + "/timeline").is(200).body)
	for _, what := range []string{"case.paused", "item.unticked", "evidence.added", "work.attested", "case.reversed", "Lo vi en su pantalla"} {
		if !strings.Contains(log, what) {
			t.Errorf("the timeline lacks %s", what)
		}
	}
	// What people wrote is told only to keys that may read it.
	deaf := h.key("cases:read")
	for _, path := range []string{at, at + "/timeline", at + "/steps/first/form"} {
		body := string(deaf.get(path).is(200).body)
		for _, secret := range []string{"Hecho", "Desmontado", "Lo vi", "llama mañana", "DNI", "Dijo que era caro", "Nadie me llamó", "Subimos"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s says %q to a key that may not read it", path, secret)
			}
		}
	}
}

func playbooks(t *testing.T, c *caller) {
	t.Helper()
	if got := c.get("/v1/one-person").is(200); got.get("on") != false || got.get("wait_hours") == nil {
		t.Errorf("%s", got.body)
	}
	source := func(s string) string {
		raw, err := json.Marshal(map[string]string{"source": s})
		must(t, err)
		return string(raw)
	}
	bad := strings.Replace(trial, "kind: task", "kind: dance", 1)
	if got := c.post("/v1/playbooks/check", source(bad)).is(200); got.get("good") != false || got.text("problems.0.code") == "" || !strings.HasPrefix(got.text("problems.0.at"), "15:") {
		t.Errorf("a bad playbook: %s", got.body)
	}
	if got := c.post("/v1/playbooks", source(bad)).is(422); got.text("errors.0.field") != "/source" {
		t.Errorf("a bad playbook: %s", got.body)
	}
	good := strings.Replace(trial, "playbook: trial", "playbook: other", 1)
	id := c.post("/v1/playbooks/check", source(good)).is(200).text("id")
	if got := c.post("/v1/playbooks", source(good)).is(201).text("id"); got != id {
		t.Errorf("checked %s, proposed %s", id, got)
	}
	if got := c.get("/v1/playbooks/" + id).is(200); got.text("state") != "proposed" || got.text("created_by") != c.id || got.text("source") == "" {
		t.Errorf("the playbook is %s", got.body)
	}
	if got := c.get("/v1/playbooks").is(200); got.get("items.1") == nil {
		t.Errorf("playbooks: %s", got.body)
	}
}

// flows writes a draft of what customers meet, is told what is wrong with it, and
// drops it: a person publishes.
func flows(t *testing.T, c *caller) {
	t.Helper()
	all := c.get("/v1/flows").is(200)
	builtin := all.text("items.0.id")
	if all.text("items.0.state") != "in_force" || all.get("items.0.built_in") != true {
		t.Errorf("flows: %s", all.body)
	}
	source := c.get("/v1/flows/" + builtin).is(200).text("source")
	body := func(more map[string]any) string {
		raw, err := json.Marshal(more)
		must(t, err)
		return string(raw)
	}
	good := c.post("/v1/flows/check", body(map[string]any{"source": source})).is(200)
	if good.get("good") != false || good.text("findings.0.rule") == "" || good.text("friction.0.law") == "" || good.get("problems.0") != nil {
		t.Errorf("without a sign-up nothing says that leaving is as short: %.600s", good.body)
	}
	if got := c.post("/v1/flows/check", body(map[string]any{"source": strings.Replace(source, "kind: recap", "kind: dance", 1)})).is(200); got.get("good") != false || !strings.HasPrefix(got.text("problems.0.at"), "source.yaml:") {
		t.Errorf("a flow that cannot be read: %s", got.body)
	}
	at := c.post("/v1/flows", body(map[string]any{"source": "flow: [", "note": "x"})).is(201).header.Get("Location")
	c.put(at, body(map[string]any{"source": source, "version": 1})).is(204)
	c.put(at, body(map[string]any{"source": source, "version": 1})).told(409, "flow.changed_meanwhile")
	if got := c.get(at).is(200); got.text("state") != "draft" || got.text("based_on") != builtin || got.text("written_by.0") != c.id {
		t.Errorf("the draft is %.600s", got.body)
	}
	c.post(at+"/publish", "{}").told(403, "forbidden.person")
	c.post(at+"/drop", "").is(204)
	c.post(at+"/drop", "").told(409, "flow.draft_over")
}

func outbox(t *testing.T, c *caller) {
	t.Helper()
	id := ""
	eventually(t, "a letter that was sent", func() bool {
		id = c.get("/v1/messages?state=sent&limit=200").is(200).text("items.0.id")
		return id != ""
	})
	if got := c.get("/v1/messages/" + id).is(200); !strings.Contains(got.text("text"), "Hola") {
		t.Errorf("the letter is %s", got.body)
	}
	first := c.get("/v1/audit/entries?limit=2").is(200)
	if first.get("items.0.index") != 0.0 || first.get("items.1.index") != 1.0 {
		t.Errorf("entries: %s", first.body)
	}
	if next := c.get("/v1/audit/entries?cursor=" + first.text("next")).is(200); next.get("items.0.index") != 2.0 {
		t.Errorf("next entries: %s", next.body)
	}
	if got := c.get("/v1/audit/entries?type=case.paused").is(200); got.text("items.0.type") != "case.paused" || got.get("items.1") != nil {
		t.Errorf("entries of one type: %s", got.body)
	}
	proof := c.get("/v1/audit/entries/" + first.text("items.0.id") + "/proof").is(200)
	if point := c.get("/v1/audit/checkpoint").is(200); point.get("size").(float64) < proof.get("size").(float64) || proof.get("index") != 0.0 {
		t.Errorf("proof %s, checkpoint %s", proof.body, point.body)
	}
	for _, list := range []string{"/v1/users", "/v1/voices", "/v1/survey-answers", "/v1/winback"} {
		c.get(list).is(200)
	}
	if got := c.get("/v1/reason-matrix").is(200); got.get("items") == nil || got.text("to") == "" {
		t.Errorf("why they leave: %s", got.body)
	}
	c.get("/v1/reason-matrix?from=2027-02-30").told(422, "form.date")
	c.get("/v1/reason-matrix/cases?from=2026-02-02&to=2026-02-01").told(422, "reason.days")
	if got := c.get("/v1/reason-matrix/cases?root=none").is(200); got.get("items") == nil || got.get("more") != false {
		t.Errorf("departures without a root cause: %s", got.body)
	}
	if got := c.get("/v1/access-report?months=2").is(200); got.get("all.closed") == nil || got.get("left_behind") == nil || got.text("rounds.0.system") == "" {
		t.Errorf("report of accesses: %s", got.body)
	}
	if got := c.get("/v1/strays?state=open").is(200); got.get("items") == nil {
		t.Errorf("strays: %s", got.body)
	}
	if got := c.get("/v1/time-limits").is(200); got.get("months.11.month") == nil || got.get("months.12") != nil {
		t.Errorf("time limits: %s", got.body)
	}
	if got := c.get("/v1/metrics").is(200); got.text("churn_threshold") != "7" || got.get("churn.12.known") != false || got.get("revenue.0.span") != "month" {
		t.Errorf("metrics: %s", got.body)
	}
}
