package console_test

import (
	"net/http"
	"strings"
	"testing"
)

// filed opens a house with a customer in it, and says where their page is.
func filed(t *testing.T) (h *house, page string) {
	t.Helper()
	h = newHouse(t, false)
	return h, "/console/customers/" + string(h.customer("Clínica Lavanda", "FE-19330", "lavanda@example.com"))
}

// hidden reads the value of a field that nobody sees.
func hidden(t *testing.T, body, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("no field %s", name)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func TestAContactIsAddedChangedAndTakenOff(t *testing.T) {
	t.Parallel()
	h, page := filed(t)
	ines := h.as("ines")
	contact := []string{"contact.name", "Rosa Bru", "contact.email", "rosa", "contact.role", "billing", "contact.language", "es"}
	ines.post(page+"/contact", contact).is(422).has(`data-testid="error-contact-email"`, `value="Rosa Bru"`)
	contact[3] = "lavanda@example.com"
	ines.post(page+"/contact", contact).is(409).has(`data-testid="error-contact-email"`, "ya está en esta ficha")
	contact[3] = "rosa@example.com"
	h.as("tomas").post(page+"/contact", contact).is(403)
	h.as("tomas").get(page).lacks("Rosa Bru")
	if r := ines.post(page+"/contact", contact).is(http.StatusSeeOther); r.to != page+"#contact" {
		t.Errorf("went to %q", r.to)
	}
	body := ines.get(page).has("Rosa Bru", "facturación").body
	_, after, _ := strings.Cut(body, "rosa@example.com")
	rosa, version := hidden(t, after, "thing"), hidden(t, after, "version")
	change := []string{"thing", rosa, "version", version, "contact.name", "Rosa Bru Mas", "contact.email", "rosa@", "contact.role", "user", "contact.language", "en"}
	ines.post(page+"/contact_edit", change).is(422).has(`data-testid="error-contact-email-`+rosa+`"`, `value="Rosa Bru Mas"`).lacks(`data-testid="error-contact-email"`)
	change[7] = "bru@example.com"
	ines.post(page+"/contact_edit", change).is(http.StatusSeeOther)
	ines.get(page).has("bru@example.com", "usuario").lacks("rosa@example.com")
	// The second form is about a customer who is another one by now.
	change[5] = "Rosa"
	again := ines.post(page+"/contact_edit", change).is(409).has(`data-testid="problem"`, "Ahora: Rosa Bru Mas", `value="Rosa"`)
	change[3] = hidden(t, again.body, "version")
	ines.post(page+"/contact_edit", change).is(http.StatusSeeOther)
	ines.post(page+"/contact_remove", []string{"thing", rosa}).is(http.StatusSeeOther)
	ines.get(page).lacks("bru@example.com")
}

func TestASubscriptionIsAddedAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	h, page := filed(t)
	ines := h.as("ines")
	good := map[string]string{
		"reference": "SU-77", "product": "Atlas", "plan": "Taller", "amount": "1.152,50", "currency": "eur", "interval": "quarter", "start": "2026-01-01",
		"term_end": "2027-12-31", "renews_on": "2028-01-01", "notice_days": "30", "lock_in_until": "2026-06-30",
	}
	with := func(field, value string) (form []string) {
		for k, x := range good {
			if k == field {
				x = value
			}
			form = append(form, "subscription."+k, x)
		}
		return form
	}
	for field, bad := range map[string]string{
		"reference": "", "product": "", "amount": "mucho", "currency": "XXQ", "interval": "siempre", "start": "ayer", "term_end": "2025-01-01",
		"renews_on": "mañana", "notice_days": "treinta", "lock_in_until": "2025-12-31",
	} {
		ines.post(page+"/subscription", with(field, bad)).is(422).has(`data-testid="error-subscription-`+field+`"`, `value="Taller"`)
	}
	h.as("tomas").post(page+"/subscription", with("", "")).is(403)
	if r := ines.post(page+"/subscription", with("", "")).is(http.StatusSeeOther); r.to != page+"#subscription" {
		t.Errorf("went to %q", r.to)
	}
	ines.get(page).has("Atlas, Taller (SU-77)", "1.152,50", "31 de diciembre de 2027")
	ines.post(page+"/subscription", with("", "")).is(409).has(`data-testid="error-subscription-reference"`, "Clínica Lavanda")
}

