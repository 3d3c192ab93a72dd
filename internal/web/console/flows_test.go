package console_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hastaluego/internal/flow"
)

// parts sends a form as a browser sends one that may hold files.
func (b *browser) parts(path string, form ...string) reply {
	b.h.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(form); i += 2 {
		must(b.h.t, w.WriteField(form[i], form[i+1]))
	}
	must(b.h.t, w.Close())
	return b.doAs(http.MethodPost, path, w.FormDataContentType(), body.Bytes())
}

// A way out is written by one person, told what is wrong beside what concerns
// it, and published by another; and it can be taken back.
func TestAWayOutIsWrittenCheckedPublishedAndTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	laia, noa, ines := h.as("laia"), h.as("noa"), h.as("ines")
	ines.get("/console/flows").is(200).has("exit-first, de serie", "Viene con el programa", "En uso", "Puede hacerlo: privacidad, administración")
	_, builtin, err := h.FlowInForce(t.Context())
	must(t, err)
	draft := laia.post("/console/flows", []string{"base", builtin}).is(http.StatusSeeOther).to
	draft, _, _ = strings.Cut(draft, "#")
	source := string(flow.Builtin()["exit-first"])

	// What cannot be read is kept as it was typed, with the place of each problem.
	save := func(text string, more ...string) reply {
		t.Helper()
		version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(laia.get(draft).body)[1]
		laia.parts(draft, append([]string{"source", text, "version", version}, more...)...).is(http.StatusSeeOther)
		return laia.get(draft).is(200)
	}
	broken := save(strings.Replace(source, "to: request\n", "to: reqest\n", 1)).has("No se puede leer", "to: reqest\n")
	if !regexp.MustCompile(`<li>source\.yaml:\d+:\d+: [^<]*reqest`).MatchString(broken.body) {
		t.Error("nobody says where the step that does not exist is named")
	}

	// A text that is missing and a button that says something else are told where
	// they stand, with what to change; what is not known is asked.
	bad := strings.Replace(source, `title: {es: "Hasta luego", en: "Goodbye for now", de: "Bis bald", fr: "À bientôt"}`, `title: {es: "Hasta luego", en: "Goodbye for now", de: "Bis bald"}`, 1)
	bad = strings.Replace(bad, `label: {es: "Confirmar la baja", en:`, `label: {es: "Enviar solicitud", en:`, 1)
	page := save(bad).has("No se puede publicar", "DP08", "<q>Enviar solicitud</q>", "Qué cambiar:", "falta el texto en «fr» (goodbye)", "No se ha descrito el alta", "Línea ")
	if n := stop(page.body, "confirm"); !strings.Contains(n, "Enviar solicitud") || strings.Contains(stop(page.body, "track"), "Enviar solicitud") {
		t.Error("the finding is not beside the step that it is about")
	}
	noa.get(draft).has("Podrás publicarlo cuando nada lo impida").lacks(`data-testid="publish"`)
	noa.post(draft+"/publish", nil).is(409).has("No se publica")

	// A proof of identity that a law forbids is told with the rule and its article,
	// in the list of findings and where all proofs stand; nobody publishes it.
	walled := save(strings.Replace(source, "auth: {mode: non_blocking_email}", "auth: {mode: password}", 1)).has(`data-testid="identity"`, "una contraseña", "de.312k.auth", "§ 312k II BGB", "No se puede publicar")
	if n := stop(walled.body, "verify"); !strings.Contains(n, ".auth</code>") {
		t.Errorf("the step does not say which rule forbids it: %s", n)
	}
	noa.post(draft+"/publish", nil).is(409).has("No se publica")
	ines.get("/console/flows/"+builtin).is(200).has("un correo, sin esperar", "fr.d215-1.no-new-account", "C. conso. D215-1")

	// Two figures describe how one comes, and nothing is in the way any more.
	good := strings.Replace(source, `es: "Primero la baja"`, `es: "La baja, lo primero"`, 1)
	save(good, "note", "Más claro", "signup_clicks", "4", "signup_asks", "email", "signup_asks", "name").
		has("Nada lo impide", "asks: email, required: true", "Puede hacerlo: administración", "Alemania", "Esfuerzo").lacks("DP02")
	laia.parts(draft, "source", "nothing", "version", "1").is(409).has("Alguien guardó este borrador", ">nothing</textarea>")
	laia.post(draft+"/publish", nil).is(403)
	done := noa.post(draft+"/publish", []string{"version", "5"}).is(http.StatusSeeOther).to
	noa.get(done).is(200).has("Tus clientes ven esta versión desde ahora", "exit-first, versión 1", "Más claro")
	f, _, err := h.FlowInForce(t.Context())
	must(t, err)
	if f.Title["es"] != "La baja, lo primero" {
		t.Errorf("%q is in force", f.Title["es"])
	}

	back := "/console/flows/" + builtin
	noa.post(back+"/rollback", []string{"note", " "}).is(422)
	noa.post(back+"/rollback", []string{"note", "Confunde"}).is(http.StatusSeeOther)
	noa.get("/console/flows?lang=en").has("exit-first, version 2", "Confunde", "Retired")
	if f, _, err = h.FlowInForce(t.Context()); err != nil || f.Title["es"] != "Primero la baja" {
		t.Errorf("%q is in force (%v)", f.Title["es"], err)
	}
	h.as("laia").get("/console/audit").has("Flujo de baja publicado: versión 2")
}

// stop is what stands beside a step.
func stop(page, id string) string {
	_, after, _ := strings.Cut(page, `id="n-`+id+`"`)
	before, _, _ := strings.Cut(after, `<li class="stop"`)
	return before
}
