package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/when"
)

// madrid is where the company of these tests counts its days.
var madrid = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		panic(err)
	}
	return zone
}()

// day is the date so many days from today.
func day(n int) string { return when.DateOf(when.Machine{}.Now(), madrid).AddDays(n).String() }

// verified opens a departure whose customer confirmed it, and returns it and
// the token of their page.
func (h *house) verified(t *testing.T, c *caller, name, ref, email string, assets ...string) (at, page string) {
	t.Helper()
	who := c.post("/v1/customers", customerOf(name, ref, email)).is(201).text("id")
	for _, kind := range assets {
		c.post("/v1/customers/"+who+"/assets", `{"reference": "`+ref+kind+`", "kind": "`+kind+`", "name": "`+kind+`", "owner": "ours"}`).is(201)
	}
	at = c.post("/v1/cases", `{"customer": "`+who+`", "channel": "phone", "reference": "`+ref+`", "when": "period_end"}`).is(201).header.Get("Location")
	_, page, err := h.VerifyRequest(t.Context(), h.link(email, "verify"))
	must(t, err)
	return at, page
}

// person adds somebody of the company.
func (h *house) person(t *testing.T, login string, roles ...string) string {
	t.Helper()
	u, err := h.AddUser(t.Context(), "", app.UserInput{Login: login, Name: login, Password: "una frase muy larga y rara", Roles: roles})
	must(t, err)
	return u.ID
}

// offers proposes something; only the customer accepts it.
func offers(t *testing.T, h *house, c *caller) {
	t.Helper()
	at, page := h.verified(t, c, "Molino Azul", "FE-4", "rosa@molino.example")
	must(t, h.AskOffer(t.Context(), page))
	if got := c.get(at + "/offer").is(200); got.get("asked") != true || got.text("answer_due") == "" || got.get("offer") != nil || !strings.HasPrefix(got.text("decision.policy"), "standard@") {
		t.Errorf("asked: %s", got.body)
	}
	// Today: their month may end today, and nothing is open longer.
	body := func(kind, until string) string {
		return `{"kind": "` + kind + `", "heard": "Pagáis por lo que no usáis", "what": "Un mes de pausa", "changes": "No hay avisos", "until": "` + until + `", "by": "` + day(2) + `"}`
	}
	c.post(at+"/offer", body("gift", day(0))).told(422, "field.choice")
	if got := c.get("/v1/offers/otherwise?month=" + day(0)[:7]).is(200); got.get("items.0") != nil {
		t.Errorf("nobody did otherwise: %s", got.body)
	}
	eventually(t, "the receipt to be out", func() bool { // nothing is proposed before
		got := c.get(at + "/messages").is(200)
		for i := range 5 {
			if m := fmt.Sprint("items.", i, "."); got.text(m+"paper") == "receipt" && got.text(m+"state") == "sent" {
				return true
			}
		}
		return false
	})
	if got := c.post(at+"/offer", body("pause", "2020-01-01")).told(422, "offer.until"); got.text("field") != "/until" {
		t.Errorf("until yesterday: %s", got.body)
	}
	once := again("offered")
	c.do(http.MethodPost, at+"/offer", body("pause", day(0)), once).is(204)
	if got := c.do(http.MethodPost, at+"/offer", body("pause", day(0)), once).is(204); got.header.Get("Idempotency-Replayed") != "true" {
		t.Error("it was proposed twice")
	}
	c.post(at+"/offer", body("help", day(0))).told(409, "offer.once")
	c.post(at+"/offer/end", `{"state": "applied", "evidence": "Hecho"}`).told(409, "offer.over") // nobody accepted it
	if got := c.get(at + "/offer").is(200); got.text("offer.state") != "offered" || got.text("offer.what") != "Un mes de pausa" || got.text("offer.offered_by") != c.id {
		t.Errorf("offered: %s", got.body)
	}
	if got := h.key("offers:read").get(at + "/offer").is(200); got.text("offer.kind") != "pause" || strings.Contains(string(got.body), "pausa") {
		t.Errorf("to a key that may not read words: %s", got.body)
	}
	must(t, h.AnswerOffer(t.Context(), page, true))
	c.post(at+"/offer/end", `{"state": "accepted", "evidence": "x"}`).told(422, "field.choice")
	c.post(at+"/offer/end", `{"state": "applied", "evidence": "Está en el sistema de cobros"}`).is(204)
	if got := c.get(at + "/offer").is(200); got.text("offer.state") != "applied" || got.text("offer.over_by") != c.id || got.text("offer.commitment") == "" {
		t.Errorf("applied: %s", got.body)
	}
}

