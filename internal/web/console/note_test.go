package console_test

import (
	"bytes"
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"hastaluego/internal/app"
)

func TestANoteIsReadByThoseWhoMayAndKeptSealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Estudio Almena", "FE-20418")
	c, ines, laia, tomas, noa := "/console/cases/"+string(id), h.as("ines"), h.as("laia"), h.as("tomas"), h.as("noa")
	const secret = "Llamó por el dominio <b>ya</b>; se va por tamaño"
	ines.post(c+"/notes", []string{"text", "  "}).is(422).has(`data-testid="error-note-text"`)
	ines.post(c+"/notes", []string{"text", strings.Repeat("a", 4001)}).is(422).has(`data-testid="error-note-text"`)
	if r := ines.post(c+"/notes", []string{"text", secret}).is(http.StatusSeeOther); r.to != c+"#notes" {
		t.Errorf("went to %q", r.to)
	}
	ines.get(c).has("Llamó por el dominio &lt;b&gt;ya&lt;/b&gt;", "Nota escrita")
	laia.get(c).has("Llamó por el dominio").lacks(`action="` + c + `/notes"`) // privacy reads
	for _, b := range []*browser{tomas, noa} {
		b.get(c).is(200).has(`data-testid="notes-closed"`, "Nota escrita").lacks("Llamó por el dominio")
		b.post(c+"/notes", []string{"text", "yo"}).is(403)
	}
	db, err := sql.Open("sqlite", h.database)
	must(t, err)
	defer db.Close()
	var body []byte
	must(t, db.QueryRowContext(t.Context(), "SELECT body FROM note").Scan(&body))
	if len(body) < len(secret) || bytes.Contains(body, []byte("dominio")) {
		t.Errorf("a note is kept as %q", body)
	}
}

func TestAFileIsKeptWithTheCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Estudio Almena", "FE-20418")
	c, ines := "/console/cases/"+string(id), h.as("ines")
	ines.send(t, "POST "+c+"/files", line{file: true}).is(http.StatusSeeOther)
	ines.get(c).has(`data-testid="all-files"`, "nota.txt", "Fichero guardado en el expediente: nota.txt")
	h.as("tomas").get(c).lacks("all-files")
	ines.post(c+"/files", nil).is(422).has(`data-testid="error-case-file"`)
}

// Who ticked what, when, and took it back, is told as the command tells it.
func TestTheHistoryOfItemsIsOneScreen(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Estudio Almena", "FE-20418")
	c, ines := "/console/cases/"+string(id), h.as("ines")
	ines.get(c + "/items").is(200).has(`data-testid="empty"`)
	tick := c + "/steps/review/items/date"
	ines.post(tick, []string{"ticked", "1", "evidence", "visto en la ficha"}).is(http.StatusSeeOther)
	ines.post(tick, []string{"ticked", "0"}).is(http.StatusSeeOther)
	page := h.as("laia").get(c+"/items").is(200).has("La fecha de fin", "Marcó", "Quitó la marca", "Ines", "«visto en la ficha»", "por Estudio Almena")
	if took, ticked := strings.Index(page.body, "Quitó la marca"), strings.Index(page.body, ">Marcó"); took > ticked {
		t.Error("the latest does not come first")
	}
	v, err := h.OpenCase(t.Context(), h.actor("ines"), id)
	must(t, err)
	list, err := h.ItemHistory(t.Context(), v.Plan.Case.Code)
	if err != nil || len(list) != 2 || !list[0].Ticked || list[1].Ticked {
		t.Errorf("%v %v", list, err)
	}
	if _, _, err := h.OpenItems(t.Context(), app.Actor{ID: "usr_x"}, id); err == nil {
		t.Error("nobody's roles read the history")
	}
}
