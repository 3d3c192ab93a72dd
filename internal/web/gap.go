package web

import (
	"hastaluego/internal/app"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/playbook"
	"hastaluego/internal/text"
)

// GapWords says where a playbook is shorter, or slower, than the law of a place.
func GapWords(lang string, g app.PlaybookGap, pb *playbook.Playbook, l *jurisdiction.Library) string {
	step, pack := g.Step, g.Pack
	for _, s := range pb.Steps() {
		if s.Key == g.Step && s.Title[lang] != "" {
			step = s.Title[lang]
		}
	}
	if p := l.Pack(g.Pack); p != nil && p.Names[lang] != "" {
		pack = p.Names[lang]
	}
	code := g.Code
	if g.Code == "playbook.law.due" {
		code += "." + g.Unit
	}
	said := text.Say(lang, code, "step", step, "days", g.Days, "law", g.Law, "cite", g.Cite, "pack", pack)
	if g.Maybe {
		said += " " + text.Say(lang, "playbook.law.maybe")
	}
	return said
}
