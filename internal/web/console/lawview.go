package console

import (
	"cmp"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/text"
)

// lawView is what the law asks of a departure.
type lawView struct {
	Lang      string
	Case      string
	Packs     []string
	Decided   string // when it was decided, by the law of which day
	Changed   string // packs that say something else today
	Limits    []limitView
	Clashes   []clashView
	Unseen    []clashView    // what the law asks that nothing here evaluates, with why
	Documents []documentView // letters that went out, and how they stood to it
	Open      int            // rules of which it is not known whether they hold
	Missing   []string       // facts that would settle it
	Unread    bool           // it could not be asked
	Erased    bool           // what it followed from is erased
	Report    bool           // this person may read the report
}

type limitView struct {
	ID                        string
	Until, What, Rule, Counts string
	Over                      string // what ended it, when
	State                     badge
	May                       bool // this person may answer for it
	Evidence                  control
	Extended                  string // when it was put off, and from when
	Extend                    bool   // this person may put it off
	Why                       control
}

// documentView is a letter, and how it stood to the law when it was made.
type documentView struct {
	ID, What, Sum string
	State         badge
	Lacks         []clashView // what it lacks of what the law surely wants
	Rules         []documentRule
	Mended        string // who made up for it, when
	May           bool   // this person may say how they did
	Evidence      control
}

// documentRule is what one rule says of a letter.
type documentRule struct {
	State      badge
	What, Note string
}

var resultBadges = map[jurisdiction.Result]badge{
	jurisdiction.Pass: {Icon: "check", Class: "ok"}, jurisdiction.Fail: {Icon: "alert", Class: "bad"}, jurisdiction.Unknown: {Icon: "ring", Class: "info"},
}

// viewDocument shows how a letter stood to the law; users are the names of people
// by id.
func (v *visit) viewDocument(d app.CheckedDocument, users map[string]string, e echo) documentView {
	id, n := string(d.Message), d.Count()
	dv := documentView{
		ID: id, What: v.say("law.documents.letter", "letter", v.say("paper."+d.Paper), "at", text.ShortInstant(v.lang, d.At, v.zone())), State: resultBadges[jurisdiction.Pass],
		May:      d.Open() && v.actor.May("case"),
		Evidence: control{ID: "mend-" + id, Name: "evidence", Label: v.say("law.documents.mend.how"), Hint: v.say("law.documents.mend.hint"), Required: true},
	}
	if e.Form == id {
		dv.Evidence.Value, dv.Evidence.Error = e.Typed, e.Error
	}
	code := "pass"
	switch {
	case len(d.Checks) == 0:
		code, dv.State = "none", badge{}
	case n[jurisdiction.Fail] > 0:
		code, dv.State = "fail", resultBadges[jurisdiction.Fail]
	case n[jurisdiction.Unknown] > 0:
		code, dv.State = "unknown", resultBadges[jurisdiction.Unknown]
	}
	dv.State.Word = v.say("law.documents.state." + code)
	dv.Sum = v.say("law.documents.sum", "pass", n[jurisdiction.Pass], "fail", n[jurisdiction.Fail], "unknown", n[jurisdiction.Unknown])
	for _, c := range d.Checks {
		r := documentRule{State: resultBadges[c.Result], What: c.Message[v.lang], Note: v.documentNote(c)}
		r.State.Word = text.Say(v.lang, "law.result."+c.Result.String())
		dv.Rules = append(dv.Rules, r)
		if c.Result == jurisdiction.Fail {
			dv.Lacks = append(dv.Lacks, clashView{c.Message[v.lang], v.tokens(c.Lacks, "law.documents.lack")})
		}
	}
	if !d.MendedAt.IsZero() {
		dv.Mended = v.say("law.documents.mended", "at", text.ShortInstant(v.lang, d.MendedAt, v.zone()), "who", cmp.Or(users[d.MendedBy], d.MendedBy))
	}
	return dv
}

// documentNote is what a rule stands on, and why it is not known whether a letter
// keeps it.
func (v *visit) documentNote(c app.DocumentCheck) string {
	notes := []string{c.Cite}
	if c.Later != "" && c.Why == "" {
		notes = append(notes, text.Say(v.lang, "law.documents.later", "kind", v.say("paper."+c.Later)))
	}
	if c.Why != "" {
		notes = append(notes, text.Say(v.lang, "law.document.why."+c.Why))
	}
	if len(c.Maybe) > 0 {
		var facts []string
		for _, name := range c.Maybe {
			facts = append(facts, text.Say(v.lang, "law.fact."+name))
		}
		notes = append(notes, text.Say(v.lang, "law.documents.maybe", "facts", strings.Join(facts, ", ")))
	}
	return strings.Join(notes, " · ")
}

// tokens names words of the vocabulary in a sentence; empty where there are none.
func (v *visit) tokens(list []string, code string) string {
	var names []string
	for _, w := range list {
		names = append(names, known(v.lang, "flow.token."+w, w))
	}
	if len(names) == 0 {
		return ""
	}
	return v.say(code, "contents", strings.Join(names, ", "))
}

// clashView is what the law asks, and what is said about it.
type clashView struct{ What, Solved string }

var limitBadges = map[limit.State]badge{
	limit.Running: {Icon: "clock", Class: "info"},
	limit.Met:     {Icon: "check", Class: "ok"},
	limit.Missed:  {Icon: "alert", Class: "bad"},
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
		if x.ID != "" && e.Form == "extend-"+x.ID {
			x.Why.Value, x.Why.Error = e.Typed, e.Error
		}
		lv.Limits = append(lv.Limits, x)
	}
	for _, d := range c.Documents {
		lv.Documents = append(lv.Documents, v.viewDocument(d, c.Users, e))
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
	lv.Extend = lv.May && l.Extendable()
	lv.Why = control{ID: "why-" + l.ID, Name: "why", Label: v.say("limit.extend.why"), Required: true}
	if !l.First.IsZero() {
		before := l
		before.End = l.First
		lv.Extended = v.say("limit.extended", "at", text.ShortInstant(v.lang, l.Extended, v.zone()), "before", text.Date(v.lang, before.Last()))
	}
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

// extendLimit puts off a time limit of a departure.
func (v *visit) extendLimit() error {
	lid, typed := v.r.PathValue("limit"), v.form.Get("why")
	return v.after(v.App.ExtendLimit(v.r.Context(), v.actor, lid, typed), echo{Form: "extend-" + lid, Typed: typed}, "#law")
}

func (v *visit) attestLimit() error {
	lid, typed := v.r.PathValue("limit"), v.form.Get("evidence")
	return v.after(v.App.AttestLimit(v.r.Context(), v.actor, lid, typed), echo{Form: lid, Typed: typed}, "#law")
}
