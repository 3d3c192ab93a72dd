package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/money"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// questions are those of the start, with their fields.
var questions = []struct{ code, fields string }{
	{"name", "name legal_name"},
	{"place", "country zone currency language"},
	{"contact", "email phone complaints address"},
	{"kind", "playbook"},
	{"look", "colour"},
	{"letters", "sender_name signer signature_es signature_en"},
	{"links", "refunds warranty complaints_page privacy"},
	{"reasons", "reasons"},
	{"pack", "pack"},
	{"people", ""},
}

// kinds of business, by the playbook that fits.
var businesses = []string{"saas-b2c", "saas-b2b", "telecom", "agency"}

// newPeople is how many people a page of the start takes.
const newPeople = 3

// startView is the first page: what is asked.
type startView struct {
	Lang  string
	Done  bool
	Names []string
}

// questionView is one question.
type questionView struct {
	Lang, Code, Progress string
	Number               int
	Fields               []companyField
	Choices              []startChoice // one of them; of the reasons, any
	Many                 bool
	Wrong                string
	People               []startPerson
	Alone                *aloneView
	Next, Back, BackTo   string // words of the buttons, and where back is
}

type startChoice struct {
	Value, Name, About string
	Picked             bool
}

// aloneView is where it is said that one person works here.
type aloneView struct {
	Picked       bool
	Already      string // since when; it is said in the settings
	Wrong, About string
}

type startPerson struct {
	Number      int
	Name, Login control
	Roles       []roleChoice
	Wrong       string
}

func (v startView) word(code string, args ...any) string { return say(v.Lang, "start."+code, args...) }

func (v questionView) word(code string, args ...any) string {
	return say(v.Lang, "start."+code, args...)
}

