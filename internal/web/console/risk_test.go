package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/ingest"
)

func TestARiskIsSeenAndAPlayIsOpenedAssignedAndFinished(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.customer("Clínica Lavanda", "FE-19330", "rosa@example.com")
	now, _, err := h.Now(t.Context())
	must(t, err)
	day := now
	var b strings.Builder
	b.WriteString("customer,date,use\n")
	for i := range 140 {
		n := 10
		if i < 28 {
			n = 3
		}
		fmt.Fprintf(&b, "FE-19330,%s,%d\n", day.AddDate(0, 0, -i).Format(time.DateOnly), n)
	}
	_, err = h.ImportReadings(t.Context(), app.ReadingImport{Source: strings.NewReader(b.String()), Reject: func(e ingest.RowError) error { return e.Fault }})
	must(t, err)
	page := "/console/customers/" + string(id)
	ines := h.as("ines")
	ines.get("/console/risks").has("Nadie en riesgo alto")
	ines.get("/console/risks?band=medium").has("Clínica Lavanda", "Usa un 70 % menos: 84 en las cuatro semanas", "40 puntos", "Nada todavía", `href="`+page+`/risk"`)
	ines.get("/console/risks?band=odd").is(422)
	ines.get(page).has(`data-testid="risk"`, "Usa un 70 % menos")
	h.as("tomas").get(page+"/risk").has("Usa un 70 % menos", "atención").lacks(`data-testid="open-play"`)

	ines.post(page+"/plays", []string{"kind", "check_in"}).is(http.StatusSeeOther)
	body := ines.get(page+"/risk").has("Preguntar cómo va", "proactiva", "Sin plan", "Lo que se sabía entonces: Usa un 70 % menos").body
	play := "ply_" + strings.SplitN(strings.SplitN(body, `id="ply_`, 2)[1], `"`, 2)[0]
	ines.post(page+"/plays/"+play+"/plan", []string{"owner", h.users["ines"], "due", "2031-01-01", "plan", "Llamar"}).is(422).has("Elige un día desde hoy")
	due := day.AddDate(0, 0, 5).Format(time.DateOnly)
	ines.post(page+"/plays/"+play+"/plan", []string{"owner", h.users["ines"], "due", due, "plan", "Llamar y escuchar"}).is(http.StatusSeeOther)
	ines.get("/console/risks?band=medium").has("Preguntar cómo va · Con plan", "Ines")
	ines.post(page+"/plays/"+play+"/begin", nil).is(http.StatusSeeOther)
	ines.post(page+"/plays/"+play+"/finish", []string{"outcome", "recovered", "note", ""}).is(422).has("-end-note-error")
	ines.post(page+"/plays/"+play+"/finish", []string{"outcome", "recovered", "note", "Ya está mejor"}).is(http.StatusSeeOther)
	ines.get(page+"/risk").has("Recuperado", "Cómo acabó: Ya está mejor")
}
