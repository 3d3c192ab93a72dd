package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
)

// evaluation leads a step with a form, its notes and its files through
// everything that programs may do with them.
func evaluation(t *testing.T, h *house, c *caller, at string) {
	t.Helper()
	noa, err := h.AddUser(t.Context(), "", app.UserInput{Login: "noa", Name: "Noa", Password: "una frase muy larga y rara", Roles: []string{"success"}})
	must(t, err)
	c.post(at+"/steps/prepare/assign", `{"user": "`+noa.ID+`"}`).told(422, "step.assignee") // she is no agent
	if got := c.post(at+"/steps/first/assign", `{"user": "usr_none"}`).told(422, "step.assignee"); got.text("field") != "/user" {
		t.Errorf("nobody: %s", got.body)
	}
	c.post(at+"/steps/first/assign", `{"user": "`+noa.ID+`"}`).is(204)
	if got := c.get(at).is(200); !strings.Contains(string(got.body), `"assignee":"`+noa.ID+`"`) || !strings.Contains(string(got.body), `"form":"first_evaluation@`) {
		t.Errorf("the plan is %s", got.body)
	}
	c.post(at+"/steps/first/assign", `{"user": ""}`).is(204)

	form := at + "/steps/first/form"
	c.get(at+"/steps/prepare/form").told(404, "not_found")
	c.post(at+"/steps/doors/form", `{"answers": {}}`).told(404, "not_found")
	open := c.get(form).is(200)
	if open.text("state") != "open" || open.text("answers.use") != "unknown" || open.get("known.0") == nil {
		t.Errorf("the form begins with %s", open.body)
	}
	if open.text("fields.1.id") != "use" || open.text("fields.1.choices.0.value") == "" || open.text("fields.1.label.es") == "" {
		t.Errorf("the questions are %s", open.body)
	}
	for _, x := range []struct{ answers, field, code string }{
		{`{"hypothesis": "elsewhere"}`, "/answers/hypothesis", "field.choice"},
		{`{"months": "many"}`, "/answers/months", "form.number"},
		{`{"a.b/c~d": "x"}`, "/answers/a.b~1c~0d", "form.unknown_field"},
		{`{"use": 7}`, "/answers/use", "field.invalid"},
	} {
		if got := c.post(form, `{"answers": `+x.answers+`}`).told(422, x.code); got.text("field") != x.field {
			t.Errorf("%s: %s", x.answers, got.body)
		}
	}
	c.post(form, `{"answers": {"use": "falling", "hypothesis": "price"}}`).is(204)
	if got := c.get(form).is(200); got.text("state") != "draft" || got.text("answers.use") != "falling" {
		t.Errorf("the draft is %s", got.body)
	}
	if got := c.post(form, `{"answers": {"use": "falling", "hypothesis": "price"}, "finish": true}`).told(422, "field.required"); !strings.Contains(string(got.body), `"field":"/answers/ours_kept"`) {
		t.Errorf("missing: %s", got.body)
	}
	const whole = `{"answers": {"use": "falling", "hypothesis": "price", "ours_kept": "kept", "theirs_kept": "none", "terms": "within",
		"hypothesis_why": "Dijo que era caro"}, "finish": true}`
	h.key("cases:act").post(form, whole).told(403, "forbidden.scope") // the step is of account management
	done := again("evaluated")
	c.do(http.MethodPost, form, whole, done).is(204)
	if got := c.do(http.MethodPost, form, whole, done).is(204); got.header.Get("Idempotency-Replayed") != "true" {
		t.Error("the evaluation was done twice")
	}
	c.post(form, whole).told(409, "step.not_ready")
	if got := c.get(form).is(200); got.text("state") != "done" || got.text("answers.hypothesis_why") != "Dijo que era caro" {
		t.Errorf("the evaluation is %s", got.body)
	}

	note := c.post(at+"/notes", `{"text": "Quiere hablar con Noa"}`).is(201).text("id")
	if got := c.get(at + "/notes").is(200); got.text("items.0.id") != note || got.text("items.0.text") != "Quiere hablar con Noa" || got.text("items.0.created_by") != c.id {
		t.Errorf("the notes are %s", got.body)
	}
	raw := http.Header{"Content-Type": {"application/octet-stream"}}
	kept := c.do(http.MethodPost, at+"/files?name=carta.png", "\x89PNG\r\n\x1a\n…", raw).is(201)
	if got := c.get(kept.header.Get("Location")).is(200); got.header.Get("Content-Type") != "image/png" {
		t.Errorf("the file is %v", got.header)
	}
	if got := c.get(at + "/files").is(200); !strings.Contains(string(got.body), `"id":"`+kept.text("id")+`"`) || !strings.Contains(string(got.body), `"name":"carta.png"`) {
		t.Errorf("the files are %s", got.body)
	}
	c.do(http.MethodPost, at+"/files?name=big", strings.Repeat("x", app.MaxEvidence+1), raw).told(413, "api.too_large")
}

