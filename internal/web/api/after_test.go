package api_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web/api"
	"hastaluego/internal/when"
)

// talks invites a customer to a conversation, and to another time for it.
func talks(t *testing.T, c *caller, at string) {
	t.Helper()
	body := func(in time.Duration, place string) string {
		return fmt.Sprintf(`{"format": "video", "neutral": true, "start": %q, "minutes": 30, "place": %q, "words": "Solo escuchar"}`,
			when.Machine{}.Now().Add(in).Format(time.RFC3339), place)
	}
	invite := at + "/steps/talk/invite"
	c.post(at+"/steps/back/invite", body(time.Hour, "x")).told(404, "not_found")
	if got := c.post(invite, body(-time.Hour, "x")).told(422, "invitation.start"); got.text("field") != "/start" {
		t.Errorf("in the past: %s", got.body)
	}
	if got := c.post(invite, strings.Replace(body(time.Hour, "x"), "30,", "5,", 1)).told(422, "form.scale"); got.text("field") != "/minutes" {
		t.Errorf("five minutes: %s", got.body)
	}
	c.post(invite, body(24*time.Hour, "https://video.example/1")).is(204)
	c.post(invite, body(48*time.Hour, "https://video.example/2")).is(204)
	got := c.get(at + "/invitations").is(200)
	if got.get("items.1") != nil || got.get("items.0.sequence") != 1.0 || got.text("items.0.state") != "invited" || got.text("items.0.made_by") != c.id ||
		got.text("items.0.place") != "https://video.example/2" || got.get("items.0.neutral") != true {
		t.Errorf("invited: %s", got.body)
	}
	if log := string(c.get(at + "/messages").is(200).body); strings.Count(log, `"paper":"invitation"`) != 1 {
		t.Errorf("invited by letter more or less than once: %s", log)
	}
}

// handed says that a client was given things; only the client accepts them.
func handed(t *testing.T, h *house, c *caller) {
	t.Helper()
	at, page := h.verified(t, c, "Taller Norte", "FE-5", "ana@taller.example", "domain", "document", "credential")
	list := c.get(at + "/handover").is(200)
	if list.text("items.0.kind") != "domain" || list.text("items.2.state") != "open" || list.get("items.3") != nil {
		t.Fatalf("to hand over: %s", list.body)
	}
	give := func(i int, way string) answer {
		return c.post(at+"/steps/give/handover/"+list.text(fmt.Sprint("items.", i, ".id"))+"/give", `{"way": "`+way+`", "how": "A su nombre en el registro", "to": "Ana Ruiz"}`)
	}
	give(0, "envelope").told(422, "field.choice") // no secret passes here
	if got := give(0, "in_person").told(422, "field.choice"); got.text("field") != "/way" {
		t.Errorf("a domain from hand to hand: %s", got.body)
	}
	owner := func(name, email string) answer {
		return c.post(at+"/steps/give/handover/"+list.text("items.0.id")+"/owner", `{"name": "`+name+`", "email": "`+email+`"}`)
	}
	owner("Ana Ruiz", "ana").told(422, "field.email")
	owner("Ana Ruiz", "ana@taller.example").is(204)
	give(0, "transfer").told(409, "handover.owner_waits") // the client was asked
	owner("", "").is(204)
	give(0, "transfer").is(204)
	give(2, "in_person").is(204)
	hold := func(i int) answer {
		return c.post(at+"/steps/give/handover/"+list.text(fmt.Sprint("items.", i, ".id"))+"/hold", `{"why": "Hasta el último pago"}`)
	}
	hold(1).is(204)
	if got := c.get(at + "/handover").is(200); got.text("items.1.state") != "held" || got.text("items.1.owner") != "ours" || got.text("items.1.held") == "" {
		t.Errorf("held: %s", got.body)
	}
	paid := at + "/steps/give/handover/" + list.text("items.1.id") + "/paid"
	c.post(paid, `{"paid_on": "ayer"}`).told(422, "field.invalid")
	c.post(paid, `{"paid_on": "2020-01-02", "paid_by": "FE-2020-1"}`).is(204)
	if got := c.get(at + "/handover").is(200); got.text("items.1.paid_on") != "2020-01-02" || got.text("items.1.paid_by") != "FE-2020-1" {
		t.Errorf("paid: %s", got.body)
	}
	must(t, h.AnswerHandover(t.Context(), page, []app.HandoverAnswer{{Item: handover.ID(list.text("items.0.id")), Right: true}}))
	got := c.get(at + "/handover").is(200)
	if got.text("items.0.state") != "accepted" || got.text("items.0.accepted_by") != "client" || got.text("items.2.state") != "given" ||
		got.text("items.2.rotation") != "waiting" || got.text("items.2.rotate_by") == "" || got.text("items.0.how") == "" {
		t.Errorf("handed over: %s", got.body)
	}
	if got := h.key("cases:read").get(at + "/handover").is(200); strings.Contains(string(got.body), "registro") {
		t.Errorf("to a key that may not read words: %s", got.body)
	}
	lock := at + "/steps/give/handover/" + list.text("items.2.id") + "/burn"
	c.post(lock, "").told(409, "envelope.none")
	must(t, h.GiveItem(t.Context(), second, app.GiveInput{
		Case: offboarding.CaseID(strings.TrimPrefix(at, "/v1/cases/")), Step: "give", Item: handover.ID(list.text("items.2.id")), Way: handover.Envelope, How: "La clave del servidor",
		SecretInput: app.SecretInput{Secret: "abracadabra", Key: "7K2MX-00000-11111-ABCDE-ZZZZZ"},
	}))
	c.post(lock, "").is(204)
	c.post(lock, "").told(409, "envelope.none")
	give(0, "transfer").told(409, "handover.state.accepted")
	hold(0).told(409, "handover.never_waits")
	c.post(at+"/act", "").is(201)
	got = c.get(at + "/handover").is(200)
	if got.get("acts.0.number") != 1.0 || len(got.text("acts.0.sha256")) != 64 || got.text("acts.0.file") == "" || got.text("acts.0.accepted_at") != "" || got.get("promised.0") != nil {
		t.Errorf("the act: %s", got.body)
	}
}

