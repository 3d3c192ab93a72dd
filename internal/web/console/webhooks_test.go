package console_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"hastaluego/internal/webhook"
)

func TestAnEndpointIsAddedToldAndToldAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	var gone atomic.Bool
	signed := make(chan string, 100)
	ear := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed <- r.Header.Get(webhook.HeaderSignature)
		if gone.Load() {
			w.WriteHeader(http.StatusGone)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(ear.Close)
	noa, laia := h.as("noa"), h.as("laia")

	noa.get("/console/settings").has(`href="/console/webhooks"`, "Avisos a sistemas")
	noa.get("/console/webhooks").is(200).has("Todavía no avisamos a nadie", `data-testid="add-hook"`).lacks(`data-testid="hooks"`)
	noa.post("/console/webhooks", []string{"url", "ftp://x", "events", "case.fly"}).is(422).
		has(`data-testid="error-url"`, `data-testid="error-events"`, "Ningún aviso se llama «case.fly»", `value="ftp://x"`)
	made := noa.post("/console/webhooks", []string{"url", ear.URL + "/avisos", "events", "case.*"}).is(200).
		has("Cópialo ahora: no se vuelve a mostrar", "Encendido", "Todavía no ha salido ningún aviso")
	secret := regexp.MustCompile(`whsec_[0-9A-Za-z+/=]+`).FindString(made.body)
	if secret == "" {
		t.Fatal("the secret is not shown")
	}
	page := regexp.MustCompile(`/console/webhooks/whk_[0-9a-z]+`).FindString(noa.get("/console/webhooks").has(ear.URL, "case.*", "Noa").body)
	noa.get(page).is(200).lacks(secret, `data-testid="secret"`)

	h.as("ines").get(page).is(403)
	laia.get(page).is(200).has(`data-testid="who-can"`).lacks(`data-testid="test-hook"`, `data-testid="rotate-hook"`, `data-testid="hook-off"`)
	for _, act := range []string{"rotate", "active", "test", "again"} {
		laia.post(page+"/"+act, []string{"days", "1", "active", "0"}).is(403)
	}

	until := func(words string) reply {
		t.Helper()
		var r reply
		eventually(t, words, func() bool { r = noa.get(page); return strings.Contains(r.body, words) })
		return r
	}
	noa.post(page+"/test", nil).is(http.StatusSeeOther)
	until("Llegó").has("webhook.test", "Contestó 204", `data-testid="again"`)
	if got := <-signed; len(strings.Fields(got)) != 1 {
		t.Errorf("signed with %q", got)
	}

	turned := noa.post(page+"/rotate", []string{"days", "7"}).is(200).has("El secreto de antes también firma hasta", "Firma junto al nuevo hasta")
	if again := regexp.MustCompile(`whsec_[0-9A-Za-z+/=]+`).FindString(turned.body); again == "" || again == secret {
		t.Errorf("the new secret is %q", again)
	}
	noa.post(page+"/rotate", []string{"days", "x"}).is(422).has("entre 0 y 30 días")

	gone.Store(true)
	noa.post(page+"/test", nil).is(http.StatusSeeOther)
	until("No llegó").has("Contestó 410", "Apagado", "ya no quiere avisos (410)", `data-testid="hook-on"`).lacks(`data-testid="again"`, `data-testid="test-hook"`)
	if got := <-signed; len(strings.Fields(got)) != 2 {
		t.Errorf("after the rotation signed with %q", got)
	}
	noa.post(page+"/again", nil).is(409).has("Este destino está apagado")

	gone.Store(false)
	noa.post(page+"/active", []string{"active", "1"}).is(http.StatusSeeOther)
	work := regexp.MustCompile(`name="work" value="(work_[0-9a-z]+)"`).FindStringSubmatch(noa.get(page).has("Enviar otra vez lo que no llegó").body)
	noa.post(page+"/again", []string{"work", work[1]}).is(http.StatusSeeOther)
	<-signed
	eventually(t, "the message arrived this time", func() bool {
		body := noa.get(page).body
		return !strings.Contains(body, "No llegó") && !strings.Contains(body, "Por enviar")
	})
	noa.get(page).has("Llegó").lacks("No llegó", "Por enviar", `data-testid="again-all"`)

	noa.post(page+"/active", []string{"active", "0"}).is(http.StatusSeeOther)
	noa.get("/console/webhooks").has("Apagado")
	noa.get("/console/audit").has("Se añadió un destino de avisos", "Se envió un aviso de prueba", "Un destino de avisos tiene secreto nuevo")
	noa.get("/console/webhooks/whk_none").is(404)
}
