package console

import (
	"slices"
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/text"
)

// whyView is the card that says why a customer leaves.
type whyView struct {
	Lang, Case   string
	See, May     bool
	Who, Whose   string // who may write it down; who may read it
	Stated, Root *givenView
	Wronged      bool        // a bad service stands that nothing has repaired
	Gap          *gapView    // nil: nothing to compare yet, or for others to read
	Also         []givenView // what else they said, and where, beside what counts
	Before       []givenView // what was written down earlier
	Groups       []reasonGroup
	Complaints   []option
	Form         string // which form was refused
	typed, wrong map[string]string
}

// gapView is what was believed before talking beside what was found.
type gapView struct {
	Believed, Found string
	Same            bool
}

// givenView is one reason that was given.
type givenView struct {
	Kind, Label, Attribution, By, Text, Evidence, Complaint string
	Said                                                    []string // to whom they go, and what they answered
	Bad                                                     bool     // a bad service that nothing has repaired yet
	Theme                                                   *themeMark
}

// reasonGroup is a reason with those that refine it.
type reasonGroup struct {
	Label   string
	Options []option
}

func (v whyView) word(code string, args ...any) string { return say(v.Lang, "why."+code, args...) }

// field is one control of a form of the card.
func (v whyView) field(form, name string, required bool) control {
	c := control{ID: form + "-" + name, Name: "reason." + name, Label: v.word(name + "." + form), Required: required}
	if hint := "console.why." + name + "." + form + ".hint"; text.Known(v.Lang, hint) {
		c.Hint = text.Say(v.Lang, hint)
	}
	if v.Form == form {
		c.Value, c.Error = v.typed[c.Name], v.wrong[c.Name]
	}
	return c
}

// returns are the choices of how likely they come back.
func (v whyView) returns() []option {
	out := []option{{"", v.word("return.unsaid")}}
	for n := range reason.MostReturn + 1 {
		out = append(out, option{strconv.Itoa(n), strconv.Itoa(n)})
	}
	return out
}

// attributions are the choices of who could have done something about it.
func (v whyView) attributions() []option {
	out := []option{{"", v.word("attribution.usual")}}
	for _, a := range reason.Attributions {
		out = append(out, option{string(a), v.word("attribution." + string(a))})
	}
	return out
}

func (v *visit) viewWhy(c app.CaseView, e echo) whyView {
	wv := whyView{
		Lang: v.lang, Case: string(c.Plan.Case.ID), See: v.actor.MayRead("reason"), May: v.actor.May("reason"),
		Who: whoMay(v.lang, "reason"), Whose: whoReads(v.lang, "reason"),
	}
	if e.Form == "stated" || e.Form == "root" {
		wv.Form, wv.typed, wv.wrong = e.Form, e.Answers, e.Errors
	}
	t := reason.Builtin()
	for _, r := range t.Reasons {
		o := option{r.Code, title(v.lang, r.Label, r.Code)}
		if r.Top() {
			wv.Groups = append(wv.Groups, reasonGroup{Label: o.Label})
			o.Label = v.say("why.in_general", "reason", o.Label)
		}
		last := &wv.Groups[len(wv.Groups)-1]
		last.Options = append(last.Options, o)
	}
	wv.Complaints = []option{{"", v.say("why.complaint.none")}}
	for _, x := range c.Between.Complaints {
		if v.actor.MayRead("complaint") {
			wv.Complaints = append(wv.Complaints, option{string(x.ID), text.Date(v.lang, x.Received) + " · " + short(x.What)})
		}
	}
	w := reason.Weigh(c.Reasons)
	for i := range c.Reasons {
		given := &c.Reasons[i]
		g := v.viewGiven(c, *given)
		switch {
		case given == w.Stated:
			wv.Stated = &g
		case given == w.Root:
			wv.Root = &g
		case given.By == reason.Elsewhere || w.Stated != nil && w.Stated.By == reason.Elsewhere && slices.Contains(w.Also, given):
			wv.Also = append(wv.Also, g)
		default:
			wv.Before = append(wv.Before, g)
		}
	}
	wv.Wronged = wv.Stated != nil && wv.Stated.Bad || wv.Root != nil && wv.Root.Bad
	wv.Gap = v.viewGap(c)
	return wv
}

// viewGap compares the hypothesis of the first evaluation with the root cause.
func (v *visit) viewGap(c app.CaseView) *gapView {
	root := reason.Weigh(c.Reasons).Root
	if root == nil || !v.actor.MayRead("letter") {
		return nil
	}
	for _, x := range c.Answered {
		if x.Name != "first_evaluation" || x.DoneAt.IsZero() {
			continue
		}
		found, _ := reason.Builtin().Find(root.Code)
		return &gapView{
			Believed: reasonLabel(v.lang, x.Answers["hypothesis"]), Found: reasonLabel(v.lang, root.Code), Same: x.Answers["hypothesis"] == found.Family,
		}
	}
	return nil
}

func (v *visit) viewGiven(c app.CaseView, g reason.Given) givenView {
	gv := givenView{
		Kind: string(g.Kind), Label: reasonLabel(v.lang, g.Code), Attribution: v.say("why.attribution." + string(g.Attribution)), Text: g.Text, Evidence: g.Evidence,
		By:  v.say("why.by."+string(g.Kind), "who", who(v.lang, g.By, c.Users), "at", text.ShortInstant(v.lang, g.At, v.zone())),
		Bad: !g.Repaired(c.Between.Complaints, v.zone()),
	}
	if t, ok := c.Themes[string(g.ID)]; ok {
		gv.Theme = v.markTheme(t, "/console/cases/"+string(c.Plan.Case.ID)+"#why")
	}
	if r, ok := reason.Builtin().Find(g.Code); ok && g.More != "" {
		gv.Said = append(gv.Said, title(v.lang, r.Follow, "")+" "+quoted(v.lang, g.More))
	}
	if g.Competitor != "" {
		gv.Said = append(gv.Said, v.say("why.competitor.is", "competitor", g.Competitor))
	}
	if g.Return != nil {
		gv.Said = append(gv.Said, v.say("why.return.is", "n", *g.Return))
	}
	i := slices.IndexFunc(c.Between.Complaints, func(x relationship.Complaint) bool { return x.ID == g.Complaint })
	if i >= 0 && v.actor.MayRead("complaint") {
		gv.Complaint = short(c.Between.Complaints[i].What)
	}
	return gv
}

// reasonLabel words the code of a reason.
func reasonLabel(lang, code string) string {
	if r, ok := reason.Builtin().Find(code); ok {
		return title(lang, r.Label, code)
	}
	return code
}

// short is the beginning of a text, as one line of a list has room for.
func short(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// giveReason writes down why the customer of a case leaves.
func (v *visit) giveReason() error {
	in := app.ReasonInput{
		Case: v.caseID(), Kind: reason.Kind(v.form.Get("reason.kind")), Code: v.form.Get("reason.code"),
		Attribution: reason.Attribution(v.form.Get("reason.attribution")), Complaint: relationship.ComplaintID(v.form.Get("reason.complaint")),
		Text: v.form.Get("reason.text"), Evidence: v.form.Get("reason.evidence"), Competitor: v.form.Get("reason.competitor"),
	}
	if s := v.form.Get("reason.return"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			n = -1 // refused as any that is not offered
		}
		in.Return = &n
	}
	err := v.App.RecordReason(v.r.Context(), v.actor, in)
	return v.after(err, echo{Form: string(in.Kind), Answers: v.typedForm(), Errors: text.FieldErrors(v.lang, err)}, "#why")
}