func TestAFileIsChangedAndWhoLookedAtAnOlderOneSeesWhatItIsNow(t *testing.T) {
	t.Parallel()
	h, page := filed(t)
	ines := h.as("ines")
	version := hidden(t, ines.get(page).body, "version")
	edit := []string{"version", version, "edit.name", "Clínica Espliego", "edit.segment", "pyme", "edit.country", "Narnia", "edit.region", "ES-MD", "edit.language", "es"}
	ines.post(page+"/edit", edit).is(422).has(`data-testid="error-edit-country"`, `value="Clínica Espliego"`, `value="Narnia"`)
	edit[7] = "es"
	h.as("tomas").post(page+"/edit", edit).is(403)
	if r := ines.post(page+"/edit", edit).is(http.StatusSeeOther); r.to != page+"#edit" {
		t.Errorf("went to %q", r.to)
	}
	ines.get(page).has("<h1>Clínica Espliego</h1>", "pyme", "<dd>ES</dd>", "ES-MD")
	edit[5] = "oro"
	again := ines.post(page+"/edit", edit).is(409).has("Otra persona ha cambiado", "Ahora: pyme", `value="oro"`).lacks("<dd>oro</dd>")
	_, form, _ := strings.Cut(again.body, page+`/edit"`)
	edit[1] = hidden(t, form, "version")
	ines.post(page+"/edit", edit).is(http.StatusSeeOther)
	ines.get(page).has("<dd>oro</dd>")
}

func TestANumberInAnotherSystemIsNotedAndTakenOff(t *testing.T) {
	t.Parallel()
	h, page := filed(t)
	other := "/console/customers/" + string(h.customer("Estudio Almena", "FE-20418", "almena@example.com"))
	ines := h.as("ines")
	number := []string{"external.system", "stripe", "external.value", ""}
	ines.post(page+"/external", number).is(422).has(`data-testid="error-external-value"`, `value="stripe"`)
	number[3] = "cus_9f2"
	h.as("tomas").post(page+"/external", number).is(403)
	ines.post(page+"/external", number).is(http.StatusSeeOther)
	ines.get(page).has("cus_9f2")
	ines.post(other+"/external", number).is(409).has("ya es de Clínica Lavanda", `value="cus_9f2"`)
	ines.post(page+"/external_remove", number).is(http.StatusSeeOther)
	ines.get(page).lacks("cus_9f2")
}

