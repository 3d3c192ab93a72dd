package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/web/api"
	"hastaluego/internal/when"
)

func TestAProblemSaysWhereItIsAndNeverWhatWasSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testkit.SQLite(t), api.Options{})
	c := h.key(app.Scopes()...)
	const secret = "s3cr3t0"
	for _, x := range []struct{ path, body, field, code string }{
		{"/v1/requests", `{"account": "` + secret + `"}`, "/account", "field.email"},
		{"/v1/requests", `{"account": "a@example.com", "acount": "` + secret + `"}`, "/acount", "field.unknown"},
		{"/v1/requests", `{"account": "a@example.com", "Name": "` + secret + `"}`, "/Name", "field.unknown"},
		{"/v1/requests", `{"name": "` + secret + `"}`, "/account", "field.required"},
		{"/v1/requests", `{"account": ["` + secret + `"]}`, "/account", "field.invalid"},
		{"/v1/requests", `{"account": "a@example.com", "when": "` + secret + `"}`, "/when", "field.choice"},
		{"/v1/requests", `{"account": "a@example.com", "reference": "` + strings.Repeat(secret, 15) + `"}`, "/reference", "field.too_long"},
		{"/v1/customers", customerOf("A", "R", secret), "/contacts/0/email", "field.email"},
		{"/v1/customers", strings.Replace(customerOf("A", "R", "a@example.com"), `"minor": 2985`, `"minor": "`+secret+`"`, 1), "/subscriptions/0/amount/minor", "field.invalid"},
		{"/v1/customers", strings.Replace(customerOf("A", "R", "a@example.com"), `"currency": "EUR"`, `"currency": "ZZZ"`, 1), "/subscriptions/0/amount/currency", "field.currency"},
		{"/v1/customers", strings.Replace(customerOf("A", "R", "a@example.com"), `"start": "2026-01-31"`, `"start": "2026-02-31"`, 1), "/subscriptions/0/start", "field.invalid"},
		{noCustomer + "/grants", `{"system": "a", "account": "b", "kind": "login", "depends_on": ["x", 7]}`, "/depends_on/1", "field.invalid"},
		{noCustomer + "/grants", `{"system": "a", "account": "b", "kind": "login", "depends_on": ["a/b"]}`, "/depends_on", "grant.depends_on_itself"},
	} {
		got := c.post(x.path, x.body).is(422)
		if got.text("field") != x.field || got.text("code") != x.code || got.text("errors.0.field") != x.field || got.text("errors.0.detail") == "" {
			t.Errorf("%s %s: %s", x.path, x.body, got.body)
		}
		if strings.Contains(string(got.body), secret) {
			t.Errorf("%s repeats what was sent: %s", x.path, got.body)
		}
	}
	c.post("/v1/customers", customerOf("A", "R", secret+"@example.com")).is(201)
	if got := c.post("/v1/customers", customerOf("B", "R", "b@example.com")).told(409, "customer.reference_taken"); strings.Contains(string(got.body), `"A"`) || got.text("field") != "/reference" {
		t.Errorf("taken: %s", got.body)
	}
	if got := c.post("/v1/requests", `{"account": "no", "reference": "a\u0000b"}`).told(422, "field.text"); got.text("ref") != got.header.Get("X-Request-Id") {
		t.Errorf("the reference is %s", got.body)
	}
	if got := c.get("/v1/cases?limit=0").told(422, "field.invalid"); got.text("errors.0.parameter") != "limit" {
		t.Errorf("a wrong parameter: %s", got.body)
	}
	if got := c.get("/v1/cases?colour=red").told(422, "field.unknown"); got.text("errors.0.parameter") != "colour" {
		t.Errorf("an unknown parameter: %s", got.body)
	}
	c.get("/v1/cases?q=%00").told(404, "not_found")
	c.get("/v1/cases/%00").told(404, "not_found")
	c.get("/v1/cases/x").told(404, "not_found")
	c.get(noCase).told(404, "not_found")
	c.get("/v1/nothing").told(404, "api.no_route")
	if got := c.do("DELETE", noCase, "", nil).told(405, "api.no_method"); got.header.Get("Allow") != "GET" {
		t.Errorf("allowed: %v", got.header)
	}
	c.post("/v1/requests", `{"account": `).told(400, "api.not_json")
	c.do("POST", "/v1/requests", "", http.Header{"Content-Type": {"application/json"}}).told(400, "api.not_json")
	c.do("POST", "/v1/requests", "account=a", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}).told(415, "api.media")
	c.post("/v1/requests", `{"account": "`+strings.Repeat("a", 70_000)+`"}`).told(413, "api.too_large")
	es, en := c.get(noCase), (&caller{h: h, token: c.token, lang: "en-GB,en;q=0.8"}).get(noCase)
	if es.text("detail") != text.Say("es", "error.not_found") || en.text("detail") != text.Say("en", "error.not_found") || en.text("title") == es.text("title") {
		t.Errorf("in Spanish %s, in English %s", es.body, en.body)
	}
}

