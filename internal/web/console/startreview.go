package console

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
)

// reviewView is the last page: what was answered, in words and as the file that
// says it.
type reviewView struct {
	Lang, YAML string
	Answers    []answerView
	Invited    []linkView
	Done       bool
	NoPortal   bool // there is no page of the customers to look at
}

// answerView is what was answered to one question.
type answerView struct {
	Question, URL string
	Lines         []answerLine // none: nothing
}

type answerLine struct{ Label, Value string }

func (v reviewView) word(code string, args ...any) string { return say(v.Lang, "start."+code, args...) }

func (v *visit) review() error { return v.showReview(http.StatusOK, nil, nil) }

func (v *visit) showReview(status int, invited []app.Invited, wrong error) error {
	s, err := v.App.OpenStart(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	raw, err := s.Setup.YAML()
	if err != nil {
		return err
	}
	rv := reviewView{Lang: v.lang, YAML: string(raw), Done: invited != nil}
	if rv.NoPortal, err = v.App.NoPortal(v.r.Context()); err != nil {
		return err
	}
	for i, q := range questions {
		rv.Answers = append(rv.Answers, answerView{rv.word("q." + q.code), "/console/start/" + strconv.Itoa(i+1), v.answerLines(s, q.code, q.fields)})
	}
	for _, p := range invited {
		rv.Invited = append(rv.Invited, *v.passwordLink(p.Name, p.Token))
	}
	v.show(status, "settings", rv.word("review"), v.problem(wrong), reviewPage(rv))
	return nil
}

// answerLines says in words what was answered to a question; what was left empty
// is left out.
func (v *visit) answerLines(s app.Start, code, fields string) (lines []answerLine) {
	p := s.Setup.Company
	add := func(label, value string) {
		if value != "" {
			lines = append(lines, answerLine{label, value})
		}
	}
	switch code {
	case "kind":
		add("", known(v.lang, "console.start.kind."+p.Playbook, p.Playbook))
	case "reasons":
		var names []string
		for _, asked := range p.Reasons {
			if r, ok := reason.Builtin().Find(asked); ok {
				names = append(names, r.Label[v.lang])
			}
		}
		add("", cmp.Or(strings.Join(names, " · "), v.say("start.answer.reasons")))
	case "people":
		if s.Setup.Alone || s.OnePerson.On {
			add("", v.say("start.alone"))
		}
		for _, x := range s.Setup.People {
			add(x.Name, x.Login+": "+roles(v.lang, x.Roles))
		}
	default:
		typed := companyValues(p)
		for name := range strings.FieldsSeq(fields) {
			add(v.say("company."+name), v.answerValue(p, name, strings.TrimSpace(typed.Get(name))))
		}
	}
	return lines
}

// answerValue is what a field says, in words.
func (v *visit) answerValue(p company.Profile, name, value string) string {
	switch name {
	case "country":
		if value != "" {
			return text.Country(v.lang, value)
		}
	case "language":
		return text.Say(v.lang, "lang."+value)
	case "pack":
		for _, o := range v.packs() {
			if o.Value == p.Pack && value != "" {
				return o.Label
			}
		}
		return v.say("company.pack.none")
	}
	return value
}
