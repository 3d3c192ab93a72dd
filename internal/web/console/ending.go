package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// endingsView lists what the company ends, and proposes more.
type endingsView struct {
	Lang   string
	Rows   []endingRow
	Pick   []control
	Ends   control
	Rate   control
	Fields []endingFields
	May    bool
	Who    string
}

type endingRow struct {
	ID, What, Ends, Opened string
	State                  badge
}

// endingFields are the words of a notice in one language.
type endingFields struct {
	Name              string
	Why, Alternatives control
}

// endingView is one ending.
type endingView struct {
	Lang      string
	ID, What  string
	Ends      string
	State     badge
	Facts     [][2]string
	Letters   []letterShown
	Decides   bool   // this person may agree or refuse
	Own       bool   // they proposed it
	Hidden    bool   // they look as somebody else, and proposed it
	Waits     bool   // for a second person
	Stoppable bool   // departures are still being opened
	Who       string // who may decide; for those who may not
	Others    string // names of those who may agree; for whoever proposed it
	Nobody    bool   // nobody but whoever proposed it may
	Waiting   *waitingView
	Later     int // hours after which it is agreed to, where one person works; 0: a second one decides
	Note      control
}

func (v endingsView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.ending."+code, args...)
}

func (v endingView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.ending."+code, args...)
}

var endingBadges = map[ending.State]badge{
	ending.Proposed: {"clock", "warn", ""}, ending.Approved: {"clock", "info", ""}, ending.Done: {"check", "ok", ""},
	ending.Refused: {"dash", "", ""}, ending.Stopped: {"pause", "", ""},
}

func endingBadge(lang string, s ending.State) badge {
	b := endingBadges[s]
	b.Word = text.Say(lang, "console.ending.state."+string(s))
	return b
}

// picked says in words which contracts a pick takes.
func picked(lang string, p ending.Pick) string {
	var said []string
	for _, x := range [][2]string{{"product", p.Product}, {"plan", p.Plan}, {"country", p.Country}, {"segment", p.Segment}, {"customer", string(p.Customer)}} {
		if x[1] != "" {
			said = append(said, text.Say(lang, "console.ending.pick."+x[0], "value", x[1]))
		}
	}
	return strings.Join(said, " · ")
}

func (v *visit) endings() error { return v.endingsPage(http.StatusOK, "", nil) }

