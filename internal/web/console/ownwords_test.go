package console_test

import (
	"net/http"
	"strings"
	"testing"

	"hastaluego/internal/notification"
	"hastaluego/internal/text"
)

func TestWordsAreFoundLookedAtSaidAndTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	noa := h.as("noa")
	const list, page = "/console/settings/words", "/console/settings/words/portal.undo.until"
	ours := text.Ours("es", "portal.undo.until")
	noa.get(list+"?q=portal.undo").is(200).has(page, "Hace falta que se diga")
	noa.get(list + "?changed=1").lacks(page)
	noa.get(list+"?from=40").has("?from=80", "from=0")
	noa.get(list + "?area=mail.page").lacks(page)
	noa.get(page).is(200).has(ours, "{until}", `data-testid="needed"`, `data-testid="preview-es"`).lacks(`data-testid="ours"`)
	noa.post(page, []string{"do", "save", "es", "Puedes volver", "en", "Until {until}"}).is(422).has(`data-testid="error-es"`, ">Puedes volver</textarea>").lacks(`data-testid="error-en"`)
	noa.post(page, []string{"do", "look", "es", "Te esperamos hasta el {until}"}).is(200).has("Te esperamos hasta el 2")
	noa.get(page).lacks("Te esperamos") // looking keeps nothing
	noa.post(page, []string{"do", "save", "es", "Te esperamos hasta el {until}"}).is(http.StatusSeeOther)
	noa.get(page+"?saved").has(`data-testid="saved"`, "Te esperamos hasta el {until}", `data-testid="versions"`, `data-testid="ours"`)
	noa.get(list + "?changed=1").has(page)
	noa.post(page, []string{"do", "ours", "es", "x", "en", "y"}).is(http.StatusSeeOther)
	noa.get(list + "?changed=1").lacks(page)
	noa.get(page).has("otra vez lo nuestro")
	noa.get(list + "/state.verified").is(404)
	noa.post(list+"/state.verified", []string{"do", "save", "es", "Hecho"}).is(404)

	must(t, h.SetTold(t.Context(), h.actor("noa"), notification.Default("noa@faro.example", "es", "Europe/Madrid"), text.Langs()))
	noa.get(page).has(`value="noa@faro.example"`)
	noa.post(page+"/test", []string{"letter", "receipt", "language", "es", "to", "noa"}).is(422).has(`data-testid="error-to"`)
	noa.post(page+"/test", []string{"letter", "receipt", "language", "es", "to", "noa@faro.example"}).is(http.StatusSeeOther)
	h.as("ines").get("/console/outbox").has("Prueba: Justificante", "noa@faro.example")

	// A word of a letter is looked at in the whole letter, in every language of customers.
	if n := strings.Count(noa.get("/console/settings/words/document.winback.sign").is(200).body, `<p id="letter-`); n != 4 {
		t.Errorf("%d letters are shown", n)
	}
	h.as("laia").get(page).is(200).has(`aria-disabled="true"`).lacks(`data-testid="save-words"`, `data-testid="send-test"`)
	h.as("ines").get(list).is(403)
}
