package console_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

func TestWhoIsNotSignedInIsSentToSignInAndBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	b := h.browser()
	if r := b.get("/console/cases/case_x?a=b"); r.status != http.StatusSeeOther || r.to != "/console/signin?next=%2Fconsole%2Fcases%2Fcase_x%3Fa%3Db" {
		t.Fatalf("%d %s", r.status, r.to)
	}
	b.get("/console/signin?next=/console/audit").is(200).has(`name="next" value="/console/audit"`)
	r := b.post("/console/signin", []string{"login", "Ines", "password", password, "next", "/console/customers?q=a"}).is(http.StatusSeeOther)
	if r.to != "/console/customers?q=a" {
		t.Errorf("went to %q", r.to)
	}
	if c := r.cookie; c == nil || !c.HttpOnly || c.Path != "/console" || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("session cookie: %+v", r.cookie)
	}
	b.get("/console").is(200)
	b.post("/console/signout", nil).is(http.StatusSeeOther)
	b.get("/console").is(http.StatusSeeOther)
}

func TestSigningInLeadsNowhereButToTheConsole(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	b := h.browser()
	for _, next := range []string{
		"https://evil.example/console", "//evil.example/console", `/\evil.example`, "/console/../evil", "/consolefake", "javascript:alert(1)",
		"/console/signin", "/", "", "/console/\r\nX: y", "http:/console", "/console//evil.example",
	} {
		r := b.get("/console/signin?" + "next=" + strings.NewReplacer("\r", "%0D", "\n", "%0A", " ", "%20", "\\", "%5C").Replace(next))
		r.is(200).has(`name="next" value="/console"`)
	}
	if r := b.post("/console/signin", []string{"login", "ines", "password", password, "next", "//evil.example/"}); r.to != "/console" {
		t.Errorf("went to %q", r.to)
	}
}

func TestAWrongPasswordIsToldAtTheFieldAndFiveRestTheLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	b := h.browser()
	for range 5 {
		b.post("/console/signin", []string{"login", "ines", "password", "no es esta contraseña"}).is(401).has(`data-testid="error-login"`, `value="ines"`).lacks("no es esta")
	}
	b.post("/console/signin", []string{"login", "ines", "password", password}).is(429).has(`data-testid="problem"`)
}

func TestAOneTimeLinkIsNotUsedUpByLookingAtIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	token, err := h.OneTimeLink(t.Context(), h.users["ines"])
	must(t, err)
	b := h.browser()
	b.get("/console/once/" + token).is(200).has(`data-testid="once"`)
	b.get("/console/once/" + token).is(200)
	b.post("/console/once/"+token, nil).is(http.StatusSeeOther)
	h.browser().post("/console/once/"+token, nil).is(410).has(`data-testid="problem"`)
}

func TestHostileNamesStayWords(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	const name = `<script>alert("1")</script>`
	c := h.departure(name, "FE-1")
	_, err := h.RequestExit(t.Context(), app.ExitInput{Name: name, AccountEmail: "nadie@example.com", Reference: name, Language: "es", Nonce: "x"})
	must(t, err)
	b := h.as("ines")
	v, err := h.OpenInbox(t.Context(), h.actor("ines"), app.CaseFilter{})
	must(t, err)
	for _, path := range []string{
		"/console?view=all", "/console?view=all&q=%3Cscript%3E", "/console/cases/" + string(c), "/console/cases/" + string(c) + "/undo", "/console/customers",
		"/console/requests/" + string(v.Unmatched[0].ID),
	} {
		b.get(path).is(200).has("&lt;script&gt;").lacks("<script", "style=\"")
	}
}