// stalled tries again what could not begin, and leaves it out.
func stalled(t *testing.T, c *caller, at string) {
	t.Helper()
	odd := func() string {
		got := c.get(at).is(200)
		for i := range 20 {
			if s := fmt.Sprint("steps.", i, "."); got.text(s+"key") == "odd" {
				return fmt.Sprint(got.text(s+"state"), " ", got.text(s+"blocked"), " ", got.get(s+"stalled"))
			}
		}
		return ""
	}
	if got := odd(); got != "blocked step.condition true" {
		t.Fatalf("the step is %s", got)
	}
	c.post(at+"/steps/prepare/retry", "").told(409, "step.not_stalled")
	c.post(at+"/steps/prepare/skip", `{"note": "No hace falta"}`).told(409, "step.not_stalled")
	c.post(at+"/steps/odd/retry", "").is(204)
	if got := odd(); got != "blocked step.condition true" {
		t.Errorf("tried again with the same facts it is %s", got)
	}
	if got := c.post(at+"/steps/odd/skip", `{"note": " "}`).told(422, "step.evidence_required"); got.text("field") != "/note" {
		t.Errorf("without a reason: %s", got.body)
	}
	once := again("left-out")
	c.do(http.MethodPost, at+"/steps/odd/skip", `{"note": "No tiene nada"}`, once).is(204)
	if got := c.do(http.MethodPost, at+"/steps/odd/skip", `{"note": "No tiene nada"}`, once).is(204); got.header.Get("Idempotency-Replayed") != "true" {
		t.Error("it was left out twice")
	}
	if got := odd(); !strings.HasPrefix(got, "skipped ") || !strings.HasSuffix(got, " false") {
		t.Errorf("left out it is %s", got)
	}
}

// returns ends what was lent: one thing is back, the other is charged.
func returns(t *testing.T, c *caller, at string) {
	t.Helper()
	list := c.get(at + "/obligations").is(200)
	end := func(i int) string { return at + "/obligations/" + list.text(fmt.Sprint("items.", i, ".id")) + "/end" }
	if list.text("items.0.state") != "open" || list.text("items.1.due") == "" || list.get("items.2") != nil {
		t.Fatalf("what was lent: %s", list.body)
	}
	c.post(end(0), `{"state": "returned", "evidence": ""}`).is(422)
	c.post(end(0), `{"state": "returned", "evidence": "En el almacén"}`).is(204)
	c.post(end(0), `{"state": "waived", "evidence": "Da igual"}`).told(409, "obligation.over")
	if got := c.post(end(1), `{"state": "charged", "evidence": "No llega"}`).told(422, "obligation.charge"); got.text("field") != "/amount" {
		t.Errorf("a charge without a sum: %s", got.body)
	}
	c.post(end(1), `{"state": "charged", "evidence": "No llega", "amount": {"minor": 6000, "currency": "EUR"}}`).is(204)
	got := c.get(at + "/obligations").is(200)
	if got.text("items.0.state") != "returned" || got.text("items.0.receipt") == "" || got.get("items.1.charge.minor") != 6000.0 || got.text("items.1.evidence") != "No llega" {
		t.Errorf("ended: %s", got.body)
	}
	c.post(at+"/obligations/obl_none/end", `{"state": "returned", "evidence": "x"}`).told(404, "not_found")
}

// whole reads a list page by page, two at a time: every item once, newest first.
func (c *caller) whole(t *testing.T, at string, n int) {
	t.Helper()
	var ids []string
	for next := ""; ; {
		sep := "?"
		if strings.Contains(at, "?") {
			sep = "&"
		}
		got := c.get(at + sep + "limit=2&cursor=" + next).is(200)
		for i := range 2 {
			if got.get(fmt.Sprint("items.", i)) != nil {
				ids = append(ids, got.text(fmt.Sprint("items.", i, ".id")))
			}
		}
		if next = got.text("next"); next == "" || len(ids) > n {
			break
		}
	}
	older := func(x, y string) int { return strings.Compare(y, x) }
	if len(ids) != n || !slices.IsSortedFunc(ids, older) || len(slices.Compact(ids)) != n {
		t.Errorf("%s: %d of %d: %v", at, len(ids), n, ids)
	}
}

