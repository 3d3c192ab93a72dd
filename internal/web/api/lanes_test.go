package api_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/lane"
	"hastaluego/internal/segment"
)

// alike are the segments of the houses of these tests: nobody is in them but whom a test
// puts there.
func alike(t *testing.T) *segment.Set {
	t.Helper()
	s, err := segment.Load("segments.yaml", []byte(alikeFile))
	must(t, err)
	return s
}

const alikeFile = `set: house
segments:
  - id: mini
    name: {es: "Pequeños", en: "Small"}
    purpose: {es: "Ver", en: "See"}
    rule: contracts.products.exists(p, p == "Agenda Mini")
`

// lets tries segments, and lets a customer go under new terms: a program proposes, people
// agree, and a program says that what was said yes to is done.
func lets(t *testing.T, h *house, c *caller) {
	t.Helper()
	mini := func(ref string) string {
		return c.post("/v1/customers", strings.Replace(customerOf("Mini "+ref, ref, strings.ToLower(ref)+"@mini.example"), `"product": "Faro"`, `"product": "Agenda Mini"`, 1)).is(201).text("id")
	}
	first, other := mini("MI-1"), mini("MI-2")
	source := func(s string) string { return fmt.Sprintf(`{"source": %q}`, s) }
	if bad := c.post("/v1/segments/try", source(strings.Replace(alikeFile, "contracts.products", "customer.surname", 1))).told(422, "segment.proxy.name"); !strings.Contains(string(bad.body), "segments.yaml:6:") {
		t.Errorf("told %s", bad.body)
	}
	if got := c.post("/v1/segments/try", source(alikeFile)).is(200); got.get("items.0.customers") != 2.0 || got.text("items.0.examples.0") == "" {
		t.Errorf("tried: %s", got.body)
	}
	if got := c.get("/v1/segments").is(200); got.text("items.0.id") != "mini" || got.get("items.0.customers") != nil {
		t.Errorf("listed: %s", got.body)
	}
	if got := c.get("/v1/segments?counts=true").is(200); got.get("items.0.customers") != 2.0 {
		t.Errorf("counted: %s", got.body)
	}
	if got := c.get("/v1/customers/" + first + "/segments").is(200); got.get("items.0.in") != true {
		t.Errorf("of one: %s", got.body)
	}
	words := `{"es": {"why": "Cambia", "changes": "Nada más"}, "en": {"why": "It changes", "changes": "Nothing else"}}`
	in := func(day string) string {
		return fmt.Sprintf(`{"way": "terms", "segment": "mini", "why": "Cuesta más", "words": %s, "terms": {"product": "Agenda Mini", "price": {"minor": 4900, "currency": "EUR"}, "day": %q}}`, words, day)
	}
	if bad := c.post("/v1/lanes", in(day(5))).told(422, "lane.day"); bad.text("field") != "/terms/day" {
		t.Errorf("told %s", bad.body)
	}
	at := "/v1/lanes/" + c.post("/v1/lanes", in(day(60))).is(201).text("id")
	if got := c.get(at).is(200); got.text("state") != "proposed" || got.get("customers") != 2.0 || got.text("terms.product") != "Agenda Mini" {
		t.Errorf("proposed: %s", got.body)
	}
	id := lane.ID(strings.TrimPrefix(at, "/v1/lanes/"))
	chooser := app.Actor{ID: "usr_chooser", Name: "Eva", Roles: []string{"success"}}
	must(t, h.DecideLane(t.Context(), second, id, true, ""))
	must(t, h.ChooseForLane(t.Context(), chooser, id, []customer.ID{customer.ID(first), customer.ID(other)}, "Lo pidieron"))
	v, err := h.OpenLane(t.Context(), second, id, false)
	must(t, err)
	for _, m := range v.Members {
		must(t, h.DecideMember(t.Context(), second, m.ID, true))
	}
	member := func(i int) string { return at + "/members/" + string(v.Members[i].ID) }
	c.post(member(1)+"/applied", `{"evidence": "x"}`).told(409, "lane.standing")
	c.post(member(1)+"/release", `{"note": "Se queda como está"}`).is(204)
	token := h.TermsKey(v.Members[0].ID)
	must(t, h.AcceptTerms(t.Context(), token))
	c.post(member(0)+"/applied", `{"evidence": "Visto en la factura"}`).is(204)
	if got := c.get("/v1/lanes").is(200); got.text("items.0.members.0.state") != "applied" || got.text("items.0.members.1.state") != "released" {
		t.Errorf("listed: %s", got.body)
	}
	c.post(at+"/stop", `{"note": "Lo miramos"}`).is(204)
	c.post(at+"/close", `{"note": "Se acabó"}`).is(204)
	c.post(at+"/stop", `{"note": "Otra vez"}`).told(409, "lane.state")
}
