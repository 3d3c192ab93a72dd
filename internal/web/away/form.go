package away

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"hastaluego/internal/flow"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// Form is the form of an act in one language as the flow describes it: the one
// that the company published, under the law that holds where nobody says where
// they live. It is made while the flow can be read, and kept as a file for when
// it cannot.
type Form struct {
	Page    string   `json:"page"` // of the flow
	Entry   Press    `json:"entry"`
	Title   string   `json:"title"`
	Lede    string   `json:"lede,omitempty"`
	Groups  []Group  `json:"groups"`
	Go      Press    `json:"go"`      // on the form
	Declare Press    `json:"declare"` // what declares; where the law wants a summary first it is not Go
	On      string   `json:"on"`      // the page of the flow on which Declare stands
	Confirm string   `json:"confirm,omitempty"`
	Sure    string   `json:"sure,omitempty"`
	Then    []string `json:"then,omitempty"` // what comes after it
	Talk    string   `json:"talk,omitempty"` // to talk to a person instead
	// Elsewhere is a form of an act that only customers who live elsewhere have:
	// shown to whoever began it on a page of the server.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// Group is what is asked under one heading.
type Group struct {
	Code   string  `json:"code"`
	Title  string  `json:"title,omitempty"`
	Note   string  `json:"note,omitempty"`
	Fields []Field `json:"fields"`
}

// Field is something that is asked for.
type Field struct {
	Asks     string `json:"asks"`
	Label    string `json:"label"`
	Help     string `json:"help,omitempty"`
	Required bool   `json:"required,omitempty"`
}

// Press is something that can be pressed. Beside is what Label says, where a law
// prescribes it in another language than that of the page.
type Press struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Lang   string `json:"lang"`
	Beside string `json:"beside,omitempty"`
}

// Forms are the forms of a flow, by language and act.
type Forms struct {
	By map[string]map[string]Form `json:"by"`
	// Declares are the pages of the flow with the action on them that declares an
	// act, for whoever sends a page of the server.
	Declares []string `json:"declares"`
}

// FormsOf makes the forms of a flow out of its variants by language: those of
// where nobody says where they live, and those of elsewhere, for acts that the
// first ones do not have.
func FormsOf(f *flow.Flow, variants, elsewhere map[string]*flow.View) Forms {
	out := Forms{By: map[string]map[string]Form{}}
	for _, lang := range slices.Sorted(maps.Keys(variants)) {
		by := map[string]Form{}
		for act := range acts {
			form, ok := formOf(variants[lang], act)
			if !ok && elsewhere[lang] != nil {
				form, ok = formOf(elsewhere[lang], act)
				form.Elsewhere = true
			}
			if ok {
				by[act] = form
			}
		}
		out.By[lang] = by
	}
	receipt := map[string]bool{}
	for _, n := range f.Nodes {
		receipt[n.ID] = n.Kind == "receipt"
	}
	for _, n := range f.Nodes {
		for _, a := range n.Action {
			if n.Kind != "entry" && a.Role == "exit" && receipt[a.To] {
				out.Declares = append(out.Declares, cmp.Or(n.Page, n.ID)+" "+a.ID)
			}
		}
	}
	return out
}

// declares reports whether pressing that on a page of the flow declares an act.
func (f Forms) declares(page, action string) bool {
	return slices.Contains(f.Declares, page+" "+action)
}

// langs are the languages that it has an act in, in the order of ours.
func (f Forms) langs() (list []string) {
	for _, l := range text.CustomerLangs() {
		if _, ok := f.By[l]["cancel"]; ok {
			list = append(list, l)
		}
	}
	return list
}

// required is what the form asks for that has to be filled in.
func (f Form) required() (asks []string) {
	for _, g := range f.Groups {
		for _, x := range g.Fields {
			if x.Required {
				asks = append(asks, x.Asks)
			}
		}
	}
	return asks
}

// formOf is the form of an act; ok is false where this customer has none.
func formOf(v *flow.View, act string) (out Form, ok bool) {
	entry, _ := v.Entry()
	begins, ok := entry.Does(act)
	if !ok {
		return out, false
	}
	first, _ := v.Screen(begins.To)
	part, asks := first.Part("form")
	onward, leads := first.Onward()
	declares, ends := v.Declares(act)
	on, known := v.Node(declares.Node)
	if !asks || !leads || !ends || !known {
		return out, false
	}
	out = Form{
		Page: first.Name, Entry: pressOf(begins), Title: part.Texts["title"], Lede: cmp.Or(part.Texts["lede"], part.Texts["text"]),
		Go: pressOf(onward), Declare: pressOf(declares), On: pageOfNode(v, on.Node), Confirm: on.Texts["title"], Sure: on.Texts["text"],
	}
	for _, h := range web.Headings {
		g := Group{Code: h.Code, Title: part.Texts[h.Code]}
		for _, f := range part.Fields {
			if slices.Contains(h.Asks, f.Asks) {
				g.Fields = append(g.Fields, Field{f.Asks, f.Label, f.Help, f.Required})
			}
		}
		if h.Code == "what" {
			g.Note = part.Texts["everything"]
		}
		if len(g.Fields) > 0 || g.Note != "" {
			out.Groups = append(out.Groups, g)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(on.Texts)) {
		if strings.HasPrefix(code, "then_") {
			out.Then = append(out.Then, on.Texts[code])
		}
	}
	if talk, ok := on.Does("human"); ok {
		out.Talk = talk.Label
	}
	return out, true
}

func pageOfNode(v *flow.View, node string) string {
	s, _ := v.Screen(node)
	return s.Name
}

func pressOf(a flow.Press) Press { return Press{a.ID, a.Label, a.Lang, a.Beside} }

// spoken says in which language a label is that is not in that of the page.
func spoken(a Press, lang string) templ.Attributes {
	if a.Lang == lang || a.Lang == "" {
		return nil
	}
	return templ.Attributes{"lang": a.Lang}
}

// label is how a form asks for something; empty: it does not.
func (f Form) label(name string) string {
	for _, g := range f.Groups {
		for _, x := range g.Fields {
			if web.Controls[x.Asks].Name == name {
				return x.Label
			}
		}
	}
	return ""
}