// letter is one letter to leavers.
const letter = `{"filter": {"from": "2020-01-01"}, "letters": {"es": {"subject": "Ya está", "text": "Los avisos llegan."}, "en": {"subject": "Done", "text": "Notices arrive."}}}`

// leavers writes one letter to those who left and allowed it, in a house of its
// own, whose clock is pushed.
func leavers(t *testing.T, known *house) {
	t.Helper()
	h := newHouseOn(t, testkit.SQLite(t), api.Options{}, short)
	c := h.key(app.Scopes()...)
	ctx := t.Context()
	var pages, cases []string
	for i, name := range []string{"Uno", "Dos", "Tres"} {
		at, page := h.verified(t, c, name, fmt.Sprint("FE-", i), fmt.Sprintf("hola%d@gone.example", i))
		pages, cases = append(pages, page), append(cases, at)
	}
	c.post("/v1/winback/send", letter).told(409, "winback.nobody")
	next, err := h.NextTimer(ctx)
	must(t, err)
	must(t, h.PushClock(ctx, "", next))
	eventually(t, "that they left", func() bool { return c.get("/v1/cases?state=closed").is(200).get("items.2") != nil })
	for i, page := range pages {
		who := "/v1/customers/" + c.get(cases[i]).is(200).text("customer")
		c.patch(who+"/subscriptions/"+c.get(who).is(200).text("subscriptions.0.id"), `{"status": "ended"}`).is(204)
		must(t, h.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: i > 0, Wording: "Una carta.", Language: "es"}))
	}
	rehearsed(t, c, c.get(cases[0]).is(200).text("customer")) // who left and allowed a letter are two still
	first := c.get("/v1/winback?limit=1").is(200)
	second := c.get("/v1/winback?limit=1&cursor=" + first.text("next")).is(200)
	names := first.text("items.0.name") + second.text("items.0.name")
	if names != "DosTres" && names != "TresDos" || second.text("next") != "" || first.text("items.0.state") != "reachable" || first.get("items.0.monthly.0.minor") != 2985.0 {
		t.Errorf("who allowed a letter: %s %s", first.body, second.body)
	}
	if got := c.get("/v1/winback?from=2999-01-01").is(200); got.get("items.0") != nil {
		t.Errorf("who leaves one day: %s", got.body)
	}
	if got := c.get("/v1/winback?from=2026-02-31").is(422); got.text("errors.0.parameter") != "from" {
		t.Errorf("no day: %s", got.body)
	}
	blank := strings.Replace(letter, "Los avisos llegan.", " ", 1)
	if got := c.post("/v1/winback/preview", blank).told(422, "field.required"); got.text("field") != "/letters/es/text" {
		t.Errorf("without words: %s", got.body)
	}
	if got := c.post("/v1/winback/preview", letter).is(200); got.get("letters") != 2.0 {
		t.Errorf("would reach %s", got.body)
	}
	once := again("come-back")
	if got := c.do("POST", "/v1/winback/send", letter, once).is(200); got.get("letters") != 2.0 {
		t.Errorf("reached %s", got.body)
	}
	if got := c.do("POST", "/v1/winback/send", letter, once).is(200); got.header.Get("Idempotency-Replayed") != "true" {
		t.Error("it was written twice")
	}
	c.post("/v1/winback/send", letter).told(409, "winback.nobody") // nobody gets a second one
	h.link("hola1@gone.example", "back")
	h.link("hola2@gone.example", "back")
	said(t, h, c)
	if got := c.get("/v1/winback").is(200); got.text("items.0.state") != "written" || got.text("items.1.state") != "written" {
		t.Errorf("written to: %s", got.body)
	}
	must(t, h.UntilQuiet(ctx))
	h.post.mu.Lock()
	defer h.post.mu.Unlock()
	if h.post.links["hola0@gone.example back"] != "" {
		t.Error("somebody was written to who did not allow it")
	}
	known.mu.Lock()
	maps.Copy(known.covered, h.covered)
	known.mu.Unlock()
}

