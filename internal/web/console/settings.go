package console

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// About is what this installation is made of.
type About struct {
	Version  string // of the program
	Revision string // of its source; may be empty
	Go       string
	Database string // sqlite or postgres
	Schema   int64  // newest migration
	LogKey   string // public key of the log
}

// fact is one line of a list of facts; one without a value is not shown.
type factView struct{ Label, Value string }

// settingsView is the company and the program, as the configuration says.
type settingsView struct {
	Lang            string
	Tabs            []tab
	Company, System []factView
	LogKey, LogPage string
	OnePerson       onePersonForm
	NoPortal        bool
	Hold            holdForm
	Tests           testsCard
}

// settingsTabs are the pages of the settings that this person may see.
func (v *visit) settingsTabs(here string) []tab {
	var out []tab
	for _, t := range []struct{ name, href, needs string }{
		{"profile", "/console/settings/company", "company"},
		{"words", "/console/settings/words", "company"},
		{"company", "/console/settings", "settings"},
		{"people", "/console/settings/users", "users"},
		{"assignment", "/console/settings/assignment", "assignment"},
		{"keys", "/console/keys", "keys"},
		{"webhooks", "/console/webhooks", "webhook"},
	} {
		if v.actor.MayRead(t.needs) {
			out = append(out, tab{Name: v.say("settings.tab." + t.name), Href: t.href, Current: t.name == here})
		}
	}
	return out
}

// settingsHome is where the settings begin for a person.
func settingsHome(by app.Actor) string {
	if by.MayRead("settings") {
		return "/console/settings"
	}
	return "/console/settings/users"
}

func (v *visit) settings() error { return v.showSettings(http.StatusOK, nil) }

func (v *visit) showSettings(status int, wrong error) error {
	if err := v.actor.CanRead("settings"); err != nil {
		return err
	}
	c := v.App.Company()
	sv := settingsView{Lang: v.lang, Tabs: v.settingsTabs("company"), LogPage: c.PublicURL + "/.well-known/hasta-log"}
	add := func(to *[]factView, code, value string) {
		if value != "" {
			*to = append(*to, factView{v.say("settings." + code), value})
		}
	}
	add(&sv.Company, "name", c.Name)
	add(&sv.Company, "legal_name", c.LegalName)
	add(&sv.Company, "address", c.Address)
	add(&sv.Company, "phone", c.Phone)
	add(&sv.Company, "email", c.Email)
	add(&sv.Company, "complaints", c.Complaints)
	add(&sv.Company, "signer", c.Signer)
	add(&sv.Company, "language", known(v.lang, "lang."+c.Language, c.Language))
	add(&sv.Company, "country", c.Country)
	add(&sv.Company, "zone", v.zone().String())
	add(&sv.Company, "public_url", c.PublicURL)
	if v.o.About != nil {
		a, err := v.o.About(v.r.Context())
		if err != nil {
			return err
		}
		add(&sv.System, "version", a.Version)
		add(&sv.System, "revision", a.Revision)
		add(&sv.System, "go", a.Go)
		add(&sv.System, "database", known(v.lang, "console.settings.database."+a.Database, a.Database))
		add(&sv.System, "schema", text.Number(v.lang, a.Schema))
		sv.LogKey = a.LogKey
	}
	var err error
	if sv.Hold, err = v.holdForm(wrong); err != nil {
		return err
	}
	if sv.Tests, err = v.testsCard(); err != nil {
		return err
	}
	if sv.OnePerson, err = v.onePersonForm(wrong); err != nil {
		return err
	}
	if sv.NoPortal, err = v.App.NoPortal(v.r.Context()); err != nil {
		return err
	}
	problem := ""
	if wrong != nil {
		problem = v.worded(wrong)
	}
	v.show(status, "settings", v.say("settings.title"), problem, settingsPage(sv))
	return nil
}

// staffRow is a person of the company in the list.
type staffRow struct {
	ID, Name, Login, Initials, Roles, Code, Browsers, Since string
	State                                                   badge
}

// staffView lists the people of the company, and takes another.
type staffView struct {
	Lang        string
	Tabs        []tab
	Rows        []staffRow
	Name, Login control
	Roles       rolesView
	May         bool
	Who         string
	Link        *linkView
}

// rolesView is the choice of what a person does.
type rolesView struct {
	Lang, Error string
	List        []roleChoice
}

type roleChoice struct {
	Role, Name, About string
	Held              bool
}

// linkView shows a link once, to be handed over.
type linkView struct{ Lang, Name, Href string }

func (v *visit) roleChoices(held []string, wrong string) rolesView {
	out := rolesView{Lang: v.lang, Error: wrong}
	has := app.Actor{Roles: held}
	for _, r := range app.Roles {
		out.List = append(out.List, roleChoice{r, role(v.lang, r), v.say("role.about." + r), has.Holds(r)})
	}
	return out
}

func (v *visit) staffList() error { return v.showStaff(http.StatusOK, app.UserInput{}, nil, nil) }

