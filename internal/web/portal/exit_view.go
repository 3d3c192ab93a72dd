package portal

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/flow"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// place is somewhere one may live.
type place struct {
	Code, Name string
	Here       bool // the page follows its law
}

func placeName(sp text.Speech, code string) string {
	if text.Known(sp.Lang, "place."+code) {
		return sp.Say("place." + code)
	}
	return text.Country(sp.Lang, code)
}

func places(sp text.Speech, codes []string, here string) (list []place) {
	for _, c := range codes {
		list = append(list, place{c, placeName(sp, c), c == here})
	}
	order := text.Order(sp.Lang)
	slices.SortFunc(list, func(a, b place) int { return order(a.Name, b.Name) })
	return append(list, place{app.Elsewhere, sp.Say("portal.place.other"), here == ""})
}

// placeNow is whose law the page follows, in words.
func (v exitView) placeNow() string {
	if v.Place == "" {
		return v.Say("portal.place.none")
	}
	return v.Say("portal.place.of", "place", placeName(v.Speech, v.Place))
}

// title is that of the page: of its first part that has one.
func (v exitView) title() string {
	for _, p := range v.Parts {
		if s := p.Texts["title"]; s != "" {
			return v.words(s)
		}
	}
	return v.Company.Name
}

// words fills the slots of a text of the flow.
func (v exitView) words(s string) string { return text.Fill(v.Lang, s, "company", v.Company.Name) }

// entry is the way in, which stands on every public page.
func (v exitView) entry() flow.Part {
	p, _ := v.Entry()
	return p
}

// href is where an action of the flow leads that is a link.
func (v exitView) href(a flow.Press) string {
	switch {
	case v.Links[a.Does] != "":
		return v.Links[a.Does]
	case a.Does == "human":
		return "mailto:" + v.Company.Email
	}
	return ""
}

// leads reports whether an action of the entry leads further than the page
// itself does.
func (v exitView) leads(a flow.Press) bool {
	there := slices.ContainsFunc(v.Actions(), func(b flow.Press) bool { return b.Does == a.Does && a.Role == "help" })
	return v.href(a) != "" && !there
}

// left are the parts of a page beside those that confirm.
func (v exitView) left() (list []flow.Part) {
	for _, p := range v.Parts {
		if p.Kind != "confirm" {
			list = append(list, p)
		}
	}
	return list
}

// confirm is the part that confirms; a form without one is sent from the same
// place.
func (v exitView) confirm() flow.Part {
	if p, ok := v.Part("confirm"); ok {
		return p
	}
	p, _ := v.Part("form")
	return flow.Part{Node: p.Node, Kind: p.Kind, Actions: p.Actions}
}

// beside are the actions of a part that stand in it, and not where one goes on.
func (v exitView) beside(p flow.Part) []flow.Press {
	if p.Node == v.confirm().Node {
		return nil
	}
	return p.Actions
}

// promises are what comes after confirming.
func promises(p flow.Part) (list []string) {
	for _, code := range slices.Sorted(maps.Keys(p.Texts)) {
		if strings.HasPrefix(code, "then_") {
			list = append(list, p.Texts[code])
		}
	}
	return list
}

// given is what was typed so far, by what a field of the flow asks.
var given = map[string]func(app.ExitInput) string{
	"name":     func(in app.ExitInput) string { return in.Name },
	"email":    func(in app.ExitInput) string { return in.AccountEmail },
	"contact":  func(in app.ExitInput) string { return in.ReceiptEmail },
	"contract": func(in app.ExitInput) string { return in.Reference },
	"line":     func(in app.ExitInput) string { return in.Line },
	"ground":   func(in app.ExitInput) string { return in.Ground },
	"date":     func(in app.ExitInput) string { return in.When },
	"kind":     func(in app.ExitInput) string { return in.Kind },
}

// question is a field with its control.
type question struct {
	flow.Input
	web.Control
	Error string
	Given string
	// Choices are its answers, where it is one of few.
	Choices []choice
}

type choice struct{ Value, Label, Rule string }

// group is fields that belong together, under one heading where the flow has one.
type group struct {
	N           int
	Code, Title string
	Fields      []question
	Lines       []line // contracts of a signed link
	Everything  string // what is meant where nobody names a contract
}

// groups are the fields of a form in the order in which they are asked.
func (v exitView) groups(p flow.Part) (list []group) {
	n := 0
	for _, g := range web.Headings {
		out := group{Code: g.Code, Title: p.Texts[g.Code]}
		for _, f := range p.Fields {
			if !slices.Contains(g.Asks, f.Asks) {
				continue
			}
			if g.Code == "what" && v.Host != nil && f.Asks == "contract" {
				continue // they come with it
			}
			out.Fields = append(out.Fields, v.question(f))
		}
		if g.Code == "what" && v.Act == "cancel" {
			if v.Host != nil {
				out.Lines = v.lines()
			} else {
				out.Everything = p.Texts["everything"]
			}
		}
		if len(out.Fields) > 0 || len(out.Lines) > 0 {
			if out.Title != "" {
				n++
			}
			out.N = n
			list = append(list, out)
		}
	}
	return list
}