func TestTheInboxHasViewsWithAddresses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines, tomas, laia := h.as("ines"), h.as("tomas"), h.as("laia")
	ines.get("/console").is(200).has(`data-testid="empty"`)
	c := h.departure("Estudio Almena", "FE-20418")
	row := "/console/cases/" + string(c)
	ines.get("/console").has(row, "Estudio Almena", "FE-20418", "1.152,00", "al año", "Revisar el contrato", " de 17 pasos", "Sin asignar")
	for _, in := range []string{
		"view=team", "view=unassigned", "view=open", "view=all", "view=team&q=almena", "view=open&role=finance", "view=open&playbook=saas-b2c",
		"view=open&due=week", "view=open&state=open", "view=open&state=open&role=agent&due=week&q=20418",
	} {
		ines.get("/console?" + in).is(200).has(row)
	}
	for _, out := range []string{
		"view=mine", "view=overdue", "view=blocked", "view=closed", "view=all&page=2", "view=all&q=nadie", "view=open&role=privacy", "view=open&playbook=saas",
		"view=open&due=today", "view=open&state=registered", "view=open&segment=oro", "view=unassigned&role=success",
	} {
		ines.get("/console?" + out).is(200).lacks(row)
	}
	ines.get("/console?view=open&state=registered&q=zzz").has(`data-testid="chips"`, "Estado: Espera la confirmación", "/console?q=zzz&amp;view=open")
	laia.get("/console?view=team").lacks(row)
	tomas.get("/console?view=team").has(row, "Revisar cobros")
	ines.get("/console?view=open&q=" + strings.Repeat("a", 300)).is(422).has(`data-testid="fail"`)
}

func TestAStepIsTakenFromTheInboxAndGivenToAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Estudio Almena", "FE-20418")
	c, ines := "/console/cases/"+string(id), h.as("ines")
	take := c + "/steps/review/assign"
	ines.get("/console?view=unassigned").has(`action="` + take + `"`)
	h.as("tomas").post(take, []string{"take", "1"}).is(403)
	if r := ines.post(take, []string{"take", "1", "back", "/console?view=team"}).is(http.StatusSeeOther); r.to != "/console?view=team" {
		t.Errorf("went to %q", r.to)
	}
	ines.get("/console").has(c, "Tuyos")
	ines.get("/console?view=mine").has(c, "Ines")
	ines.post(take, []string{"user", h.users["tomas"]}).is(422).has(`data-testid="error-assign-review"`)
	ines.get(c).has("es ahora de Ines")
	h.as("noa").post(take, []string{"user", ""}).is(http.StatusSeeOther) // an administrator may
	ines.get("/console?view=mine").lacks(c)
	ines.get(c).has("ya no es de nadie en particular")
}

func TestARequestWithoutACustomerIsTiedByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.customer("Clínica Lavanda", "FE-19330", "lavanda@example.com")
	r, err := h.RequestExit(t.Context(), app.ExitInput{Name: "Clínica", AccountEmail: "otra@example.com", Reference: "19330", Language: "es", Nonce: "n"})
	must(t, err)
	page := "/console/requests/" + string(r.ID)
	ines := h.as("ines")
	ines.get("/console").has(`data-testid="unmatched"`, "Hay 1 solicitud sin cliente")
	ines.get("/console?view=unmatched").has(page)
	ines.get(page + "?q=zzz").has(`data-testid="none-found"`)
	id := regexp.MustCompile(`name="customer" value="(cus_[^"]+)"`).FindStringSubmatch(ines.get(page).has("Clínica Lavanda").body)[1]
	h.as("tomas").get(page).has(`aria-disabled="true"`, "Puede hacerlo: atención a clientes").lacks(`name="customer"`)
	h.as("tomas").post(page, []string{"customer", id}).is(403).has(`data-testid="problem"`)
	done := ines.post(page, []string{"customer", id}).is(http.StatusSeeOther)
	ines.get(done.to).is(200).has("Clínica Lavanda", "Espera la confirmación", "Identidad sin comprobar")
	ines.post(page, []string{"customer", id}).is(409).has(`data-testid="problem"`)
}

