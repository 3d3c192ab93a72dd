package portal

import (
	"time"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/flow"
	"hastaluego/internal/web"
)

// Preview draws the page of a flow on which a node stands, as its customer sees
// it, by the same components. Nothing on it leads anywhere. A receipt shows the paper of somebody made up. ok is false where this
// customer does not meet the node.
func Preview(kit *web.Kit, papers Papers, v *flow.View, node string, now time.Time) (page templ.Component, ok bool) {
	s, ok := v.Screen(node)
	if !ok {
		return nil, false
	}
	p, lang := &portal{Kit: kit, papers: papers}, v.Variant.Language
	x := exitView{
		Speech: p.speech(lang), Exit: app.Exit{View: v, At: now}, Screen: s, Company: p.App.Company(), Act: "cancel", Action: "#", Errors: map[string]string{},
		Links: map[string]string{"cancel": "#", "withdraw": "#"},
	}
	if entry, ok := x.Entry(); ok {
		if way, there := entry.Does("withdraw"); there && way.ToPage == s.Name {
			x.Act = "withdraw"
		}
	}
	content := exitPage(x)
	if part, here := s.Part("receipt"); here {
		paper := app.SamplePaper("ack", lang, now)
		content = ackPage(ackView{said: said{x.Speech, part}, Code: paper.Code, Paper: papers.HTML(paper), Again: "#"})
	} else if _, here := s.Part("entry"); here {
		content = entryPreview(x)
	}
	langs := map[string]string{}
	for _, l := range v.Flow.Languages {
		langs[l] = "#"
	}
	return p.Frame(web.PageView{Lang: lang, Title: x.title(), Body: "portal"}, shell(x.Company, lang, langs, false, "", content)), true
}
