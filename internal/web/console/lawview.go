package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
)

// lawView is what the law asks of a departure.
type lawView struct {
	Lang    string
	Packs   []string
	Limits  []limitView
	Clashes []clashView
	Open    int      // rules of which it is not known whether they hold
	Missing []string // facts that would settle it
	Unread  bool     // it could not be asked
}

type limitView struct{ Until, What, Rule string }

type clashView struct{ What, Solved string }

func (v *visit) viewLaw(c app.CaseView) lawView {
	lv := lawView{Lang: v.lang}
	law, err := v.App.LawOf(c)
	if err != nil {
		v.Log.Warn("law not read", "case", c.Plan.Case.ID, "err", err)
		lv.Unread = true
		return lv
	}
	for _, p := range law.Law.Chosen.Packs {
		why := text.Say(v.lang, "law.why."+p.Why)
		if p.OnlyData {
			why += ", " + text.Say(v.lang, "law.only_data")
		}
		lv.Packs = append(lv.Packs, p.Pack.Names[v.lang]+" ("+why+")")
	}
	for _, l := range law.Limits {
		until := text.Date(v.lang, l.Deadline.Last(v.zone()))
		if l.Exact() {
			until = text.ShortInstant(v.lang, l.Deadline.End, v.zone())
		}
		r := l.Setting.By[0].Rule
		lv.Limits = append(lv.Limits, limitView{until, r.Message[v.lang], r.Cite.Ref})
	}
	for _, s := range law.Law.Settings {
		if s.Outcome != jurisdiction.Conflict && s.Outcome != jurisdiction.Unsatisfiable || len(s.By) == 0 {
			continue
		}
		lv.Clashes = append(lv.Clashes, clashView{s.By[0].Rule.Message[v.lang], s.Resolution()[v.lang]})
	}
	for _, phase := range []jurisdiction.Phase{jurisdiction.Static, jurisdiction.Clock, jurisdiction.Document} {
		for _, a := range law.Law.Rules(phase) {
			if a.Holds == jurisdiction.Unknown {
				lv.Open++
			}
		}
	}
	for _, name := range law.Law.Missing() {
		lv.Missing = append(lv.Missing, text.Say(v.lang, "law.fact."+name))
	}
	return lv
}