func TestAStepIsWorkedByItsRoleAndNobodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	c := "/console/cases/" + string(h.departure("Estudio Almena", "FE-20418"))
	ines, tomas := h.as("ines"), h.as("tomas")
	tomas.get(c).is(200).has(`action="`+c+`/steps/accounts/done"`, "Puede hacerlo: atención a clientes").lacks(`action="` + c + `/steps/review/done"`)
	tomas.post(c+"/steps/review/done", []string{"note", "yo"}).is(403).has(`data-testid="problem"`, "atención a clientes")
	ines.post(c+"/steps/review/done", []string{"note", "  "}).is(422).has(`data-testid="error-note-review"`)
	ines.post(c+"/steps/review/done", []string{"note", "Todo visto"}).is(409).has(">Todo visto</textarea>", `data-testid="problem"`)
	for _, item := range []string{"contract", "date", "open_matters"} {
		ines.post(c+"/steps/review/items/"+item, []string{"ticked", "1", "evidence", "visto en la ficha"}).is(http.StatusSeeOther)
	}
	ines.post(c+"/steps/review/items/date", []string{"ticked", "0"}).is(http.StatusSeeOther)
	ines.post(c+"/steps/review/items/date", []string{"ticked", "1"}).is(http.StatusSeeOther)
	ines.post(c+"/steps/review/items/nothing", []string{"ticked", "1"}).is(404)
	if r := ines.post(c+"/steps/review/done", []string{"note", "Todo visto"}).is(http.StatusSeeOther); r.to != c+"#review" {
		t.Errorf("went to %q", r.to)
	}
	ines.get(c).has("Prueba: Todo visto", "Hecha por Ines", "visto en la ficha", "Marcado en «Revisar el contrato")
	ines.post(c+"/steps/review/done", []string{"note", strings.Repeat("a", 70<<10)}).is(413)
}

func TestADepartureIsGreenOnlyWhereItWasReadBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Estudio Almena", "FE-20418")
	c, ines := "/console/cases/"+string(id), h.as("ines")
	green := func() int { return strings.Count(ines.get(c).body, `class="node ok"`) }
	eventually(t, "the data and the end of the charges read back, which wait for nobody", func() bool { return green() == 2 })
	ines.get(c).has(`class="node run"`, `class="node off"`, "espera a «")
	workTasks(t, h, id)
	page := ines.get(c).has(`class="yes verified"`, "Comprobada", "Solicitada", `data-testid="next"`, "leído de vuelta y comprobado")
	if n := strings.Count(page.body, "<rect class=\"node"); n != 17 {
		t.Errorf("%d nodes in the graph, want 17", n)
	}
	eventually(t, "everything sealed", func() bool {
		return strings.Contains(ines.get(c).body, "entradas de este expediente están en el registro sellado")
	})
}

func workTasks(t *testing.T, h *house, c offboarding.CaseID) {
	t.Helper()
	for step, login := range map[string]string{"review": "ines", "accounts": "tomas"} {
		by := h.actor(login)
		v, err := h.OpenCase(t.Context(), by, c)
		must(t, err)
		for _, it := range v.Plan.Step(step).Items {
			must(t, h.Tick(t.Context(), by, app.TickInput{Case: c, Step: step, Item: it.Key, Ticked: true}))
		}
		must(t, h.CompleteTask(t.Context(), by, app.CompleteInput{Case: c, Step: step, Note: "en orden"}))
	}
}

func TestWhatNobodyCanBeSureOfIsDecidedByAPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.billing.lost = true
	id := h.departure("Estudio Almena", "FE-20418")
	c, ines := "/console/cases/"+string(id), h.as("ines")
	workTasks(t, h, id)
	eventually(t, "an uncertain work", func() bool { return strings.Contains(ines.get(c).body, `data-testid="work"`) })
	ines.get("/console?view=open").has("Espera una decisión")
	action := regexp.MustCompile(`action="(/console/cases/[^"]+/works/[^"]+)"`).FindStringSubmatch(ines.get(c).body)[1]
	h.as("tomas").get(c).has("Puede hacerlo: atención a clientes, administración").lacks(action)
	h.as("tomas").post(action, []string{"decision", "look"}).is(403)
	ines.post(action, []string{"decision", "attest", "evidence", ""}).is(422).has(`aria-invalid="true"`)
	ines.post(action, []string{"decision", "nonsense", "evidence", "lo que escribí"}).is(422).has(">lo que escribí</textarea>")
	ines.post(action, []string{"decision", "attest", "evidence", "Lo vi en su pantalla"}).is(http.StatusSeeOther)
	ines.get(c).lacks(action).has("Una persona dio fe", "«Lo vi en su pantalla»")
	ines.post(action, []string{"decision", "attest", "evidence", "otra vez"}).is(409).has("Otra persona ha cambiado este caso")
}

