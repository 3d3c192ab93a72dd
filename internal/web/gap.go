package web

import (
	"cmp"

	"hastaluego/internal/app"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/playbook"
	"hastaluego/internal/text"
)

// GapWords says where a playbook is shorter, or slower, than the law of a place.
func GapWords(lang string, g app.PlaybookGap, pb *playbook.Playbook, l *jurisdiction.Library) string {
	titles := map[string]string{}
	for _, s := range pb.Steps() {
		titles[s.Key] = cmp.Or(s.Title[lang], s.Key)
	}
	pack := g.Pack
	if p := l.Pack(g.Pack); p != nil && p.Names[lang] != "" {
		pack = p.Names[lang]
	}
	code := g.Code
	if g.Code == "playbook.law.due" {
		code += "." + g.Unit
	}
	if g.Code == "playbook.law.waits" && g.Business {
		code += ".business"
	}
	said := text.Say(lang, code, "step", titles[g.Step], "other", titles[g.Other], "days", g.Days, "law", g.Law, "cite", g.Cite, "pack", pack)
	if g.Maybe {
		said += " " + text.Say(lang, "playbook.law.maybe")
	}
	return said
}