// complaints says what went wrong, what is promised, and how that ends.
func complaints(t *testing.T, c *caller, who string) {
	t.Helper()
	if got := c.post("/v1/complaints", `{"customer": "`+who+`", "received": "2099-01-01", "what": "No llegan los avisos"}`).told(422, "complaint.received"); got.text("field") != "/received" {
		t.Errorf("out of the future: %s", got.body)
	}
	made := c.post("/v1/complaints", `{"customer": "`+who+`", "received": "2026-01-02", "what": "No llegan los avisos"}`).is(201)
	at := "/v1/complaints/" + made.text("id") + "/answer"
	if got := c.post(at, `{"state": "promised", "answer": "Otro proveedor"}`).told(422, "commitment.due"); got.text("field") != "/by" {
		t.Errorf("a promise without a date: %s", got.body)
	}
	c.post(at, `{"state": "promised", "answer": "Otro proveedor", "by": "2026-02-31"}`).is(422)
	c.post(at, `{"state": "promised", "answer": "Otro proveedor", "by": "2030-01-31"}`).is(204)
	if got := c.get("/v1/complaints").is(200); got.text("items.0.id") != made.text("id") || got.text("items.0.state") != "promised" || got.text("items.0.answer") != "Otro proveedor" {
		t.Errorf("complaints: %s", got.body)
	}
	promise := c.get("/v1/commitments").is(200)
	if promise.text("items.0.due") != "2030-01-31" || promise.text("items.0.complaint") != made.text("id") || promise.text("items.0.by") != "ours" {
		t.Errorf("commitments: %s", promise.body)
	}
	c.post(at, `{"state": "fixed", "answer": "Llegan desde hoy"}`).is(204) // and so is what was promised
	c.post(at, `{"state": "declined", "answer": "No"}`).told(409, "complaint.over")
	theirs := c.post("/v1/commitments", `{"customer": "`+who+`", "by": "theirs", "due": "2030-01-31", "what": "Devolver el router"}`).is(201).text("id")
	end := "/v1/commitments/" + theirs + "/end"
	c.post(end, `{"state": "kept", "evidence": "Está en el almacén"}`).is(204)
	c.post(end, `{"state": "broken", "evidence": "No vino"}`).told(409, "commitment.over")
	if got := c.get("/v1/commitments").is(200); got.get("items.0") != nil {
		t.Errorf("pending: %s", got.body)
	}
	all := string(c.get("/v1/commitments?customer=" + who).is(200).body)
	if strings.Count(all, `"state":"kept"`) != 2 || !strings.Contains(all, "Está en el almacén") {
		t.Errorf("commitments of one: %s", all)
	}
	if got := c.get("/v1/complaints?customer=" + who).is(200); got.text("items.0.state") != "fixed" {
		t.Errorf("complaints of one: %s", got.body)
	}
	c.get("/v1/complaints?customer=cus_none").told(404, "not_found")
	for range 3 {
		c.post("/v1/complaints", `{"customer": "`+who+`", "received": "2026-01-02", "what": "Otra vez"}`).is(201)
		c.post("/v1/commitments", `{"customer": "`+who+`", "by": "theirs", "due": "2030-01-31", "what": "Otra cosa"}`).is(201)
	}
	c.whole(t, "/v1/complaints", 3)
	c.whole(t, "/v1/complaints?customer="+who, 4)
	c.whole(t, "/v1/commitments", 3)
	c.whole(t, "/v1/commitments?customer="+who, 5)
	c.get("/v1/complaints?cursor="+c.get("/v1/commitments?limit=1").is(200).text("next")).told(422, "api.cursor")
}

// webhooks adds an endpoint for what nothing in the background causes, changes
// its secret and looks at what it was sent.
func webhooks(t *testing.T, c *caller) {
	t.Helper()
	if got := c.post("/v1/webhooks", `{"url": "http://hooks.example", "events": ["*"]}`).told(422, "webhook.plain"); got.text("field") != "/url" {
		t.Errorf("a plain address: %s", got.body)
	}
	if got := c.post("/v1/webhooks", `{"url": "https://hooks.example", "events": ["case.danced"]}`).told(422, "webhook.pattern"); got.text("field") != "/events" {
		t.Errorf("an event that there is not: %s", got.body)
	}
	made := c.post("/v1/webhooks", `{"url": "https://hooks.example/a", "events": ["silence.*", "silence.lifted"]}`).is(201)
	at, secret := "/v1/webhooks/"+made.text("id"), made.text("secret")
	if !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("made %s", made.body)
	}
	c.post(at+"/rotate", `{"keep_hours": 721}`).is(422)
	if got := c.post(at+"/rotate", `{"keep_hours": 2}`).is(200); got.text("secret") == secret || got.text("old_secret_until") == "" {
		t.Errorf("rotated: %s", got.body)
	}
	list := c.get("/v1/webhooks").is(200)
	if strings.Contains(string(list.body), "whsec_") || list.text("items.0.old_secret_until") == "" || list.text("items.0.events.1") != "silence.lifted" {
		t.Errorf("the endpoints are %s", list.body)
	}
	c.post(at+"/disable", "").is(204)
	c.post(at+"/test", "").told(409, "webhook.off")
	c.post(at+"/enable", "").is(204)
	c.post(at+"/test", "").is(204)
	delivery := ""
	eventually(t, "a message that was taken", func() bool {
		got := c.get(at + "/deliveries").is(200)
		delivery = got.text("items.0.id")
		return got.text("items.0.type") == "webhook.test" && got.text("items.0.state") == "done" && got.get("items.0.status") == 204.0
	})
	if got := c.post(at+"/redeliver", `{}`).is(200); got.get("messages") != 0.0 {
		t.Errorf("what arrived was sent again: %s", got.body)
	}
	if got := c.post(at+"/redeliver", `{"delivery": "`+delivery+`"}`).is(200); got.get("messages") != 1.0 {
		t.Errorf("sent again: %s", got.body)
	}
	c.post(at+"/redeliver", `{"delivery": "work_none"}`).told(404, "not_found")
	c.post(at+"/test", "").is(204)
	c.post(at+"/test", "").is(204)
	c.whole(t, at+"/deliveries", 3)
}
