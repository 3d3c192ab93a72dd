package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
)

const another = "cuatro zapatos verdes"

// linkOf is the one-time link that a page shows.
func linkOf(t *testing.T, r reply) string {
	t.Helper()
	m := regexp.MustCompile(`data-testid="link-href">http://faro.test(/console/reset/[A-Za-z0-9_-]+)<`).FindStringSubmatch(r.body)
	if m == nil {
		t.Fatalf("no link on the page:\n%s", main(r.body))
	}
	return m[1]
}

func TestAPersonIsAddedWithALinkAndChoosesTheirPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	noa := h.as("noa")
	noa.post("/console/settings/users", []string{"name", "", "login", "ines"}).is(422).
		has(`data-testid="error-name"`, `data-testid="error-roles"`, `value="ines"`)
	noa.post("/console/settings/users", []string{"name", "Otra Inés", "login", "INES", "roles", "agent"}).is(409).has(`data-testid="error-login"`)
	r := noa.post("/console/settings/users", []string{"name", "Greta Sol", "login", "greta", "roles", "agent", "roles", "finance"}).is(200).has("Greta Sol", "solo", "Solo contraseña")
	link, b := linkOf(t, r), h.browser()
	noa.get("/console/settings/users").has("Greta Sol").lacks(link)
	b.get(link).is(200).has("Greta Sol")
	for typed, field := range map[string]string{"corta": "password", "passwordpassword": "password", "greta.greta.2026": "password", another + "!": "again"} {
		b.post(link, []string{"password", typed, "again", another}).is(422).has(`data-testid="error-` + field + `"`).lacks(typed)
	}
	b.post(link, []string{"password", another, "again", another}).is(200).has(`data-testid="done"`)
	b.post(link, []string{"password", another, "again", another}).is(410).has(`data-testid="problem"`)
	b.get(link).is(410)
	if r := b.post("/console/signin", []string{"login", "greta", "password", another}).is(http.StatusSeeOther); r.to != "/console" {
		t.Errorf("went to %q", r.to)
	}
	h.as("laia").get("/console/audit").has("Persona añadida: Greta Sol", "Eligió su contraseña con un enlace")
}

func TestAResetPasswordEndsEverySession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	noa, ines := h.as("noa"), h.as("ines")
	page := "/console/settings/users/" + h.users["ines"]
	noa.get(page).is(200).has("1 abierta", `data-testid="reset"`)
	old := linkOf(t, noa.post(page+"/password", nil).is(200))
	ines.get("/console").is(http.StatusSeeOther)
	h.browser().post("/console/signin", []string{"login", "ines", "password", password}).is(401)
	link := linkOf(t, noa.post(page+"/password", nil).is(200))
	h.browser().get(old).is(410) // the newer link replaced it
	h.browser().post(link, []string{"password", another, "again", another}).is(200)
	h.browser().post("/console/signin", []string{"login", "ines", "password", another}).is(http.StatusSeeOther)

	signed := h.as("ines")
	signed.get("/console").is(200)
	noa.post(page+"/sessions", nil).is(http.StatusSeeOther)
	signed.get("/console").is(http.StatusSeeOther)
	again := h.as("ines")
	noa.post(page+"/active", []string{"active", "0"}).is(http.StatusSeeOther)
	again.get("/console").is(http.StatusSeeOther)
	h.browser().post("/console/signin", []string{"login", "ines", "password", another}).is(401)
	noa.get(page).has("No puede entrar", `data-testid="activate"`)
	noa.post(page+"/password", nil).is(409)
	noa.post(page+"/active", []string{"active", "1"}).is(http.StatusSeeOther)
	h.browser().post("/console/signin", []string{"login", "ines", "password", another}).is(http.StatusSeeOther)
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	noa := h.as("noa")
	own, ines := "/console/settings/users/"+h.users["noa"], "/console/settings/users/"+h.users["ines"]
	noa.get(own).has(`data-testid="last-admin"`).lacks(`data-testid="deactivate"`)
	noa.post(own+"/roles", []string{"roles", "agent"}).is(409).has(`data-testid="problem"`, "Tiene que quedar alguien")
	noa.post(own+"/active", []string{"active", "0"}).is(409)
	noa.post(own+"/roles", nil).is(422).has(`data-testid="error-roles"`)
	noa.post(ines+"/roles", []string{"roles", "agent", "roles", "admin"}).is(http.StatusSeeOther)
	h.as("laia").get("/console/audit").has("Funciones de Ines: de «atención a clientes, gestión de cuentas» a «atención a clientes, administración»")
	noa.get(own).lacks(`data-testid="last-admin"`)

	// Each takes the role of the other at the same moment: one of them stays.
	var wg sync.WaitGroup
	for _, who := range [][2]string{{"noa", "ines"}, {"ines", "noa"}} {
		by := h.actor(who[0])
		wg.Go(func() {
			if err := h.SetRoles(t.Context(), by, h.users[who[1]], []string{"agent"}); err != nil && fault.CodeOf(err) != "staff.last_admin" {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	users, err := h.Users(t.Context())
	must(t, err)
	admins := 0
	for _, u := range users {
		if (app.Actor{Roles: u.Roles}).Holds("admin") {
			admins++
		}
	}
	if admins != 1 {
		t.Errorf("%d administrators are left", admins)
	}
}

func TestAPersonChangesTheirOwnPasswordAndSignsOutElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	here, there := h.as("ines"), h.as("ines")
	form := func(current, chosen, again string) []string {
		return []string{"current", current, "password", chosen, "again", again}
	}
	here.post("/console/account/password", form("no es esta de ahora", another, another)).is(422).has(`data-testid="error-current"`)
	here.post("/console/account/password", form(password, "123456789012345", another)).is(422).has(`data-testid="error-password"`)
	here.post("/console/account/password", form(password, another, another+".")).is(422).has(`data-testid="error-again"`)
	r := here.post("/console/account/password", form(password, another, another)).is(http.StatusSeeOther)
	here.get(r.to).is(200).has(`data-testid="account-done"`)
	there.get("/console").is(http.StatusSeeOther)
	b := h.browser()
	b.post("/console/signin", []string{"login", "ines", "password", another}).is(http.StatusSeeOther)
	here.post("/console/account/sessions", nil).is(http.StatusSeeOther)
	b.get("/console").is(http.StatusSeeOther)
	here.get("/console").is(200)
}

func TestTheSettingsShowTheCompanyAndTheKeyOfTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.as("noa").get("/console/settings").is(200).has("Faro", "Europe/Madrid", `data-testid="log-key"`, "log-key-of-the-test", "/console/settings/users")
	page := h.as("laia").get("/console/settings/users").is(200).has(`aria-disabled="true"`, "Puede hacerlo: administración")
	if strings.Contains(page.body, `method="post" action="/console/settings`) {
		t.Error("who audits is offered a form")
	}
	h.as("ines").get("/console").lacks("/console/settings")
}
