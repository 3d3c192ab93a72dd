package console_test

import (
	"net/http"
	"testing"

	"hastaluego/internal/app"
)

func TestALetterToLeaversIsSeenBeforeItGoesOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.gone("Clínica Lavanda", "FE-19330")
	ines := h.as("ines")
	ines.get("/console/winback").is(200).has("Clínica Lavanda", "Se le puede escribir", "1 recibiría la carta")
	ines.get("/console/winback?least=mucho").is(422).has(`id="least-error"`)
	ines.get("/console/winback?reason=price").has("Nadie que se ajuste").lacks("Clínica Lavanda")
	in := []string{"subject_es", "Hemos arreglado los avisos", "text_es", "Llegan al momento", "subject_en", "", "text_en", "They arrive at once"}
	ines.post("/console/winback/preview", in).is(422).has(`id="subject_en-error"`, "Llegan al momento").lacks(`data-testid="send"`)
	in[5] = "We fixed the notices"
	ines.post("/console/winback/preview", in).is(200).has("Hemos arreglado los avisos: Llegan al momento", `data-testid="send"`, "Enviar a 1", `id="letter-es"`, `id="letter-en"`)
	if r := ines.post("/console/winback", in).is(http.StatusSeeOther); r.to != "/console/winback?sent=1" {
		t.Errorf("goes to %s", r.to)
	}
	eventually(t, "the letter", func() bool { return h.mail.link("winback", "back") != "" })
	ines.get("/console/winback?sent=1").has("La carta sale para 1 destinatario", "Ya se le escribió")
	ines.post("/console/winback/preview", in).is(409).has("Nadie de esta lista")
	ines.get("/console/winback?lang=en").has("Was written to")
	h.as("laia").get("/console/winback").is(200).has(`data-testid="who-can"`)
}

// gone is a departure that is over, of a customer who allowed one letter.
func (h *house) gone(name, reference string) {
	h.t.Helper()
	ctx := h.t.Context()
	c := h.departure(name, reference)
	for step, login := range map[string]string{"review": "ines", "accounts": "tomas"} {
		by := h.actor(login)
		v, err := h.OpenCase(ctx, by, c)
		must(h.t, err)
		for _, it := range v.Plan.Step(step).Items {
			must(h.t, h.Tick(ctx, by, app.TickInput{Case: c, Step: step, Item: it.Key, Ticked: true, Evidence: "visto"}))
		}
		must(h.t, h.CompleteTask(ctx, by, app.CompleteInput{Case: c, Step: step, Note: "Todo en orden"}))
	}
	eventually(h.t, "the letter with the private page", func() bool { return h.mail.link("receipt", "case") != "" })
	page := h.mail.link("receipt", "case")
	must(h.t, h.AnswerConsent(ctx, app.ConsentInput{Token: secretOf(page), Given: true, Wording: "Sí", Language: "es"}))
	eventually(h.t, "billing stopped", func() bool {
		v, err := h.OpenCase(ctx, h.actor("ines"), c)
		must(h.t, err)
		return v.Plan.Step("cancel_billing").State == "verified"
	})
	h.billing.mu.Lock()
	h.billing.over = true
	h.billing.mu.Unlock()
	for range 20 {
		v, err := h.OpenCase(ctx, h.actor("ines"), c)
		must(h.t, err)
		if v.Plan.Case.State == "closed" {
			return
		}
		next, err := h.NextTimer(ctx)
		must(h.t, err)
		if !next.IsZero() {
			must(h.t, h.PushClock(ctx, "", next))
		}
	}
	h.t.Fatal("the departure does not come to its end")
}