func (v *visit) endingsPage(status int, problem string, wrong error) error {
	list, err := v.App.ListEndings(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	ev := endingsView{Lang: v.lang, May: v.actor.May("ending"), Who: whoMay(v.lang, "ending")}
	field := func(id, kind string, required bool) control {
		c := control{ID: id, Label: ev.word(id), Value: v.form.Get(id), Error: errs[id], Kind: kind, Required: required}
		if hint := "console.ending." + id + ".hint"; text.Known(v.lang, hint) {
			c.Hint = text.Say(v.lang, hint)
		}
		return c
	}
	for _, id := range []string{"product", "plan", "country", "segment"} {
		ev.Pick = append(ev.Pick, field(id, "", false))
	}
	ev.Ends, ev.Rate = field("ends_on", "date", true), field("per_minute", "number", true)
	if ev.Rate.Value == "" {
		ev.Rate.Value = "60"
	}
	for _, lang := range text.CustomerLangs() {
		f := endingFields{Name: text.Say(v.lang, "lang."+lang)}
		for name, c := range map[string]*control{"why": &f.Why, "alternatives": &f.Alternatives} {
			id := name + "_" + lang
			*c = control{ID: id, Label: ev.word(name), Value: v.form.Get(id), Error: errs[id], Required: name == "why" && text.Has(lang)}
		}
		f.Alternatives.Hint = ev.word("alternatives.hint")
		if f.Why.Hint = ev.word("why.needed"); !f.Why.Required {
			f.Why.Hint = ev.word("why.optional")
		}
		ev.Fields = append(ev.Fields, f)
	}
	for _, e := range list {
		ev.Rows = append(ev.Rows, endingRow{
			ID: string(e.ID), What: picked(v.lang, e.Pick), Ends: text.Date(v.lang, e.EndsOn), State: endingBadge(v.lang, e.State),
			Opened: strconv.Itoa(e.Opened),
		})
	}
	v.show(status, "endings", ev.word("title"), problem, endingsPage(ev))
	return nil
}

func (v *visit) proposeEnding() error {
	in := app.EndingInput{
		Pick:  ending.Pick{Product: v.form.Get("product"), Plan: v.form.Get("plan"), Country: v.form.Get("country"), Segment: v.form.Get("segment")},
		Words: map[string]ending.Words{},
	}
	var wrong fault.List
	ends, err := v.day("ends_on")
	if err != nil {
		wrong = append(wrong, fault.Fields(err)...)
	}
	in.EndsOn = ends
	if in.PerMinute, err = strconv.Atoi(strings.TrimSpace(v.form.Get("per_minute"))); err != nil {
		in.PerMinute = -1
	}
	for _, lang := range text.CustomerLangs() {
		in.Words[lang] = ending.Words{Why: v.form.Get("why_" + lang), Alternatives: v.form.Get("alternatives_" + lang)}
	}
	id := ending.ID("")
	if err = wrong.Or(); err == nil {
		id, err = v.App.ProposeEnding(v.r.Context(), v.actor, in)
	}
	if err != nil {
		if fault.KindOf(err) != fault.Invalid {
			return err
		}
		return v.endingsPage(web.Status(err), v.worded(err), err)
	}
	v.to("/console/endings/" + string(id))
	return nil
}

func (v *visit) ending() error { return v.endingPage(http.StatusOK, "", nil) }

func (v *visit) endingPage(status int, problem string, wrong error) error {
	e, err := v.App.OpenEnding(v.r.Context(), v.actor, ending.ID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	ev := endingView{
		Lang: v.lang, ID: string(e.ID), What: picked(v.lang, e.Pick), Ends: text.LongDate(v.lang, e.EndsOn), State: endingBadge(v.lang, e.State),
		Own: v.actor.May("ending") && (v.actor.ID == e.MadeBy || v.actor.RealID == e.MadeBy), Stoppable: e.State == ending.Approved && v.actor.May("ending"),
	}
	ev.Stoppable = ev.Stoppable || e.State == ending.Proposed && ev.Own
	ev.Decides = e.State == ending.Proposed && v.actor.May("ending") && !ev.Own
	ev.Waits = e.State == ending.Proposed
	ev.Hidden = ev.Waits && v.actor.RealID == e.MadeBy && v.actor.RealID != ""
	if ev.Waits && !ev.Decides {
		ev.Who = whoMay(v.lang, "ending")
	}
	ev.Others, ev.Nobody = strings.Join(e.Others, ", "), ev.Waits && len(e.Others) == 0
	one, err := v.App.OnePerson(v.r.Context())
	if err != nil {
		return err
	}
	if ev.Waits && ev.Own && one.Holds() {
		if e.Waits != nil {
			ev.Waiting = v.viewWaiting(*e.Waits)
		} else if e.MadeAt.After(one.Since) {
			ev.Later = one.Hours
		}
	}
	ev.Note = control{ID: "note", Label: ev.word("note"), Hint: ev.word("note.hint"), Value: v.form.Get("note"), Error: text.FieldErrors(v.lang, wrong)["note"]}
	tell := func(code, value string) {
		if value != "" {
			ev.Facts = append(ev.Facts, [2]string{ev.word("fact." + code), value})
		}
	}
	zone := v.zone()
	tell("what", ev.What)
	tell("ends", ev.Ends)
	if e.State == ending.Proposed {
		tell("reach", ev.word("reach", "n", e.Customers, "contracts", e.Contracts))
	}
	tell("rate", ev.word("rate", "n", e.PerMinute))
	tell("made", ev.word("by", "name", e.Maker, "at", text.ShortInstant(v.lang, e.MadeAt, zone)))
	if !e.DecidedAt.IsZero() {
		tell("decided", ev.word("by", "name", e.Decider, "at", text.ShortInstant(v.lang, e.DecidedAt, zone)))
	}
	tell("note", e.Note)
	if e.State != ending.Proposed && e.State != ending.Refused {
		tell("opened", strconv.Itoa(e.Opened))
		tell("sent", ev.word("sent", "n", e.Sent, "of", e.Notices))
		tell("passed", strconv.Itoa(e.Passed))
	}
	for _, lang := range text.CustomerLangs() {
		if _, written := e.Words[lang]; written && v.o.Letter != nil {
			ev.Letters = append(ev.Letters, letterShown{lang, text.Say(v.lang, "lang."+lang), v.o.Letter(sampleNotice(e.Ending, lang, zone), lang)})
		}
	}
	v.show(status, "endings", ev.word("title.one"), problem, endingPage(ev))
	return nil
}

// sampleNotice is the notice as one of its readers will have it.
func sampleNotice(e ending.Ending, lang string, zone *time.Location) app.Paper {
	return app.Paper{
		Kind: "ending", Language: lang, Code: "HL-····-····", At: e.MadeAt, Now: e.MadeAt, Ending: &app.EndingPaper{Channel: offboarding.Company, Words: e.Words[lang]},
		Case: offboarding.Case{Effective: e.EndsOn, Zone: zone.String()},
	}
}

func (v *visit) decideEnding() error {
	return v.endingDone(v.App.DecideEnding(v.r.Context(), v.actor, ending.ID(v.r.PathValue("id")), v.form.Get("decision") == "yes", v.form.Get("note")))
}

func (v *visit) stopEnding() error {
	return v.endingDone(v.App.StopEnding(v.r.Context(), v.actor, ending.ID(v.r.PathValue("id")), v.form.Get("note")))
}

func (v *visit) endingDone(err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Blocked:
		return v.endingPage(web.Status(err), v.worded(err), err)
	}
	if err != nil {
		return err
	}
	v.to("/console/endings/" + v.r.PathValue("id"))
	return nil
}

// onUnpaid ends the contracts of a customer who did not pay.
func (v *visit) onUnpaid() error {
	ends, err := v.day("unpaid.ends_on")
	if err != nil {
		return v.customerDone(err, "unpaid")
	}
	c, err := v.App.EndUnpaid(v.r.Context(), v.actor, app.UnpaidInput{
		Customer: customer.ID(v.r.PathValue("id")), Reference: v.form.Get("unpaid.reference"), EndsOn: ends,
	})
	if err != nil {
		return v.customerDone(under("unpaid", err), "unpaid")
	}
	v.to("/console/cases/" + string(c))
	return nil
}