func TestADepartureIsUndoneBehindAQuestion(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Estudio Almena", "FE-20418")
	c := "/console/cases/" + string(id)
	h.as("tomas").get(c).has(`aria-disabled="true"`).lacks(c + "/undo")
	h.as("tomas").get(c + "/undo").has(`aria-disabled="true"`).lacks(`data-testid="undo-yes"`)
	h.as("tomas").post(c+"/undo", nil).is(403)
	ines := h.as("ines")
	ines.get(c).has(c + "/undo")
	ines.get(c + "/undo").is(200).has(`data-testid="undo-yes"`)
	ines.post(c+"/undo", nil).is(http.StatusSeeOther)
	eventually(t, "undone", func() bool { return strings.Contains(ines.get(c).body, "Sigue en vigor") })
	ines.get(c + "/undo").is(409)
	ines.get("/console?view=closed").has(c)
}

func TestACustomerIsTypedByHandAndNothingIsLost(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	h.as("tomas").get("/console/customers").has(`aria-disabled="true"`).lacks("/console/customers/new")
	h.as("tomas").get("/console/customers/new").is(403)
	good := []string{
		"name", "Hostal <Caleta>", "kind", "organisation", "reference", "FE-15503", "email", "caleta@example.com", "language", "es",
		"product", "Faro", "plan", "Pro", "amount", "1.560,50", "currency", "eur", "interval", "year", "start", "2026-01-31", "subscription_reference", "S-1",
	}
	with := func(name, value string) []string { return instead(good, name, value) }
	ines.get("/console/customers/new").is(200).has(`data-testid="add"`)
	for field, bad := range map[string]string{
		"name": "", "email": "caleta", "product": "", "amount": "doce", "currency": "zzz", "interval": "century", "start": "ayer", "kind": "cat",
	} {
		r := ines.post("/console/customers/new", with(field, bad)).is(422).has(`data-testid="error-`+field+`"`, `data-testid="problem"`)
		if field != "name" {
			r.has(`value="Hostal &lt;Caleta&gt;"`)
		}
	}
	for _, amount := range []string{"-3", "1.2.3", "1,2,3", "12,345.6.7", "1.5e3", "29,8551"} {
		ines.post("/console/customers/new", with("amount", amount)).is(422).has(`data-testid="error-amount"`)
	}
	done := ines.post("/console/customers/new", good).is(http.StatusSeeOther)
	ines.get(done.to).has(`data-testid="added"`, "Hostal &lt;Caleta&gt;", "1.560,50", "al año")
	ines.get("/console/customers?q=caleta").has("1 cliente.")
	again := ines.post("/console/customers/new", good).is(409).has(`data-testid="like"`, "mismo correo", `value="Hostal &lt;Caleta&gt;"`)
	sure := regexp.MustCompile(`name="sure" value="([^"]+)"`).FindStringSubmatch(again.body)
	if sure == nil {
		t.Fatal("nobody can say that it is somebody else")
	}
	ines.post("/console/customers/new", append(good, "sure", sure[1])).is(409).has(`data-testid="error-reference"`)
	ines.post("/console/customers/new", append(with("reference", ""), "sure", sure[1])).is(409).has(`data-testid="error-subscription_reference"`)
}

// instead is a form with another value in one field.
func instead(form []string, name, value string) []string {
	out := slices.Clone(form)
	for i := 0; i < len(out); i += 2 {
		if out[i] == name {
			out[i+1] = value
		}
	}
	return out
}

