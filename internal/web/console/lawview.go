package console

import (
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/text"
)

// lawView is what the law asks of a departure.
type lawView struct {
	Lang    string
	Case    string
	Packs   []string
	Decided string // when it was decided, by the law of which day
	Changed string // packs that say something else today
	Limits  []limitView
	Clashes []clashView
	Unseen  []clashView // what the law asks that nothing here evaluates, with why
	Open    int         // rules of which it is not known whether they hold
	Missing []string    // facts that would settle it
	Unread  bool        // it could not be asked
	Erased  bool        // what it followed from is erased
	Report  bool        // this person may read the report
}

type limitView struct {
	ID                        string
	Until, What, Rule, Counts string
	Over                      string // what ended it, when
	State                     badge
	May                       bool // this person may answer for it
	Evidence                  control
}

// clashView is what the law asks, and what is said about it.
type clashView struct{ What, Solved string }

var limitBadges = map[limit.State]badge{
	limit.Running: {Icon: "clock", Class: "info"},
	limit.Met:     {Icon: "check", Class: "ok"},
	limit.Missed:  {Icon: "warn", Class: "bad"},
	limit.Moot:    {},
}

func (v *visit) viewLaw(c app.CaseView, e echo) lawView {
	lv := lawView{Lang: v.lang, Case: string(c.Plan.Case.ID), Report: v.actor.MayRead("metrics")}
	law, err := v.App.LawOf(v.r.Context(), c)
	if err != nil {
		v.Log.Warn("law not read", "case", c.Plan.Case.ID, "err", err)
		lv.Unread, law.Limits = true, c.Limits
	}
	d := law.Decided
	switch {
	case d.Case != "":
		lv.Decided = text.Say(v.lang, "console.law.decided", "at", text.ShortInstant(v.lang, d.At, v.zone()), "day", text.Date(v.lang, d.Day))
	case !lv.Unread:
		lv.Decided = text.Say(v.lang, "console.law.undecided")
	}
	lv.Erased = d.Case != "" && d.Facts == nil
	if len(law.Changed) > 0 {
		names := make([]string, len(law.Changed))
		for i, r := range law.Changed {
			names[i] = r.String()
		}
		lv.Changed = text.Say(v.lang, "console.law.changed", "packs", strings.Join(names, ", "))
	}
	for _, l := range law.Limits {
		x := v.viewLimit(l, c.Users)
		if e.Form == x.ID && x.ID != "" {
			x.Evidence.Value, x.Evidence.Error = e.Typed, e.Error
		}
		lv.Limits = append(lv.Limits, x)
	}
	if law.Law == nil {
		return lv
	}
	version := map[string]string{}
	for _, r := range d.Refs {
		version[r.Pack] = " " + r.Version
	}
	for _, p := range law.Law.Chosen.Packs {
		why := text.Say(v.lang, "law.why."+p.Why)
		if p.OnlyData {
			why += ", " + text.Say(v.lang, "law.only_data")
		}
		lv.Packs = append(lv.Packs, p.Pack.Names[v.lang]+version[p.Pack.ID]+" ("+why+")")
	}
	for _, s := range law.Law.Settings {
		if why := limit.Unwatched(s.Param.Name); why != "" && len(s.By) > 0 {
			lv.Unseen = append(lv.Unseen, clashView{s.By[0].Rule.Message[v.lang], text.Say(v.lang, "law.unwatched", "why", text.Say(v.lang, "limit.unwatched."+why))})
		}
		if s.Outcome != jurisdiction.Conflict && s.Outcome != jurisdiction.Unsatisfiable || len(s.By) == 0 {
			continue
		}
		lv.Clashes = append(lv.Clashes, clashView{s.By[0].Rule.Message[v.lang], s.Solved[v.lang]})
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

// viewLimit shows a time limit; users are the names of people by id.
func (v *visit) viewLimit(l limit.Limit, users map[string]string) limitView {
	lv := limitView{
		ID: l.ID, Until: text.Date(v.lang, l.Last()), What: l.Rule.Message[v.lang], Rule: l.Rule.Cite,
		Counts: countsOf(v.lang, l), State: limitBadges[l.State], May: l.ID != "" && l.Over.IsZero() && v.actor.May("case"),
	}
	if l.Exact() {
		lv.Until = text.ShortInstant(v.lang, l.End, v.zone())
	}
	lv.Evidence = control{ID: "evidence-" + l.ID, Name: "evidence", Label: v.say("law.attest.evidence"), Hint: v.say("law.attest.hint"), Required: true}
	lv.State.Word = text.Say(v.lang, "limit.state."+string(l.State))
	if l.Over.IsZero() {
		return lv
	}
	if l.State == limit.Missed {
		lv.State.Word = text.Say(v.lang, "limit.state.late")
	}
	how := "limit.by." + l.By
	if name := users[l.By]; name != "" {
		lv.Over = text.Say(v.lang, "limit.by.person", "who", name)
	} else if text.Known(v.lang, how) {
		lv.Over = text.Say(v.lang, how)
	}
	lv.Over = text.ShortInstant(v.lang, l.Over, v.zone()) + ", " + lv.Over
	return lv
}

// countsOf says how a time limit is counted: 15 business days (ES) from the
// request.
func countsOf(lang string, l limit.Limit) string {
	span := text.Say(lang, "limit.span."+string(l.Time.Unit), "n", l.Time.N, "calendar", l.Time.Calendar)
	from := l.Time.From
	if code := "limit.from." + from; text.Known(lang, code) {
		from = text.Say(lang, code)
	}
	return span + " " + from
}

func (v *visit) attestLimit() error {
	lid, typed := v.r.PathValue("limit"), v.form.Get("evidence")
	return v.after(v.App.AttestLimit(v.r.Context(), v.actor, lid, typed), echo{Form: lid, Typed: typed}, "#law")
}
