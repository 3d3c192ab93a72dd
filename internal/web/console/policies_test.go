package console_test

import (
	"net/http"
	"strings"
	"testing"
)

// A policy is written in the console, told where it is wrong, tried on customers, and
// published by somebody else; and an older one can decide again.
func TestAPolicyIsWrittenTriedAndPublishedByTwo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.customer("Clínica Lavanda", "FE-19330", "rosa@example.com")
	ines, noa, laia := h.as("ines"), h.as("noa"), h.as("laia")
	const list = "/console/offers/policy"
	ines.get("/console/offers?lang=es").has(list, "los archivos con los que se arrancó")
	laia.get(list).is(200).has("standard, la de los archivos").lacks(`data-testid="new-policy"`)
	laia.post(list, nil).is(403)
	draft := ines.post(list, nil).is(http.StatusSeeOther).to
	body := ines.get(draft).is(200).has("standard, borrador", `data-testid="policy-tried"`, "La publica otra persona").body
	source := strings.NewReplacer("&#34;", `"`, "&gt;", ">", "&lt;", "<", "&#39;", "'", "&amp;", "&").Replace(strings.SplitN(strings.SplitN(body, `name="source"`, 2)[1], "</textarea>", 2)[0])
	source = source[strings.Index(source, ">")+1:]
	save := func(text, version string) reply {
		return ines.post(draft, []string{"source", text, "note", "Menos pausas", "version", version})
	}
	save(strings.Replace(source, "reason: [price]", "reason: [prize]", 1), "1").is(http.StatusSeeOther)
	ines.get(draft).has(`data-testid="policy-problems"`, "policy.yaml:", "prize").lacks(`data-testid="policy-tried"`)
	noa.get(draft).has("Se puede publicar cuando se pueda leer").lacks(`data-testid="publish-policy"`)
	save("nada", "1").is(http.StatusConflict).has("Alguien guardó este borrador", "nada</textarea>")
	save("", "2").is(422).has(`data-testid="error-policy-source"`)
	changed := strings.Replace(source, "offers: [discount, pause]", "offers: [pause]", 1)
	if kept := save(changed, "2").is(http.StatusSeeOther).to; !strings.HasSuffix(kept, "kept=1") {
		t.Errorf("kept at %s", kept)
	}
	ines.get(draft+"?kept=1").has(`data-testid="said"`, `data-testid="tried-odd"`, `data-testid="same-person"`).lacks(`data-testid="publish-policy"`)
	ines.post(draft+"/publish", []string{"version", "3"}).is(403).has("La publica otra persona")
	noa.get(draft).has(`data-testid="publish-policy"`, `data-testid="publish-warned"`, "Menos pausas")
	done := noa.post(draft+"/publish", []string{"version", "3"}).is(http.StatusSeeOther).to
	noa.get(done).has("standard, edición 1", "En uso", "Publicada", "La escribió: Ines", "Las ofertas que hace la llaman").lacks(`data-testid="roll-back-policy"`)
	ines.get(list).has("Edición 1, publicada por Noa", "No hay ningún borrador")
	started := ines.get(list).body
	at := strings.LastIndex(started, list+"/standard@")
	old := started[at : at+strings.Index(started[at:], `"`)]
	ines.get(old).has(`data-testid="roll-back-policy"`)
	ines.post(old+"/rollback", []string{"note", ""}).is(422).has(`data-testid="error-policy-back"`)
	back := ines.post(old+"/rollback", []string{"note", "No sirvió"}).is(http.StatusSeeOther).to
	ines.get(back).has("standard, edición 2", "No sirvió")
	ines.post(old+"/rollback", []string{"note", "Otra vez"}).is(http.StatusConflict).has("Es la política en uso")
	other := noa.post(list, nil).is(http.StatusSeeOther).to
	ines.post(other+"/drop", nil).is(http.StatusSeeOther)
	ines.get(other).has("Descartado").lacks(`data-testid="keep-policy"`)
	ines.get(list + "/none").is(404)
}