// risks reads who is likely to leave, and sees a play through.
func risks(t *testing.T, h *house, c *caller) {
	t.Helper()
	var rows []string
	for _, ref := range []string{"FE-1", "FE-2"} {
		for week := range 17 {
			value := 100
			if week < 4 {
				value = 10
			}
			rows = append(rows, fmt.Sprintf(`{"customer": %q, "metric": "use", "date": %q, "value": %d}`, ref, day(-7*week), value))
		}
		rows = append(rows, fmt.Sprintf(`{"customer": %q, "metric": "incidents", "date": %q, "value": 8}`, ref, day(-3)))
	}
	c.post("/v1/readings", `{"readings": [`+strings.Join(rows, ",")+`]}`).is(204)
	must(t, h.RateAll(t.Context()))
	var who []string
	for next := ""; len(who) < 5; {
		got := c.get("/v1/risks?limit=1&cursor=" + next).is(200)
		if got.get("items.0") != nil {
			who = append(who, got.text("items.0.customer"))
			if got.text("items.0.score.reasons.0.rule") != "use_collapsed" || got.get("items.0.score.signals.0.change_percent") != -90.0 ||
				got.get("items.0.score.signals.0.recent") != 40.0 || got.text("items.0.score.signals.1.state") != "unknown" {
				t.Errorf("without its facts: %s", got.body)
			}
		}
		if next = got.text("next"); next == "" {
			break
		}
	}
	if len(who) != 2 || who[0] >= who[1] {
		t.Fatalf("at risk: %v", who)
	}
	c.get("/v1/risks?band=low&cursor="+c.get("/v1/risks?limit=1").is(200).text("next")).told(422, "api.cursor")
	c.get("/v1/risks?band=dire").told(422, "field.choice")
	if got := c.get("/v1/risks?band=low").is(200); got.get("items.0") != nil {
		t.Errorf("low: %s", got.body)
	}
	at := "/v1/customers/" + who[0]
	play := c.post(at+"/plays", `{"kind": "make_good"}`).is(201).text("id")
	if got := c.post(at+"/plays", `{"kind": "make_good"}`).told(409, "play.taken"); got.text("field") != "/kind" || !strings.Contains(got.text("detail"), "este cliente") {
		t.Errorf("twice: %s", got.body)
	}
	act := "/v1/plays/" + play
	owner, other := h.person(t, "leo", "success"), h.person(t, "uma", "auditor")
	plan := func(owner, due string) string {
		return `{"owner": "` + owner + `", "due": "` + due + `", "plan": "Arreglar los avisos y llamar"}`
	}
	if got := c.post(act+"/plan", plan(other, day(3))).told(422, "play.owner"); got.text("field") != "/owner" {
		t.Errorf("somebody who looks after nobody: %s", got.body)
	}
	if got := c.post(act+"/plan", plan(owner, "2020-01-01")).told(422, "play.due"); got.text("field") != "/due" {
		t.Errorf("yesterday: %s", got.body)
	}
	c.post(act+"/begin", "").told(409, "play.over") // without a plan
	c.post(act+"/plan", plan(owner, day(3))).is(204)
	c.post(act+"/begin", "").is(204)
	if got := c.get("/v1/risks").is(200); got.text("items.0.play.stage") != "acting" || got.text("items.0.play.owner") != owner {
		t.Errorf("what is done: %s", got.body)
	}
	c.post(act+"/finish", `{"outcome": "recovered", "note": "Vuelven a usarlo"}`).is(204)
	c.post(act+"/finish", `{"outcome": "lost", "note": "No"}`).told(409, "play.over")
	got := c.get(at + "/risk").is(200)
	if got.text("plays.0.outcome") != "recovered" || got.text("plays.0.note") != "Vuelven a usarlo" || got.get("plays.0.score.points") != got.get("now.points") ||
		got.text("plays.0.opened_by") != c.id {
		t.Errorf("what was done: %s", got.body)
	}
}