func TestAClientWithWorkToDoIsTypedOnOnePage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	in := []string{
		"name", "Ferretería Ruiz", "kind", "organisation", "email", "ana@ruiz.example", "language", "es", "has", "project", "product", "Web nueva",
		"amount", "1.800", "currency", "EUR", "interval", "month", "billed", "delivery", "start", "2026-01-31", "end", "2026-06-30",
		"promised", "Página de inicio 31/03/2026\n\n Textos\n",
	}
	ines.post("/console/customers/new", instead(in, "billed", "never")).is(422).has(`data-testid="error-billed"`)
	ines.post("/console/customers/new", instead(in, "end", "2025-01-01")).is(422).has(`data-testid="error-end"`)
	ines.post("/console/customers/new", instead(in, "end", "pronto")).is(422).has(`data-testid="error-end"`)
	ines.post("/console/customers/new", instead(in, "promised", "Textos\nTextos")).is(422).has(`data-testid="error-promised"`)
	page := ines.post("/console/customers/new", in).is(http.StatusSeeOther).to
	page, _, _ = strings.Cut(page, "?")
	ines.get(page).has("Web nueva", "1.800,00", "en total", "Se factura a la entrega", "Página de inicio", "Debía estar el 31 de marzo de 2026", "Textos", `data-testid="delivered"`)
	id := regexp.MustCompile(`value="(del_[^"]+)"`).FindStringSubmatch(ines.get(page).body)[1]
	ines.post(page+"/deliverable_done", []string{"thing", id}).is(http.StatusSeeOther)
	ines.get(page).has("Entregado el ").lacks("Debía estar")
	sub := regexp.MustCompile(`value="(sub_[^"]+)"`).FindStringSubmatch(ines.get(page).body)[1]
	ines.post(page+"/deliverable", []string{"thing", sub, "deliverable.title", ""}).is(422).has(`data-testid="error-deliverable-title-` + sub + `"`)
	ines.post(page+"/deliverable", []string{"thing", sub, "deliverable.title", "Alta en buscadores", "deliverable.due", "2099-01-01"}).is(http.StatusSeeOther)
	ines.get(page).has("Alta en buscadores", "Para el 1 de enero de 2099")
	ines.post(page+"/engagement", []string{"engagement.kind", "retainer", "engagement.title", "Mantenimiento", "engagement.amount", "90", "engagement.currency", "EUR", "engagement.interval", "month", "engagement.start", "2026-07-01"}).is(http.StatusSeeOther)
	ines.get(page).has("Mantenimiento", "90,00", "al mes")
	ines.post(page+"/engagement_edit", []string{
		"thing", sub, "engagement.title", "Web", "engagement.reference", "E-1", "engagement.amount", "2.000", "engagement.currency", "EUR", "engagement.start", "2026-01-31", "engagement.status", "active",
	}).is(http.StatusSeeOther)
	ines.get(page).has("2.000,00", "Desde el 31 de enero")
}

func TestACustomerTypedByHandPaysAsOftenAndInWhatTheyDo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	form := ines.get("/console/customers/new").is(200)
	begins := func(page string) string {
		return regexp.MustCompile(`<input[^>]* name="currency"[^>]*>`).FindString(page)
	}
	if m := begins(form.body); !strings.Contains(m, `value=""`) { // nobody pays anything yet
		t.Errorf("the currency begins as %s", m)
	}
	for _, x := range customer.Intervals {
		form.has(`value="` + string(x) + `"`)
		ref := "T-" + string(x)
		in := []string{
			"name", "Taller " + ref, "kind", "organisation", "reference", ref, "email", "taller@" + ref + ".example", "language", "es", "country", "MX",
			"product", "Faro", "amount", "90", "currency", "MXN", "interval", string(x), "start", "2026-01-31", "subscription_reference", ref,
		}
		ines.post("/console/customers/new", in).is(http.StatusSeeOther)
		list, err := h.ListCustomers(t.Context(), h.actor("ines"), app.CustomerFilter{Query: ref, Limit: 1})
		must(t, err)
		p, err := h.OpenCustomer(t.Context(), h.actor("ines"), list.Rows[0].Customer.ID)
		must(t, err)
		if p.Customer.Country != "MX" || p.Lines[0].Interval != x || p.Currency != "MXN" {
			t.Errorf("%s: %+v", x, p)
		}
		ines.get("/console/customers/" + string(p.Customer.ID)).has(`value="MXN"`)
	}
	if m := begins(ines.get("/console/customers/new").body); !strings.Contains(m, `value="MXN"`) {
		t.Errorf("the currency begins as %s", m)
	}
	ines.post("/console/customers/new", []string{"country", "México", "kind", "person", "interval", "month"}).is(422).has(`data-testid="error-country"`, `value="México"`)
}

func TestAnAmountIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	for i, c := range []struct{ typed, currency, shown string }{
		{"29,90", "EUR", "29,90"},
		{"29.90", "EUR", "29,90"},
		{"1 152,00", "EUR", "1.152,00"},
		{"1,152.00", "EUR", "1.152,00"},
		{"1.152", "EUR", "1.152,00"},
		{"1.152.000", "CLP", "1.152.000"},
		{"1,152", "KWD", "1,152"},
		{"0,50", "EUR", "0,50"},
		{"7", "EUR", "7,00"},
	} {
		ref := "R-" + string(rune('a'+i))
		ines.post("/console/customers/new", []string{
			"name", "X " + ref, "kind", "person", "reference", ref, "email", "x@" + ref + ".example", "product", "P", "amount", c.typed, "currency", c.currency,
			"interval", "month", "start", "2026-01-01", "subscription_reference", ref,
		}).is(http.StatusSeeOther)
		ines.get("/console/customers?q=" + ref).has(">" + c.shown + "\u00a0")
	}
}

func TestLettersHideTheirKeysOutsideTheDemo(t *testing.T) {
	t.Parallel()
	for _, demo := range []bool{false, true} {
		h := newHouse(t, demo)
		h.departure("Estudio Almena", "FE-20418")
		link := h.mail.link("confirm", "verify")
		ines := h.as("ines")
		id := regexp.MustCompile(`/console/outbox/(msg_[^"]+)">Enlace para confirmar`).FindStringSubmatch(ines.get("/console/outbox").body)[1]
		page := ines.get("/console/outbox/" + id).is(200)
		if demo {
			page.has(`href="`+link+`"`, `href="`+link)
		} else {
			page.has("•••").lacks(secretOf(link))
		}
		h.as("tomas").get("/console/outbox").is(403)
		h.as("laia").get("/console/outbox/" + id).is(200)
	}
}

func TestTheLogIsReadAndVerified(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.departure("Estudio Almena", "FE-20418")
	laia := h.as("laia")
	laia.get("/console/audit").is(200).has(`data-testid="log"`, "Entró en la consola", "La baja está confirmada", `data-testid="verify"`)
	laia.post("/console/audit/verify", nil).is(200).has(`data-testid="broken"`, "48.213", "leaf_not_in_tree 7 &lt;b&gt;")
	h.as("ines").get("/console/audit").is(403).has("privacidad")
	h.as("ines").post("/console/audit/verify", nil).is(403)
}

func TestTheLogAndTheOutboxAreFiltered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	id := h.departure("Estudio Almena", "FE-20418")
	v, err := h.OpenCase(t.Context(), h.actor("ines"), id)
	must(t, err)
	laia, ines := h.as("laia"), h.as("ines")
	laia.get("/console/audit?case="+v.Plan.Case.Code).is(200).has("La baja está confirmada", "Baja pedida", `data-testid="chips"`).lacks("Entró en la consola")
	laia.get("/console/audit?type=staff.signed_in").has("Entró en la consola").lacks("La baja está confirmada")
	laia.get("/console/audit?actor="+h.users["ines"]).has("Entró en la consola", ">Ines<").lacks("La baja está confirmada")
	laia.get("/console/audit?actor=customer&type=request.received").has("Baja pedida").lacks("Entró en la consola")
	laia.get("/console/audit?case=HL-0000-0000").is(200).has(`data-testid="empty"`)
	for range 60 {
		must(t, h.PauseCase(t.Context(), h.actor("ines"), id, "una prueba"))
		must(t, h.ResumeCase(t.Context(), h.actor("ines"), id))
	}
	seen, page := 0, "/console/audit?type=case.paused"
	for page != "" {
		r := laia.get(page).is(200)
		seen += strings.Count(r.body, "<code>case.paused</code>")
		next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(r.body)
		if page = ""; next != nil {
			page = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	}
	if seen != 60 {
		t.Errorf("%d pauses in the pages of the log, want 60", seen)
	}
	ines.get("/console/outbox?paper=confirm").has("Enlace para confirmar").lacks(`">Justificante</a>`)
	ines.get("/console/outbox?to=FE-20418&state=sent").has("fe-20418@example.com")
	ines.get("/console/outbox?to=nadie").has(`data-testid="empty"`)
}