func (v exitView) question(f flow.Input) question {
	c := web.Controls[f.Asks]
	q := question{Input: f, Control: c, Error: v.Errors[c.Name], Given: given[f.Asks](v.In)}
	switch f.Asks {
	case "date":
		q.Choices = []choice{
			{"now", v.Say("portal.form.when.now"), v.nowRule()},
			{"period_end", v.Say("portal.form.when.end"), v.periodEnd()},
		}
	case "kind":
		for _, k := range []string{"ordinary", "for_cause"} {
			q.Choices = append(q.Choices, choice{k, v.Say("portal.form.kind." + k), v.Say("portal.form.kind." + k + ".rule")})
		}
	}
	return q
}

// nowRule is what leaving now means: on the page of a customer who was proved, with
// the day to which a notice is owed.
func (v exitView) nowRule() string {
	if v.Host != nil && v.Host.Preview != nil {
		if now := v.Host.Preview.Now; now.Asked.Before(now.LastDay()) {
			return v.Say("portal.form.when.now.notice", "date", text.LongDate(v.Lang, now.LastDay()))
		}
	}
	return v.Say("portal.form.when.now.rule")
}

func (v exitView) periodEnd() string {
	if v.Host == nil || v.Host.PeriodEnd.IsZero() {
		return v.Say("portal.form.when.end.rule")
	}
	return v.Say("portal.form.when.end.date", "date", text.LongDate(v.Lang, v.Host.PeriodEnd))
}

type line struct{ Name, Detail string }

// lines are the contracts of a signed link, in words.
func (v exitView) lines() []line {
	var out []line
	for _, s := range v.Host.Subscriptions {
		name := s.Product
		if s.Plan != "" {
			name += ", " + s.Plan
		}
		out = append(out, line{name, v.Say("portal.form.contract", "reference", s.Reference,
			"amount", text.Money(v.Lang, s.Amount), "every", v.Say("portal.every."+string(s.Interval)))})
	}
	return out
}

// asked is a field of the form with what was typed, for a page that sums up.
type asked struct{ Label, Value string }

// answers are what was typed so far, in the words of the form; hidden are the
// same for the page that sends them on.
func (v exitView) answers() (list []asked) {
	for _, f := range v.fields() {
		q := v.question(f)
		value := q.Given
		for _, c := range q.Choices {
			if c.Value == q.Given {
				value = c.Label
			}
		}
		if value == "" && f.Asks == "date" {
			value = v.Say("portal.form.when.unsaid")
		}
		if value != "" {
			list = append(list, asked{f.Label, value})
		}
	}
	return list
}

func (v exitView) hidden() (list []asked) {
	if _, here := v.Part("form"); here {
		return nil
	}
	for _, f := range v.fields() {
		list = append(list, asked{web.Controls[f.Asks].Name, given[f.Asks](v.In)})
	}
	return list
}

// fields are those of the form with which the act begins.
func (v exitView) fields() (list []flow.Input) {
	first, _ := v.entry().Does(v.Act)
	s, _ := v.Exit.Screen(first.To)
	for _, p := range s.Parts {
		for _, f := range p.Fields {
			if _, known := web.Controls[f.Asks]; known {
				list = append(list, f)
			}
		}
	}
	return list
}

// required is what the form of the act asks for that has to be filled in. The
// contracts of a signed link come with it.
func (v exitView) required() (asks []string) {
	for _, f := range v.fields() {
		if f.Required && (v.Host == nil || f.Asks != "contract") {
			asks = append(asks, f.Asks)
		}
	}
	return asks
}

// described ties a control to its hint, or to what is wrong with it.
func described(q question) templ.Attributes {
	switch {
	case q.Error != "":
		return templ.Attributes{"aria-describedby": q.Name + "-error"}
	case q.Help != "":
		return templ.Attributes{"aria-describedby": q.Name + "-hint"}
	}
	return nil
}

// spoken says in which language a label is that is not in that of the page, and
// where it stands in that one.
func spoken(a flow.Press, lang string) templ.Attributes {
	out := templ.Attributes{}
	if a.Lang != lang {
		out["lang"] = a.Lang
	}
	if a.Beside != "" {
		out["aria-describedby"] = means(a)
	}
	return out
}

func means(a flow.Press) string { return a.Node + "-" + a.ID + "-means" }

// said is what the flow says on a page after the request.
type said struct {
	text.Speech
	flow.Part
}

func (v said) text(code string, args ...any) string { return text.Fill(v.Lang, v.Texts[code], args...) }

// action is the one of that id; without one there is nothing to press.
func (v said) action(id string) flow.Press {
	for _, a := range v.Actions {
		if a.ID == id {
			return a
		}
	}
	return flow.Press{}
}

// ackView is the page of an acknowledgement: what one gets right after
// declaring an act.
type ackView struct {
	said
	Code, Paper string
	Again       string // where a link to the private page is asked for
}

// numbered is a heading with its number.
func numbered(n int, s string) string { return strconv.Itoa(n) + ". " + s }