func TestASubscriptionIsChangedWithWhatItWasFilledIn(t *testing.T) {
	t.Parallel()
	h, page := filed(t)
	ines := h.as("ines")
	body := ines.get(page).has(`data-testid="edit-subscription"`).body
	_, form, _ := strings.Cut(body, page+`/subscription_edit"`)
	sub, version := hidden(t, form, "thing"), hidden(t, form, "version")
	was := func(field string) string {
		t.Helper()
		_, rest, ok := strings.Cut(form, `name="subscription.`+field+`"`)
		if !ok {
			t.Fatalf("the form has no %s", field)
		}
		_, rest, _ = strings.Cut(rest, `value="`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	change := map[string]string{"thing": sub, "version": version, "subscription.interval": "month", "subscription.status": "active"}
	for _, f := range []string{"reference", "product", "plan", "amount", "currency", "start", "paid_until", "term_end", "renews_on", "notice_days", "lock_in_until"} {
		change["subscription."+f] = was(f)
	}
	with := func(pairs ...string) (list []string) {
		for k, x := range change {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == k {
					x = pairs[i+1]
				}
			}
			list = append(list, k, x)
		}
		return list
	}
	for field, bad := range map[string]string{"amount": "mucho", "term_end": "nunca", "notice_days": "diez", "product": "", "status": "dormido"} {
		ines.post(page+"/subscription_edit", with("subscription."+field, bad)).is(422).
			has(`data-testid="error-subscription-` + field + "-" + sub + `"`).lacks(`data-testid="error-subscription-` + field + `"`)
	}
	good := with("subscription.plan", "Taller", "subscription.amount", "1.234,50", "subscription.term_end", "2027-12-31", "subscription.notice_days", "30")
	h.as("tomas").post(page+"/subscription_edit", good).is(403)
	h.as("tomas").get(page).lacks(`data-testid="edit-subscription"`)
	if r := ines.post(page+"/subscription_edit", good).is(http.StatusSeeOther); r.to != page+"#subscription" {
		t.Errorf("went to %q", r.to)
	}
	ines.get(page).has("Taller", "1.234,50", "31 de diciembre de 2027", `value="30"`)
	// The second form is about a customer who is another one by now.
	again := ines.post(page+"/subscription_edit", with("subscription.plan", "Estudio")).is(409).has("Ahora: Taller", `value="Estudio"`)
	_, form, _ = strings.Cut(again.body, page+`/subscription_edit"`)
	change["version"] = hidden(t, form, "version")
	ines.post(page+"/subscription_edit", with("subscription.plan", "Estudio", "subscription.term_end", "")).is(http.StatusSeeOther)
	ines.get(page).has("Estudio").lacks("Taller")
}

func TestAnAccessIsAttestedToBeClosed(t *testing.T) {
	t.Parallel()
	h, page := filed(t)
	ines := h.as("ines")
	ines.get(page).lacks(`data-testid="add-grant_attest"`)
	ines.post(page+"/grant", []string{"grant.system", "drive", "grant.account", "carpeta", "grant.kind", "other"}).is(http.StatusSeeOther)
	body := ines.get(page).has(`data-testid="add-grant_attest"`, "drive/carpeta").body
	_, rest, _ := strings.Cut(body, `name="grant.id"`)
	_, rest, _ = strings.Cut(rest, `<option value="`)
	grant, _, _ := strings.Cut(rest, `"`)
	attest := []string{"grant.id", grant, "grant.how", ""}
	ines.post(page+"/grant_attest", attest).is(422).has(`data-testid="error-grant-how"`)
	attest[3] = "Ya no sale en su consola"
	h.as("tomas").post(page+"/grant_attest", attest).is(403)
	ines.post(page+"/grant_attest", []string{"grant.id", "gra_none", "grant.how", "x"}).is(404)
	if r := ines.post(page+"/grant_attest", attest).is(http.StatusSeeOther); r.to != page+"#grant" {
		t.Errorf("went to %q", r.to)
	}
	ines.get(page).lacks(`data-testid="add-grant_attest"`).has("cerrado: lo afirma una persona, el ")
	h.as("laia").get("/console/audit").has("Una persona responde de que este acceso está cerrado: drive/carpeta")
}

// Whoever writes a router down is offered that it comes back, and who chose
// something else can put it right. What other programs call it stays.
func TestAThingIsOfAKindThatTheExitKnows(t *testing.T) {
	t.Parallel()
	h, page := filed(t)
	ines := h.as("ines")
	ines.get(page).has("Equipo: nos lo devuelve", "Dominio: se lo entregamos", "Otra cosa: solo queda anotada", page+"/promises")
	ines.post(page+"/asset", []string{"asset.reference", "R-118", "asset.name", "Router", "asset.kind", "antena"}).is(http.StatusSeeOther)
	body := ines.get(page).has("Cambiar Router (R-118)", `value="antena" selected`).body
	thing := hidden(t, body[strings.Index(body, "Cambiar Router"):], "thing")
	change := []string{"thing", thing, "asset.reference", "R-118", "asset.name", "", "asset.kind", "equipment"}
	ines.post(page+"/asset_edit", change).is(422).has(`data-testid="error-asset-name-` + thing + `"`)
	change[5] = "Router"
	h.as("tomas").post(page+"/asset_edit", change).is(403)
	if r := ines.post(page+"/asset_edit", change).is(http.StatusSeeOther); r.to != page+"#asset" {
		t.Errorf("went to %q", r.to)
	}
	ines.get(page).has(`value="equipment" selected`).lacks("antena")
}