func TestTheDemoMovesItsClockAndLooksAsOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, true)
	id := h.departure("Estudio Almena", "FE-20418")
	c, ines := "/console/cases/"+string(id), h.as("ines")
	ines.get("/console").has(`data-testid="clock"`, `data-testid="view-as"`, "Tomas (finanzas)")
	before, _, err := h.Now(t.Context())
	must(t, err)
	if r := ines.post("/console/clock", []string{"to", "day", "back", c}).is(http.StatusSeeOther); r.to != c {
		t.Errorf("went to %q", r.to)
	}
	after, _, err := h.Now(t.Context())
	must(t, err)
	if after.Sub(before).Hours() < 24 {
		t.Errorf("the clock went %v", after.Sub(before))
	}
	ines.post("/console/view-as", []string{"user", h.users["tomas"], "back", c}).is(http.StatusSeeOther)
	ines.get(c).has(`data-testid="viewing-as"`, "Ines", `action="`+c+`/steps/accounts/done"`)
	ines.post("/console/view-as", []string{"user", h.users["ines"]}).is(http.StatusSeeOther)
	ines.get(c).lacks(`data-testid="viewing-as"`)

	ines.post(c+"/steps/review/done", []string{"note", ""}).is(422).has(`name="back" value="` + c + `"`)

	for range 4 {
		ines.post("/console/clock", []string{"to", "day"}).is(http.StatusSeeOther)
	}
	ines.get("/console").has(`data-testid="late"`, "Va tarde", "desde el ")
}

func TestOnlyTheDemoHasAClockToMove(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	ines.get("/console").lacks(`data-testid="clock"`, `data-testid="view-as"`)
	ines.post("/console/clock", []string{"to", "day"}).is(404)
	ines.post("/console/view-as", []string{"user", h.users["tomas"]}).is(404)
	ines.get("/console/nothing").is(404).has(`data-testid="fail"`)
	ines.get("/console/account").is(200).has(`data-testid="signout"`)
}

// TestEveryWordExistsInBothLanguages opens every page in both languages and
// reads every code that stands in the sources.
func TestEveryWordExistsInBothLanguages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, true)
	id := string(h.departure("Estudio Almena", "FE-20418"))
	for _, lang := range text.Langs() {
		ines, laia := h.as("ines"), h.as("laia")
		ines.lang, laia.lang = lang, lang
		for _, p := range []string{
			"/console", "/console?view=open", "/console?view=closed", "/console?view=all", "/console?view=all&q=zz", "/console/cases/" + id, "/console/cases/" + id + "/undo",
			"/console/customers", "/console/customers?q=zz", "/console/customers/new", "/console/outbox", "/console/account",
		} {
			ines.get(p).is(200).has(`<html lang="`+lang+`"`).lacks("console.", "{n}")
		}
		laia.get("/console/audit").is(200).lacks("console.")
		h.browser().get("/console/signin?lang=" + lang).is(200)
		h.browser().get("/console/once/x?lang=" + lang).is(200)
	}
	literal := regexp.MustCompile(`(?:say\((?:lang, |v\.Lang, |f\.Lang, |c\.Lang, )?|v\.say\()"([a-z_.]+[a-z_])"`)
	files, err := filepath.Glob("*")
	must(t, err)
	seen := 0
	for _, f := range files {
		if !strings.HasSuffix(f, ".templ") && !strings.HasSuffix(f, ".go") || strings.HasSuffix(f, "_test.go") || strings.HasSuffix(f, "_templ.go") {
			continue
		}
		src, err := os.ReadFile(f)
		must(t, err)
		for _, m := range literal.FindAllStringSubmatch(string(src), -1) {
			seen++
			for _, lang := range text.Langs() {
				if !text.Known(lang, "console."+m[1]) && !text.Known(lang, "console.new_customer."+m[1]) {
					t.Errorf("%s: %s lacks console.%s", f, lang, m[1])
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d codes were found in the sources", seen)
	}
	for _, code := range text.Missing() {
		if strings.Contains(code, " console.") {
			t.Errorf("missing: %s", code)
		}
	}
}