func (v *visit) start() error {
	s, err := v.App.OpenStart(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	sv := startView{Lang: v.lang, Done: s.Done}
	for _, q := range questions {
		sv.Names = append(sv.Names, sv.word("q."+q.code))
	}
	v.show(http.StatusOK, "settings", sv.word("title"), "", startPage(sv))
	return nil
}

func (v *visit) question() error { return v.showQuestion(http.StatusOK, nil, nil) }

// number is which question the address names; 0: none.
func (v *visit) number() int {
	n, err := strconv.Atoi(v.r.PathValue("step"))
	if err != nil || n < 1 || n > len(questions) {
		return 0
	}
	return n
}

func (v *visit) showQuestion(status int, typed url.Values, wrong error) error {
	s, err := v.App.OpenStart(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	n := v.number()
	if n == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	q := questions[n-1]
	qv := questionView{Lang: v.lang, Code: q.code, Number: n, Progress: v.say("start.progress", "n", n, "all", len(questions)), Next: "next", Back: "/console/start", BackTo: "back.first"}
	if n > 1 {
		qv.Back, qv.BackTo = qv.Back+"/"+strconv.Itoa(n-1), "back"
	}
	if n == len(questions) {
		qv.Next = "last"
	}
	if typed == nil {
		typed = companyValues(s.Setup.Company)
	}
	errs := text.FieldErrors(v.lang, wrong)
	qv.Wrong = errs[q.fields]
	switch q.code {
	case "kind":
		for _, name := range businesses {
			qv.Choices = append(qv.Choices, startChoice{name, qv.word("kind." + name), qv.word("kind." + name + ".about"), s.Setup.Company.Playbook == name})
		}
	case "reasons":
		qv.Many = true
		for _, r := range reason.Builtin().Tops() {
			if r.Code != reason.Other {
				asked := s.Setup.Company.Reasons
				qv.Choices = append(qv.Choices, startChoice{r.Code, r.Label[v.lang], "", len(asked) == 0 || slices.Contains(asked, r.Code)})
			}
		}
	case "people":
		qv.People = v.startPeople(s.Setup.People, errs)
		if o := s.OnePerson; o.On {
			qv.Alone = &aloneView{Already: v.say("one_person.now", "n", o.Hours, "at", text.ShortInstant(v.lang, o.Since, v.zone()))}
		} else if len(o.Others) == 0 {
			qv.Alone = &aloneView{Picked: s.Setup.Alone, Wrong: errs["alone"], About: qv.word("alone.about", "hours", o.Hours)}
		}
	default:
		cv := companyView{Lang: v.lang}
		for name := range strings.FieldsSeq(q.fields) {
			qv.Fields = append(qv.Fields, v.startField(cv, name, typed.Get(name), errs[name]))
		}
	}
	v.show(status, "settings", qv.word("q."+q.code), v.problem(wrong), questionPage(qv))
	return nil
}

// startField is a field of a question: as in the settings, but for countries,
// which are chosen.
func (v *visit) startField(cv companyView, name, value, wrong string) companyField {
	f := v.companyField(cv, name, value, wrong, app.Company{})
	switch name {
	case "pack":
		f.Options = v.packs()
	case "country":
		f.Hint = ""
		f.Options = []option{{"", v.say("start.country.none")}}
		for _, c := range company.Countries() {
			f.Options = append(f.Options, option{c, text.Country(v.lang, c)})
		}
		slices.SortFunc(f.Options[1:], byLabel)
		if value != "" && company.ZoneOf(value) == "" {
			f.Options = append(f.Options, option{value, text.Country(v.lang, value)})
		}
	case "colour":
		f.Hint = cv.word("colour.hint")
	}
	return f
}

// packs are the packs of rules to choose from, by name; the one for everywhere
// is the last.
func (v *visit) packs() (list []option) {
	var last option
	for _, p := range v.App.Law().Places() {
		o := option{p.ID, p.Names[v.lang]}
		if p.ID == jurisdiction.SafeEverywhere {
			last = o
			continue
		}
		list = append(list, o)
	}
	slices.SortFunc(list, byLabel)
	return append(list, last)
}

// byLabel puts names in the order in which people look for them: an accent makes
// no other letter.
func byLabel(x, y option) int { return strings.Compare(customer.Fold(x.Label), customer.Fold(y.Label)) }

func (v *visit) startPeople(list []company.Person, errs map[string]string) (out []startPerson) {
	for i := range newPeople {
		var p company.Person
		if i < len(list) {
			p = list[i]
		}
		n := "_" + strconv.Itoa(i)
		x := startPerson{
			Number: i + 1, Wrong: errs["roles"+n],
			Name:  control{ID: "name" + n, Label: v.say("people.name"), Value: p.Name, Error: errs["name"+n]},
			Login: control{ID: "login" + n, Label: v.say("people.login"), Hint: v.say("start.login.hint"), Value: p.Login, Error: errs["login"+n]},
		}
		for _, r := range app.Roles {
			x.Roles = append(x.Roles, roleChoice{r, role(v.lang, r), v.say("role.about." + r), slices.Contains(p.Roles, r)})
		}
		out = append(out, x)
	}
	return out
}

// answered puts what was typed for a question into the answers so far.
func (v *visit) answered(s *company.Setup, code string) {
	f, was := v.form, s.Company
	typed := companyValues(was)
	for name, value := range f {
		typed[name] = value
	}
	s.Company = typedCompany(was, typed)
	s.Company.Logo = was.Logo
	switch code {
	case "place":
		if c := s.Company.Country; c != was.Country { // what followed from the other country follows from this one
			if s.Company.Zone == was.Zone && company.ZoneOf(c) != "" {
				s.Company.Zone = company.ZoneOf(c)
			}
			if s.Company.Currency == was.Currency {
				s.Company.Currency = money.OfCountry(c)
			}
			if s.Company.Pack == "" || s.Company.Pack == v.App.Law().Of(was.Country).ID {
				s.Company.Pack = v.App.Law().Of(c).ID
			}
		}
	case "kind":
		s.Company.Playbook = f.Get("playbook")
	case "reasons":
		s.Company.Reasons = slices.Clone(f["reasons"])
		if len(s.Company.Reasons) >= len(reason.Builtin().Tops())-1 { // all of them: whichever there will be
			s.Company.Reasons = nil
		}
	case "pack":
		s.Company.Pack = f.Get("pack")
	case "people":
		s.People, s.Alone = nil, f.Get("alone") == "1"
		for i := range newPeople {
			n := "_" + strconv.Itoa(i)
			s.People = append(s.People, company.Person{Name: f.Get("name" + n), Login: f.Get("login" + n), Roles: f["roles"+n]})
		}
	}
}

func (v *visit) answerQuestion() error {
	s, err := v.App.OpenStart(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	n := v.number()
	if n == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	q := questions[n-1]
	v.answered(&s.Setup, q.code)
	tidy, wrong := s.Setup.Company.Check()
	list := v.App.CheckChoices(tidy)
	list = append(list, fault.Fields(wrong)...)
	mine := slices.DeleteFunc(list, func(e *fault.Error) bool { return !slices.Contains(strings.Fields(q.fields), e.Field) })
	people, more := app.CheckPeople(s.Setup.People)
	if q.code == "people" {
		mine = append(append(mine, more...), app.CheckAlone(s.Setup, people)...)
	}
	if len(mine) > 0 {
		if q.code == "people" { // as it was typed, with what is wrong
			if err := v.App.DraftStart(v.r.Context(), v.actor, s.Setup); err != nil {
				return err
			}
		}
		return v.showQuestion(http.StatusUnprocessableEntity, v.form, mine)
	}
	s.Setup.Company, s.Setup.People = tidy, people
	if err := v.App.DraftStart(v.r.Context(), v.actor, s.Setup); err != nil {
		return err
	}
	next := "/console/start/review"
	if n < len(questions) {
		next = "/console/start/" + strconv.Itoa(n+1)
	}
	v.to(next)
	return nil
}

func (v *visit) startFile() error {
	s, err := v.App.OpenStart(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	raw, err := s.Setup.YAML()
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="company.yaml"`)
	h.Set("Cache-Control", "no-store")
	_, err = v.w.Write(raw)
	return err
}

func (v *visit) applyStart() error {
	s, err := v.App.OpenStart(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	s.Setup.Rehearse = v.form.Get("rehearse") == "1"
	invited, err := v.App.ApplySetup(v.r.Context(), v.actor, s.Setup, v.say("start.rehearse.why"))
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Blocked:
		if err != nil {
			return v.showReview(web.Status(err), nil, err)
		}
	}
	if err != nil {
		return err
	}
	if invited == nil {
		invited = []app.Invited{}
	}
	return v.showReview(http.StatusOK, invited, nil)
}

// firstView is the page of the first person.
type firstView struct {
	Lang, Company, Action string
	Fields                []control
}

func (v *visit) firstForm() error { return v.showFirst(http.StatusOK, nil) }

func (v *visit) showFirst(status int, wrong error) error {
	if err := v.App.CheckFirst(v.r.Context(), v.r.PathValue("token")); err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	fv := firstView{Lang: v.lang, Company: v.App.Company().Name, Action: v.r.URL.Path, Fields: []control{
		{ID: "name", Label: v.say("people.name"), Value: v.form.Get("name"), Error: errs["name"], Required: true, Complete: "name"},
		{ID: "login", Label: v.say("people.login"), Hint: v.say("first.login.hint"), Value: v.form.Get("login"), Error: errs["login"], Required: true, Complete: "username"},
		{ID: "password", Label: v.say("first.password"), Hint: v.say("password.hint"), Kind: "password", Error: errs["password"], Required: true, Complete: "new-password"},
	}}
	v.bare(status, v.say("first.title"), firstPage(fv))
	return nil
}

func (v *visit) first() error {
	token, err := v.App.AddFirst(v.r.Context(), v.r.PathValue("token"), app.UserInput{
		Name: v.form.Get("name"), Login: v.form.Get("login"), Password: v.form.Get("password"),
	})
	if fault.KindOf(err) == fault.Invalid && err != nil {
		return v.showFirst(web.Status(err), err)
	}
	if err != nil {
		return err
	}
	v.keep(token)
	v.to("/console/start")
	return nil
}

// landing is where somebody who signed in comes out: the questions of the start,
// where they are still to be answered and nothing else was asked for.
func (v *visit) landing(token, next string) string {
	if next != "/console" || v.Demo {
		return next
	}
	by, err := v.App.Session(v.r.Context(), token)
	if err != nil {
		return next
	}
	if waits, err := v.App.StartWaits(v.r.Context(), by); err != nil || !waits {
		return next
	}
	return "/console/start"
}