func TestAKeyThatIsTooFastWaits(t *testing.T) {
	t.Parallel()
	clock := when.NewManual(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	h := newHouse(t, testkit.SQLite(t), api.Options{PerMinute: 6, Clock: clock})
	c, other := h.key("users:read"), h.key("users:read")
	for range 6 {
		c.get("/v1/users").is(200)
	}
	if got := c.get("/v1/users").told(429, "api.too_fast"); got.header.Get("Retry-After") != "11" {
		t.Errorf("wait %s", got.header.Get("Retry-After"))
	}
	other.get("/v1/users").is(200)
	clock.Advance(10 * time.Second)
	c.get("/v1/users").is(200)
	c.get("/v1/users").told(429, "api.too_fast")
	clock.Advance(time.Hour)
	for range 6 {
		c.get("/v1/users").is(200)
	}
	c.get("/v1/users").told(429, "api.too_fast")
}

func TestTheReferenceIsReadWithoutAKeyAndTellsEveryRoute(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testkit.SQLite(t), api.Options{})
	open := &caller{h: h}
	if got := open.get("/openapi.json").is(200); got.text("openapi") != "3.1.0" || !strings.HasPrefix(got.header.Get("Content-Type"), "application/openapi+json") {
		t.Errorf("the document: %v", got.header)
	}
	open.get("/docs/nothing").is(404)
	for _, lang := range text.Langs() {
		page := ""
		parts := []string{"", "/records"}
		for _, tag := range h.doc.Tags {
			parts = append(parts, "/"+tag.Name)
		}
		for _, part := range parts {
			page += string(open.get("/docs" + part + "?lang=" + lang).is(200).body)
		}
		for path, methods := range h.doc.Paths {
			for _, op := range methods {
				if !strings.Contains(page, `id="`+op.OperationID+`"`) || !strings.Contains(page, text.Say(lang, "api.op."+op.OperationID)) || !strings.Contains(page, path) {
					t.Errorf("the reference in %s lacks %s", lang, op.OperationID)
				}
			}
		}
		for name := range h.doc.Components.Schemas {
			if !strings.Contains(page, `id="record-`+name+`"`) {
				t.Errorf("the reference in %s lacks %s", lang, name)
			}
		}
		if strings.Contains(page, "<script") || strings.Contains(page, " style=") || strings.Contains(page, ">api.") {
			t.Errorf("the reference in %s ships a script, a style or a naked code: %q", lang, regexp.MustCompile(`>api\.[^<]*|<script[^>]*| style=[^>]*`).FindAllString(page, 5))
		}
	}
}

func TestTheReferenceDocumentInTheRepositoryIsThatOfTheProgram(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/reference/openapi.json"
	want := api.New(&web.Kit{}, api.Options{}).Document()
	if *update {
		must(t, os.WriteFile(path, want, 0o600))
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != string(want) {
		t.Errorf("%s is out of date: make gen (%v)", path, err)
	}
}

// The states that the document lists are those of the tables of the domain.
func TestTheStatesInTheDocumentAreThoseOfTheTables(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	for record, want := range map[string][]string{
		"Request": states(offboarding.RequestTransitions), "Case": states(offboarding.CaseTransitions), "Step": states(offboarding.StepTransitions),
		"Work": states(offboarding.WorkTransitions),
	} {
		var p struct{ Enum []string }
		must(t, json.Unmarshal(doc.Components.Schemas[record].Properties["state"], &p))
		slices.Sort(p.Enum)
		if !slices.Equal(p.Enum, want) {
			t.Errorf("%s: the document has %v, the table %v", record, p.Enum, want)
		}
	}
}

func states[S ~string](table map[S][]S) (out []string) {
	for from, list := range table {
		out = append(out, string(from))
		for _, to := range list {
			out = append(out, string(to))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
