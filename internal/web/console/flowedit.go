package console

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hastaluego/internal/app"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
)

// signupAsks are what people are asked when they come, as far as it matters for
// how they go.
var signupAsks = []string{"name", "company", "email", "phone", "postal_address", "identity", "password", "payment"}

// mostSignupClicks bounds a sign-up that is described by two figures.
const mostSignupClicks = 30

// describedSignup is the description of a sign-up by how many clicks it takes
// and what it asks for; empty where nobody says how many. What one is asked
// stands on its first page: only how much it is, and how long, is compared.
func (v *visit) describedSignup() string {
	clicks, err := strconv.Atoi(strings.TrimSpace(v.form.Get("signup_clicks")))
	if err != nil || clicks < 1 || clicks > mostSignupClicks {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "flow: signup\nlanguages: [es, en, de, fr]\nnodes:\n")
	for i := range clicks {
		kind, next := "form", fmt.Sprintf("page_%d", i+1)
		if i == 0 {
			kind = "entry"
		}
		if i == clicks-1 {
			next = "done"
		}
		fmt.Fprintf(&b, "  - id: page_%d\n    kind: %s\n", i, kind)
		if i == min(1, clicks-1) {
			var fields []string
			for j, asks := range v.form["signup_asks"] {
				if slices.Contains(signupAsks, asks) {
					fields = append(fields, fmt.Sprintf("{id: f%d, asks: %s, required: true}", j, asks))
				}
			}
			fmt.Fprintf(&b, "    fields: [%s]\n", strings.Join(fields, ", "))
		}
		fmt.Fprintf(&b, "    actions: [{id: next, role: accept, to: %s}]\n", next)
	}
	b.WriteString("  - {id: done, kind: receipt}\n")
	return b.String()
}

// viewEdit is the form of a draft, with what was typed and what is wrong with it.
func (v *visit) viewEdit(p app.FlowPage, wrong error) *flowEdit {
	errs := text.FieldErrors(v.lang, wrong)
	word := func(code string, args ...any) string { return flowWord(v.lang, code, args...) }
	field := func(name, value string) control {
		c := control{ID: "flow-" + name, Name: name, Label: word("edit." + name), Value: value, Error: errs[name]}
		if hint := "console.flows.edit." + name + ".hint"; text.Known(v.lang, hint) {
			c.Hint = text.Say(v.lang, hint)
		}
		return c
	}
	note := p.Draft.Note
	if v.form != nil {
		note = v.form.Get("note")
	}
	e := &flowEdit{Source: field("source", p.Text.Source), Signup: field("signup", p.Text.Signup), Note: field("note", note), Version: p.Draft.Version}
	e.Source.Required = true
	e.Clicks = field("signup_clicks", v.form.Get("signup_clicks"))
	e.Clicks.Kind = "number"
	for _, asks := range signupAsks {
		e.Asks = append(e.Asks, meaningView{asks, word("asks." + asks), "", slices.Contains(v.form["signup_asks"], asks)})
	}
	for _, f := range jurisdiction.FactList() {
		_, said := p.Text.Facts[f.Name]
		if !said && !slices.Contains(p.Check.Missing(), f.Name) || !strings.HasPrefix(f.Name, "seller.") && !strings.HasPrefix(f.Name, "service.") && !strings.HasPrefix(f.Name, "data.") {
			continue
		}
		e.Facts = append(e.Facts, v.viewFact(f, p.Text.Facts[f.Name], errs[factPrefix+f.Name]))
	}
	return e
}

// viewFact is the control of a fact: a choice where it has few values.
func (v *visit) viewFact(f jurisdiction.Fact, value, wrong string) factControl {
	c := factControl{control: control{ID: "flow-" + f.Name, Name: factPrefix + f.Name, Label: sentence(text.Say(v.lang, "law.fact."+f.Name)), Value: value, Error: wrong}}
	switch {
	case f.Type == jurisdiction.BoolFact:
		c.Options = []option{{"", flowWord(v.lang, "fact.unsaid")}, {"true", flowWord(v.lang, "fact.yes")}, {"false", flowWord(v.lang, "fact.no")}}
	case len(f.Known) > 0:
		c.Options = []option{{"", flowWord(v.lang, "fact.unsaid")}}
		for _, k := range f.Known {
			c.Options = append(c.Options, option{k, k})
		}
	case f.Type == jurisdiction.IntFact:
		c.Kind = "number"
	case f.Type == jurisdiction.DateFact:
		c.Kind = "date"
	}
	return c
}

// sentence begins words as a sentence does.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