func (v *visit) showStaff(status int, typed app.UserInput, link *linkView, wrong error) error {
	list, err := v.App.OpenStaff(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	sv := staffView{
		Lang: v.lang, Tabs: v.settingsTabs("people"), May: v.actor.May("users"), Who: whoMay(v.lang, "users"), Link: link,
		Name:  control{ID: "name", Label: v.say("people.name"), Value: typed.Name, Error: errs["name"], Required: true},
		Login: control{ID: "login", Label: v.say("people.login"), Hint: v.say("people.login.hint"), Value: typed.Login, Error: errs["login"], Required: true},
		Roles: v.roleChoices(typed.Roles, errs["roles"]),
	}
	for _, p := range list {
		sv.Rows = append(sv.Rows, v.viewPerson(p))
	}
	v.show(status, "settings", v.say("people.title"), v.problem(wrong), staffPage(sv))
	return nil
}

// problem words what was wrong, or is empty.
func (v *visit) problem(wrong error) string {
	if wrong == nil {
		return ""
	}
	return v.worded(wrong)
}

func (v *visit) viewPerson(p app.StaffView) staffRow {
	row := staffRow{
		ID: p.ID, Name: p.Name, Login: p.Login, Initials: initials(p.Name), Roles: roles(v.lang, p.Roles), Code: v.say("people.code.no"),
		Browsers: v.say("people.sessions.count", "n", p.Sessions), Since: text.ShortInstant(v.lang, p.CreatedAt, v.zone()),
		State: badge{"check", "", v.say("people.active")},
	}
	if p.Coded {
		row.Code = v.say("people.code.yes")
	}
	if !p.Active {
		row.State = badge{"x", "bad", v.say("people.inactive")}
	}
	return row
}

func (v *visit) addPerson() error {
	in := app.UserInput{Login: v.form.Get("login"), Name: v.form.Get("name"), Roles: v.form["roles"]}
	u, token, err := v.App.AddPerson(v.r.Context(), v.actor, in)
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict:
		return v.showStaff(web.Status(err), in, nil, err)
	}
	if err != nil {
		return err
	}
	return v.showStaff(http.StatusOK, app.UserInput{}, v.passwordLink(u.Name, token), nil)
}

// passwordLink is shown once: only its hash is kept.
func (v *visit) passwordLink(name, token string) *linkView {
	return &linkView{v.lang, name, v.App.Company().PublicURL + "/console/reset/" + token}
}

// personView is the page of one person.
type personView struct {
	Lang       string
	Tabs       []tab
	Row        staffRow
	Roles      rolesView
	Active     bool
	Coded      bool
	Sessions   int
	Last, Self bool
	May        bool
	Who        string
	Link       *linkView
}

func (v *visit) person() error { return v.showPerson(http.StatusOK, nil, nil, nil) }

func (v *visit) showPerson(status int, typed []string, link *linkView, wrong error) error {
	p, err := v.App.OpenPerson(v.r.Context(), v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if typed == nil {
		typed = p.Roles
	}
	pv := personView{
		Lang: v.lang, Tabs: v.settingsTabs("people"), Row: v.viewPerson(p), Active: p.Active, Coded: p.Coded, Sessions: p.Sessions,
		Roles: v.roleChoices(typed, text.FieldErrors(v.lang, wrong)["roles"]), Last: p.LastAdmin, Self: p.ID == v.actor.ID,
		May: v.actor.May("users"), Who: whoMay(v.lang, "users"), Link: link,
	}
	v.show(status, "settings", p.Name, v.problem(wrong), personPage(pv))
	return nil
}

// onPerson changes a person and shows them, with what was wrong if it was.
func (v *visit) onPerson(typed []string, link *linkView, err error) error {
	switch kind := fault.KindOf(err); {
	case err == nil && link == nil:
		v.to("/console/settings/users/" + v.r.PathValue("id"))
		return nil
	case err == nil:
		return v.showPerson(http.StatusOK, nil, link, nil)
	case kind == fault.Invalid, kind == fault.Conflict, kind == fault.Blocked:
		return v.showPerson(web.Status(err), typed, nil, err)
	default:
		return err
	}
}

func (v *visit) setRoles() error {
	list := v.form["roles"]
	if list == nil {
		list = []string{}
	}
	return v.onPerson(list, nil, v.App.SetRoles(v.r.Context(), v.actor, v.r.PathValue("id"), list))
}

func (v *visit) setActive() error {
	return v.onPerson(nil, nil, v.App.SetActive(v.r.Context(), v.actor, v.r.PathValue("id"), v.form.Get("active") == "1"))
}

func (v *visit) resetPassword() error {
	token, err := v.App.ResetPassword(v.r.Context(), v.actor, v.r.PathValue("id"))
	if err != nil {
		return v.onPerson(nil, nil, err)
	}
	p, err := v.App.OpenPerson(v.r.Context(), v.actor, v.r.PathValue("id"))
	return v.onPerson(nil, v.passwordLink(p.Name, token), err)
}

func (v *visit) dropFactor() error {
	if v.r.PathValue("id") == v.actor.ID { // one's own asks for a code
		v.to("/console/account/factor")
		return nil
	}
	return v.onPerson(nil, nil, v.App.RemoveFactor(v.r.Context(), v.actor, v.r.PathValue("id"), ""))
}

func (v *visit) endSessions() error {
	return v.onPerson(nil, nil, v.App.EndSessions(v.r.Context(), v.actor, v.r.PathValue("id"), v.token))
}
