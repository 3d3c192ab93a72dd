package console_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// upload sends a form with a file in it.
func (b *browser) upload(path, file string, fields ...string) reply {
	return b.uploadAs("logo", "logo.svg", path, file, fields...)
}

func (b *browser) uploadAs(field, name, path, file string, fields ...string) reply {
	b.h.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		must(b.h.t, w.WriteField(fields[i], fields[i+1]))
	}
	part, err := w.CreateFormFile(field, name)
	must(b.h.t, err)
	_, err = part.Write([]byte(file))
	must(b.h.t, err)
	must(b.h.t, w.Close())
	return b.doAs(http.MethodPost, path, w.FormDataContentType(), body.Bytes())
}

func TestTheCompanyIsChangedInOneFormAndWhatIsWrongStandsBesideItsField(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	noa := h.as("noa")
	const page = "/console/settings/company"
	noa.get(page).is(200).has(`value="Faro"`, `name="version" value="0"`).lacks(`data-testid="versions"`)
	fields := []string{
		"version", "0", "name", "Faro Norte", "email", "bajas@faro.example", "zone", "Europe/Madrid", "language", "es", "colour", "#777777",
		"refunds", "https://faro.example/devoluciones", "signature_es", "El equipo de Faro",
	}
	for field, bad := range map[string]string{"name": " ", "email": "nadie", "zone": "Marte", "colour": "rojo", "refunds": "faro", "signature_es": strings.Repeat("a", 401)} {
		typed := append([]string(nil), fields...)
		for i := 0; i < len(typed); i += 2 {
			if typed[i] == field {
				typed[i+1] = bad
			}
		}
		noa.post(page, typed).is(422).has(`data-testid="error-` + field + `"`)
	}
	noa.upload(page, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script/></svg>`, fields...).is(422).has(`data-testid="error-logo"`, "&lt;script&gt;")
	noa.upload(page, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>`, fields...).is(http.StatusSeeOther)
	noa.get(page+"?saved").has(`data-testid="saved"`, `value="Faro Norte"`, `src="/brand/`, `data-testid="adjusted"`, `data-testid="versions"`, "Noa")
	noa.post(page, fields).is(409).has(`data-testid="problem"`) // it was read before
	fields[1] = "1"
	noa.post(page, append(fields, "no_logo", "1")).is(http.StatusSeeOther)
	noa.get(page).lacks(`src="/brand/`)
	h.as("laia").get(page).is(200).has(`aria-disabled="true"`).lacks(`data-testid="save-company"`)
	h.as("laia").get("/console/audit").has("Datos de la empresa, versión 1")
	h.as("ines").get(page).is(403)
}
