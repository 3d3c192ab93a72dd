package api_test

import (
	"maps"
	"net/http"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web/api"
)

// entrusted ends something confidential: kept first, and destroyed after all.
func entrusted(t *testing.T, h *house, c *caller) {
	t.Helper()
	at, _ := h.verified(t, c, "Taller Sur", "FE-55", "eva@sur.example", "confidential")
	item := at + "/steps/give/handover/" + c.get(at+"/handover").is(200).text("items.0.id")
	keep := func(until string) answer {
		return c.post(item+"/keep", `{"basis": "legal_claims", "why": "Pleito 7", "until": "`+until+`"}`)
	}
	if got := keep("2020-01-01").told(422, "handover.past"); got.text("field") != "/until" {
		t.Errorf("kept until a day that is over: %s", got.body)
	}
	keep("2099-01-01").is(204)
	if got := c.get(at + "/handover").is(200); got.text("items.0.state") != "kept" || got.text("items.0.keeping.until") != "2099-01-01" || got.text("items.0.keeping.why") != "Pleito 7" {
		t.Errorf("kept: %s", got.body)
	}
	destroy := func(witness string) answer {
		return c.post(item+"/destroy", `{"method": "destroy", "by": "Luis Peña", "on": "`+day(0)+`", "witness": "`+witness+`", "how": "Triturado"}`)
	}
	destroy("luis peña").told(422, "handover.own_witness")
	destroy("Eva Sanz").is(204)
	got := c.get(at + "/handover").is(200)
	if got.text("items.0.state") != "destroyed" || got.text("items.0.destruction.method") != "destroy" || got.text("items.0.destruction.by") != "Luis Peña" || got.get("items.0.keeping") != nil {
		t.Errorf("destroyed: %s", got.body)
	}
	if got := h.key("cases:read").get(at + "/handover").is(200); got.text("items.0.destruction.by") != "" || got.text("items.0.destruction.on") == "" {
		t.Errorf("to a key that may not read words: %s", got.body)
	}
}

// askedOthers is a playbook that asks processors at once.
const askedOthers = short + `
  - id: others
    kind: erase_processors
    title: {es: "Encargados", en: "Processors", de: "Processors", fr: "Processors"}
    after: [confirm]
    params: {on: person_request}
    role: agent
    due: {d: 30, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: final}
`

// processed says that a processor was asked, and keeps its receipt, in a house of its
// own.
func processed(t *testing.T, known *house) {
	t.Helper()
	h := newHouseOn(t, testkit.SQLite(t), api.Options{}, askedOthers)
	c := h.key(app.Scopes()...)
	at, _ := h.verified(t, c, "Taller Este", "FE-56", "ana@este.example")
	if got := c.get(at + "/processors").is(200); got.text("items.0.system") != "mailing" || got.text("items.0.state") != "open" || got.text("items.0.processor") != "Correo Claro" {
		t.Fatalf("to be asked: %s", got.body)
	}
	step := at + "/steps/others/processors/mailing/"
	c.post(at+"/steps/others/processors/odd/asked", `{"how": "Por teléfono"}`).is(404)
	c.post(step+"asked", `{"how": "Por teléfono"}`).is(204)
	c.post(step+"asked", `{"how": "Por teléfono"}`).told(409, "receipt.asked")
	c.post(step+"unanswered", `{"why": "No contestan"}`).told(409, "receipt.too_soon")
	keep := func(on string) answer {
		return c.do(http.MethodPost, step+"receipt?name=recibo.txt&says=Ana&erased_on="+on, "Borrado", http.Header{"Content-Type": {"application/octet-stream"}})
	}
	keep("2099-01-01").told(422, "receipt.future")
	keep(day(0)).is(204)
	got := c.get(at + "/processors").is(200)
	if got.text("items.0.state") != "proved" || got.text("items.0.proof") != "attested" || got.text("items.0.unchecked") != "unsigned" || len(got.text("items.0.sha256")) != 64 ||
		got.text("items.0.says") != "Ana" || got.text("items.0.how") != "Por teléfono" {
		t.Errorf("with a receipt: %s", got.body)
	}
	keep(day(0)).told(409, "step.not_ready")
	unanswered(t, h, c)
	maps.Copy(known.covered, h.covered)
}

// unanswered goes on without the receipt of a processor that never answered.
func unanswered(t *testing.T, h *house, c *caller) {
	t.Helper()
	at, _ := h.verified(t, c, "Taller Oeste", "FE-57", "eva@oeste.example")
	step := at + "/steps/others/processors/mailing/"
	c.post(step+"asked", `{"how": "Por teléfono"}`).is(204)
	for n, days := range []int{12, 9} {
		now, _, err := h.Now(t.Context())
		must(t, err)
		must(t, h.PushClock(t.Context(), "", now.AddDate(0, 0, days)))
		eventually(t, "reminded", func() bool { return c.get(at+"/processors").is(200).get("items.0.reminded") == float64(n+1) })
	}
	if c.get(at+"/processors").is(200).get("items.0.give_up") != false {
		t.Error("it may be given up while it can still answer")
	}
	now, _, err := h.Now(t.Context())
	must(t, err)
	must(t, h.PushClock(t.Context(), "", now.AddDate(0, 0, 10)))
	c.post(step+"unanswered", `{"why": "Cerró"}`).is(204)
	if got := c.get(at + "/processors").is(200); got.text("items.0.state") != "silent" || got.text("items.0.because") != "Cerró" || got.text("items.0.silent_on") == "" {
		t.Errorf("without an answer: %s", got.body)
	}
}