// improvements writes down what is changed, and what came of it.
func improvements(t *testing.T, h *house, c *caller) {
	t.Helper()
	owner := h.person(t, "eva", "admin")
	body := `{"heading": "protocol", "what": "Avisar antes de cada subida", "owner": "` + owner + `", "due": "` + day(30) + `"}`
	if got := c.post("/v1/improvements", strings.Replace(body, owner, "usr_none", 1)).told(422, "field.choice"); got.text("field") != "/owner" {
		t.Errorf("nobody's: %s", got.body)
	}
	if got := c.post("/v1/improvements", strings.Replace(body, day(30), "2020-01-01", 1)).told(422, "improvement.due"); got.text("field") != "/due" {
		t.Errorf("late from the first day: %s", got.body)
	}
	made := c.post("/v1/improvements", body).is(201).text("id")
	for range 2 {
		c.post("/v1/improvements", body).is(201)
	}
	c.whole(t, "/v1/improvements", 3)
	end := "/v1/improvements/" + made + "/end"
	c.post(end, `{"state": "done", "effect": "Ya nadie se queja"}`).is(204)
	c.post(end, `{"state": "dropped", "effect": "No"}`).told(409, "improvement.over")
	if got := c.get("/v1/improvements").is(200); got.text("items.2.id") != made || got.text("items.2.effect") != "Ya nadie se queja" || got.text("items.2.over_on") == "" {
		t.Errorf("improvements: %s", got.body)
	}
}

// assigned says by which rules steps are given to people.
func assigned(t *testing.T, h *house, c *caller) {
	t.Helper()
	u, err := h.AddUser(t.Context(), "", app.UserInput{Login: "reparto", Name: "Reparto", Password: "una frase muy larga y rara", Roles: []string{"agent"}})
	if err != nil {
		t.Fatal(err)
	}
	const at = "/v1/assignment-rules"
	body := `{"version": 0, "rules": [{"role": "agent", "people": ["` + u.ID + `"]}, {"role": "agent", "if": "CONDITION", "people": ["` + u.ID + `"]}]}`
	if got := c.post(at, strings.Replace(body, "CONDITION", "customer.nobody", 1)).told(422, "assignment.condition"); got.text("field") != "/rules/1/if" {
		t.Errorf("a condition: %s", got.body)
	}
	if got := c.post(at, strings.Replace(body, u.ID, "usr_nobody", 1)).told(422, "assignment.person"); got.text("field") != "/rules/0/people" {
		t.Errorf("a person: %s", got.body)
	}
	body = strings.Replace(body, "CONDITION", `customer.kind == 'person'`, 1)
	c.post(at, body).is(204)
	c.post(at, body).told(409, "assignment.changed")
	if got := c.get(at).is(200); got.text("rules.1.if") != "customer.kind == 'person'" || got.text("rules.0.people.0") != u.ID {
		t.Errorf("rules: %s", got.body)
	}
	c.post(at, `{"version": 1, "rules": []}`).is(204)
}

// endings proposes that a product ends, and stops what is not agreed to: a
// second person does that in the console.
func endings(t *testing.T, c *caller) {
	t.Helper()
	body := `{"pick": {"product": "PRODUCT"}, "ends_on": "` + day(40) + `", "words": {"es": {"why": "Cerramos"}, "en": {"why": "We close"}}}`
	if got := c.post("/v1/endings", body).told(422, "ending.nobody"); got.text("field") != "/pick/product" {
		t.Errorf("nobody: %s", got.body)
	}
	body = strings.Replace(body, "PRODUCT", "Faro Fin", 1)
	last := strings.Replace(customerOf("La última", "FE-FIN", "fin@example.com"), `"product": "Faro"`, `"product": "Faro Fin"`, 1)
	who := c.post("/v1/customers", last).is(201).text("id")
	if got := c.post("/v1/endings", strings.Replace(body, `"why": "We close"`, `"why": " "`, 1)).told(422, "field.required"); got.text("field") != "/words/en/why" {
		t.Errorf("without a word: %s", got.body)
	}
	if got := c.post("/v1/endings", strings.Replace(body, day(40), day(3), 1)).told(422, "ending.ends_on"); got.text("field") != "/ends_on" {
		t.Errorf("in three days: %s", got.body)
	}
	made := c.post("/v1/endings", body).is(201).text("id")
	if got := c.get("/v1/endings/" + made).is(200); got.text("state") != "proposed" || got.text("pick.product") != "Faro Fin" || got.text("words.es.why") != "Cerramos" {
		t.Errorf("proposed: %s", got.body)
	}
	if got := c.get("/v1/endings").is(200); got.text("items.0.id") != made {
		t.Errorf("list: %s", got.body)
	}
	c.post("/v1/endings/"+made+"/stop", `{"note": "Era otra tarifa"}`).is(204)
	c.post("/v1/endings/"+made+"/stop", `{"note": "No"}`).told(409, "ending.over")
	unpaid := "/v1/customers/" + who + "/unpaid"
	if got := c.post(unpaid, `{"reference": "F-118", "ends_on": "`+day(1)+`"}`).told(422, "ending.ends_on"); got.text("field") != "/ends_on" {
		t.Errorf("tomorrow: %s", got.body)
	}
	at := c.post(unpaid, `{"reference": "F-118", "ends_on": "`+day(14)+`"}`).is(201).text("id")
	if got := c.get("/v1/cases/" + at).is(200); got.text("state") != "open" {
		t.Errorf("unpaid: %s", got.body)
	}
	c.post(unpaid, `{"reference": "F-118", "ends_on": "`+day(14)+`"}`).told(409, "customer.nothing_to_end")
}

