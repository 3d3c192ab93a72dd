package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/text"
)

// declaredView is the kind, the ground and the line of a declaration, where its
// form asked for them.
type declaredView struct {
	Lang  string
	Facts []declaredFact
}

type declaredFact struct{ Label, Value string }

func (v *visit) viewDeclared(c app.CaseView) *declaredView {
	d := c.Declared
	if d == (app.Declared{}) {
		return nil
	}
	out := &declaredView{Lang: v.lang}
	add := func(label, value string) {
		if value != "" {
			out.Facts = append(out.Facts, declaredFact{v.say("declared." + label), value})
		}
	}
	if d.Kind != "" {
		add("kind", text.Say(v.lang, "document.what.kind."+d.Kind))
	}
	add("ground", d.Ground)
	add("line", d.Line)
	return out
}
