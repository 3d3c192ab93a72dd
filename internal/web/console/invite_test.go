package console_test

import (
	"net/http"
	"testing"
	"time"
)

// calm does the checklist before anybody talks.
func (b *browser) calm(c string) {
	b.h.t.Helper()
	for _, item := range []string{"history", "one_voice", "no_pressure"} {
		b.post(c+"/steps/calm_start/items/"+item, []string{"ticked", "1"}).is(http.StatusSeeOther)
	}
	b.post(c+"/steps/calm_start/done", []string{"note", "Leído todo"}).is(http.StatusSeeOther)
}

func TestAConversationIsPreparedInvitedAndCompared(t *testing.T) {
	t.Parallel()
	h := newHouseOf(t, false, "saas-b2b")
	c := "/console/cases/" + string(h.departure("Estudio Almena", "FE-20418"))
	ines := h.as("ines")
	ines.get(c).has(`data-testid="item-no_pressure"`).lacks(`data-testid="form-first_evaluation"`)
	ines.calm(c)
	ines.post(c+"/steps/first_evaluation/form", []string{
		"use", "falling", "ours_kept", "kept", "theirs_kept", "none", "terms", "within", "hypothesis", "price", "hypothesis_why", "Lo dijo por teléfono", "done", "1",
	}).is(http.StatusSeeOther)
	ines.get(c).has(`data-testid="invite"`, "Puede decir que no sin dar motivos").lacks(`data-testid="ics"`)
	ines.get(c + "/meeting.ics").is(404)
	in := []string{"invitation.format", "in_person", "invitation.place", "Café, «El Faro»", "invitation.neutral", "1", "invitation.date", "mañana", "invitation.time", "25:00", "invitation.minutes", "45"}
	ines.post(c+"/steps/meeting/invite", in).is(422).has(`id="meeting-invite-date-error"`, `id="meeting-invite-time-error"`, "Café, «El Faro»").
		lacks(`id="meeting.outcome-error"`)
	in[7], in[9] = time.Now().AddDate(0, 0, 2).Format(time.DateOnly), "10:30"
	ines.post(c+"/steps/meeting/invite", in).is(http.StatusSeeOther)
	ines.get(c).has(`data-testid="invited"`, "lugar neutral", "Invitado", "45 minutos", "Acordar otra hora")
	ines.get(c+"/meeting.ics").is(200).has("BEGIN:VCALENDAR", "Café, «El Faro»")
	h.as("tomas").get(c).lacks(`data-testid="invited"`)
	h.as("tomas").get(c + "/meeting.ics").is(403)
	ines.post(c+"/steps/meeting/form", []string{
		"outcome", "held", "held_on", "2026-11-26", "spoke_with", "Marta", "quotes", "Nadie llamaba", "stated_reason", "Es caro", "stated_family", "price", "done", "1",
	}).is(http.StatusSeeOther)
	ines.get(c).has("Es caro").lacks(`data-testid="gap"`)
	ines.post(c+"/steps/second_evaluation/form", []string{
		"attribution", "ours", "renegotiable", "no", "values", "fit", "real_family", "service", "evidence", "Tres quejas sin respuesta", "end_well", "Llamarla antes del fin", "done", "1",
	}).is(http.StatusSeeOther)
	ines.get(c).has(`data-testid="gap"`, "creíamos que era «El precio»", "«La atención recibida»", "Llamarla antes del fin", `data-testid="form-decision"`)
}