// profile reads who the company is and changes it.
func profile(t *testing.T, c *caller) {
	t.Helper()
	if got := c.get("/v1/company").is(200); got.get("version") != 0.0 || got.text("name") == "" {
		t.Errorf("it begins as %s", got.body)
	}
	logo := base64.StdEncoding.EncodeToString([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>`))
	body := `{"name": "Faro Norte", "email": "bajas@faro.example", "zone": "Europe/Madrid", "language": "es", "version": 0, "colour": "#7A1F3D",
		"links": {"refunds": "https://faro.example/devoluciones"}, "signature": {"es": "El equipo"}, "logo_file": "` + logo + `"}`
	if got := c.put("/v1/company", strings.Replace(body, "https://faro", "http://faro", 1)).told(422, "company.https"); got.text("field") != "/links/refunds" {
		t.Errorf("a page without TLS: %s", got.body)
	}
	if got := c.put("/v1/company", strings.Replace(body, logo, "R0lGODlh", 1)).told(422, "logo.unreadable"); got.text("field") != "/logo_file" {
		t.Errorf("no picture: %s", got.body)
	}
	c.put("/v1/company", body).is(204)
	c.put("/v1/company", strings.Replace(body, "Norte", "Sur", 1)).told(409, "company.changed_meanwhile")
	got := c.get("/v1/company").is(200)
	if got.get("version") != 1.0 || got.text("colour") != "#7a1f3d" || got.text("signature.es") != "El equipo" || !strings.HasPrefix(got.text("logo"), "/brand/") || !strings.HasPrefix(got.text("changed_by"), "key_") {
		t.Errorf("it is now %s", got.body)
	}

	if got := c.get("/v1/words?changed=true").is(200); got.get("items.0") != nil {
		t.Errorf("nothing was said yet: %s", got.body)
	}
	own := `{"words": [{"key": "portal.undo.title", "language": "es", "words": "¿Te quedas?"}, {"key": "portal.undo.until", "language": "en", "words": "Until {until}"}]}`
	if got := c.put("/v1/words", strings.Replace(own, "{until}", "then", 1)).told(422, "words.slot_missing"); got.text("field") != "/words/1/words" {
		t.Errorf("without its slot: %s", got.body)
	}
	c.put("/v1/words", strings.Replace(own, "portal.undo.title", "state.verified", 1)).told(404, "not_found")
	c.put("/v1/words", own).is(204)
	if got := c.get("/v1/words?changed=true").is(200); got.text("items.0.words") != "¿Te quedas?" || got.text("items.1.ours") == "" || got.get("items.0.needed") != true || got.get("items.2") != nil {
		t.Errorf("changed: %s", got.body)
	}
	if got := c.get("/v1/words?prefix=mail.").is(200); got.text("items.0.key") != "mail.complain" {
		t.Errorf("words of mails: %s", got.body)
	}
	c.post("/v1/words/test", `{"letter": "receipt", "language": "es", "to": "noa@faro.example"}`).is(201)
	c.post("/v1/words/test", `{"letter": "receipt", "language": "es", "to": "nadie"}`).told(422, "field.email")
}