// said reads what those who left answered, and what they let us say.
func said(t *testing.T, h *house, c *caller) {
	t.Helper()
	ctx := t.Context()
	bye := make([]string, 2)
	for i := range bye {
		bye[i] = h.link(fmt.Sprintf("hola%d@gone.example", i), "bye")
		must(t, h.AnswerSurvey(ctx, bye[i], form.Answers{"csat": "5", "nps": "9", "reason": "needs_ended", "idea": "Un plan de verano"}))
		must(t, h.GiveTestimonial(ctx, bye[i], app.TestimonialInput{Text: "Nos cuidaron hasta el final", Name: "Marta I.", Consent: true}))
	}
	c.whole(t, "/v1/voices", 2)
	c.whole(t, "/v1/survey-answers", 2)
	if got := c.get("/v1/survey-answers").is(200); got.text("items.0.answers.idea") != "Un plan de verano" || got.text("items.1.answers.nps") != "9" {
		t.Errorf("answered: %s", got.body)
	}
	if got := c.get("/v1/voices").is(200); got.text("items.1.text") != "Nos cuidaron hasta el final" || got.get("items.1.stands") != true || got.text("items.1.until") == "" {
		t.Errorf("said: %s", got.body)
	}
	must(t, h.WithdrawTestimonial(ctx, bye[1]))
	got := c.get("/v1/voices").is(200)
	if got.get("items.0.stands") != false || got.text("items.0.withdrawn_at") == "" || got.get("items.0.text") != nil || got.get("items.0.name") != nil || got.get("items.1.stands") != true {
		t.Errorf("what was taken back is still told: %s", got.body)
	}
	if got := c.get("/v1/voices?kind=referral").is(200); got.get("items.0") != nil {
		t.Errorf("referrals: %s", got.body)
	}
	if got := c.get("/v1/reasons").is(200); got.text("items.0.code") == "" || got.text("items.0.label.es") == "" || got.text("items.0.family") != got.text("items.0.code") {
		t.Errorf("reasons: %s", got.body)
	}
}

// rehearsed makes a customer up, walks them to their end and deletes them; a
// real one is neither hurried nor deleted.
func rehearsed(t *testing.T, c *caller, theirs string) {
	t.Helper()
	who := c.post("/v1/customers", strings.Replace(customerOf("Ensayo", "PR-1", "ensayo@example.com"), `"kind"`, `"test": true, "kind"`, 1)).is(201).text("id")
	if got := c.get("/v1/customers/" + who).is(200); got.get("test") != true {
		t.Errorf("a test customer: %s", got.body)
	}
	at := c.post("/v1/cases", `{"customer": "`+who+`", "channel": "phone", "reference": "L-1", "when": "period_end", "proof": "Ensayo"}`).is(201).header.Get("Location")
	if got := c.get(at).is(200); got.get("test") != true {
		t.Errorf("a rehearsal: %s", got.body)
	}
	c.post(at+"/hurry", "").is(204)
	eventually(t, "the end of the rehearsal", func() bool { return c.get(at).is(200).text("state") == "closed" })
	c.post("/v1/customers/"+theirs+"/forget-test", "").told(409, "test.real")
	c.post("/v1/customers/"+who+"/forget-test", "").is(204)
	c.get("/v1/customers/" + who).is(404)
	c.get(at).is(404)
}
