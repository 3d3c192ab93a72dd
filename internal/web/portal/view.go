package portal

import (
	"slices"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/flow"
	"hastaluego/internal/lane"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// askView is the page behind a link that does something.
type askView struct {
	text.Speech
	Purpose, Action, Code, At string
	Over                      bool
	Typed, OnFile             string    // where the papers may go, when that is a choice
	State                     string    // of the departure, for a link that is about one
	Final                     []string  // what was done and does not come back
	Part                      flow.Part // of the flow, where it describes the page
}

func (v askView) title() string { return v.words("title") }
func (v askView) lede() string  { return v.words("lede", "code", v.Code, "at", v.At) }

// words are those of the flow where it has any.
func (v askView) words(code string, args ...any) string {
	if s := v.Part.Texts[code]; s != "" {
		return text.Fill(v.Lang, s, args...)
	}
	return v.say(code, args...)
}

// button is what acts.
func (v askView) button() string {
	for _, a := range v.Part.Actions {
		if a.Role == "exit" {
			return a.Label
		}
	}
	return v.say("button")
}

// stage is what saying "not me" still changes: nothing was done, something is
// undone, or it is too late and a person looks at it.
func (v askView) stage() string {
	switch offboarding.CaseState(v.State) {
	case "", offboarding.CaseRegistered, offboarding.CaseStopped:
		return ""
	case offboarding.CaseOpen, offboarding.CaseReversing:
		return ".undo"
	default:
		return ".late"
	}
}

// receiptView is the page of the receipt.
type receiptView struct {
	said
	Base, Paper string
	Proved      bool // it bears the proof of the log
	Why         whyView
	MayAsk      bool // they may ask what could be done
	Look        string
	Data        bool // there is, or will be, something to download
	Ending      bool // it is a notice that the company ends something
}

// leads is where an action of the receipt leads: all of it is behind the private
// page.
func (v receiptView) leads(a flow.Press) string {
	if a.Does == "export" && v.Data {
		return v.Base + "/data"
	}
	return v.Base
}

func (v askView) say(code string, args ...any) string {
	return v.Say("portal."+v.Purpose+"."+code, args...)
}

// trackView is the private page.
type trackView struct {
	text.Speech
	Title   string
	Lede    string
	Base    string // address of the private page
	Code    string
	Name    string
	Updated string
	Stops   []stop
	CanUndo bool
	Ending  string // payment, term or company, where the company began it
	Until   string // until when it can be undone
	Company app.Company
	Data    bool // there is, or will be, something to download
	// What was done, by what becomes of it when they change their mind.
	Comebacks    []comeback
	Back         bool   // too late to undo: coming back is offered instead
	AnswerBy     string // they asked to come back; the day by which a person answers
	Returns      returnsView
	Alternatives []lane.Alternative // who may suit them better
	Handover     string             // how the handover stands; empty: there is none
	Report       bool               // the final report can be read
	Erased       bool               // there is a certificate of erasure
	Forgotten    bool               // what was held about them was erased
	// HandoverAsks says that it is the client's turn.
	HandoverAsks bool
	Acts         actsView // that are still open
	Owed         []owedLine
	Pay          payView
	Settlement   settlementView
	Allow        allowView
	Address      *addressView // nil: nothing to say
	Owner        bool         // the departure is not stopped: they may say that it was not them
	Meeting      bool         // they are invited to talk, and have not said no
	Approval     string       // the step that waits for their approval; empty: none
	Instead      string       // that one person works here; empty: there are several
	Answer       string       // state of what could be done; empty: nothing to read there
	Due          []dueLine
	Accesses     accessesView
	Users        bool // somebody of theirs is told, or was to be
}

// codeLine says of whose departure a page is; without a name once they were
// erased.
func codeLine(sp text.Speech, code, name string) string {
	if name == "" {
		return sp.Say("portal.track.code.plain", "code", code)
	}
	return sp.Say("portal.track.code", "code", code, "name", name)
}

// comeback is a class of undoing in words, and what belongs to it.
type comeback struct {
	Class, Word string
	Items       []string
}

func (v trackView) final() bool {
	return slices.ContainsFunc(v.Comebacks, func(c comeback) bool { return c.Class == "final" })
}

// stop is a milestone in words.
type stop struct {
	Name, When, Icon, Class, State, Text string
	Proof                                string // how it is known
	Current                              bool
	Rings                                []ring
}

// ring is one of the three words: asked, done, verified.
type ring struct{ Icon, Class, Word, At string }

var stopIcons = map[string]string{"planned": "clock", "now": "clock", "blocked": "user", "done": "dot", "verified": "checks", "undone": "undo"}

func viewTrack(sp text.Speech, c app.Company, base string, name called, page app.CasePage) trackView {
	lang := sp.Lang
	zone := c.Zone
	p := page.Paper
	say := func(code string, args ...any) string { return sp.Say("portal.track."+code, args...) }
	ends := text.LongDate(lang, p.Case.Effective)
	v := trackView{
		Speech: sp, Base: base, Code: p.Code, Name: p.Name, CanUndo: page.CanUndo && p.Ending == nil, Company: c,
		Alternatives: page.Alternatives, Updated: text.Instant(lang, p.Now, zone), Until: lastMinute(lang, p.UndoUntil, zone),
	}
	state := string(page.State)
	if p.Case.Waits() {
		state = "waits"
	}
	if page.State == offboarding.CaseOpen {
		switch {
		case page.Subject && page.Found:
			state = "found"
		case page.Subject:
			state = "asking"
		case !p.Case.EffectiveAt.IsZero():
			state = "ended"
		case !page.Late.IsZero():
			state = "late"
		}
	}
	if p.Ending != nil {
		v.Ending = string(p.Ending.Channel)
		if state == "open" {
			state = "open." + v.Ending
		}
	}
	lede := state
	if state == "open."+string(offboarding.Payment) && page.Collection.Stopped {
		lede += ".stopped"
	}
	if state == "ended" && slices.ContainsFunc(p.Milestones, func(m app.Milestone) bool { return m.Name == "billing_ended" && m.State == "verified" }) {
		lede = "ended.read"
	}
	title := state
	if sure := p.Sure(); page.State == offboarding.CaseClosed && sure != app.SureVerified {
		title, lede = state+"."+sure, state+"."+sure
	}
	v.Title, v.Lede = say("title."+title), say("lede."+lede, "date", ends, "since", text.LongDate(lang, page.Late), "until", text.LongDate(lang, p.ReadUntil()))
	v.Accesses = viewAccesses(sp, zone, name, p.Accesses)
	if state == string(offboarding.CaseReversed) && !p.ReadBack { // no far system had been touched
		v.Title = say("title.reversed.unread")
	}
	if page.Approval != nil {
		v.Approval = offboarding.Worded(page.Approval.Title, lang)
	}
	if p.Instead != nil && p.Instead.Hours > 0 {
		v.Instead = sp.Say("document.instead.text", "n", p.Instead.Hours)
	}
	v.Data, v.Users = page.Data, page.Users.Planned
	v.Report, v.Erased, v.Forgotten = page.Report, page.Erased, !page.ErasedOn.IsZero()
	v.Handover, v.HandoverAsks = viewHanding(sp, page)
	v.Data, v.Allow, v.Address = page.Data, viewAllow(sp, base, c, page.Consent), viewAddress(sp, base, c, page.Address)
	v.Settlement, v.Pay = viewSettlement(sp, page, zone), viewPay(sp, c, when.DateOf(p.Now, zone), page)
	v.Returns, v.Owed, v.Due = viewReturns(sp, page), viewOwed(sp, page), viewDue(sp, zone, page.Limits)
	v.Back, v.Owner = page.Returnable, page.State != offboarding.CaseStopped
	for _, c := range page.Comebacks {
		if n := len(v.Comebacks); n == 0 || v.Comebacks[n-1].Class != c.Class {
			v.Comebacks = append(v.Comebacks, comeback{Class: c.Class, Word: sp.Say("portal.comeback." + c.Class)})
		}
		last := &v.Comebacks[len(v.Comebacks)-1]
		last.Items = append(last.Items, sp.Say("portal.comeback.about."+c.About))
	}
	if !page.AnswerBy.IsZero() {
		v.AnswerBy = text.LongDate(lang, when.DateOf(page.AnswerBy.Add(-time.Minute), zone))
	}
	for _, m := range p.Milestones {
		s := viewStop(sp, zone, m)
		if m.Name == "access_closed" && v.Accesses.Sum != "" { // one by one below
			s.Proof = v.Accesses.Sum
			if s.Current && m.Of > 1 || !v.Accesses.Whole && !m.Done.IsZero() { // one count on one page
				s.When = v.Accesses.Sum
			}
		}
		if m.Name == "effective" && s.Current { // what waits goes on at midnight; the last day is the one before
			s.When = text.DayMonth(lang, p.Case.Effective)
		}
		if v.Ending != "" && m.Name == "effective" {
			s.Text = sp.Say("portal.milestone.effective.text.ours")
		}
		v.Stops = append(v.Stops, s)
	}
	return v
}

func viewStop(sp text.Speech, zone *time.Location, m app.Milestone) stop {
	lang := sp.Lang
	s := stop{
		Name: sp.Say("portal.milestone." + m.Name), State: sp.Say("portal.stop." + m.State),
		Text: sp.Say("portal.milestone." + m.Name + ".text"), Icon: stopIcons[m.State],
	}
	if m.Reading > 0 && (m.State == "done" || m.State == "verified") {
		s.Name = sp.Say("portal.milestone."+m.Name+".but", "n", m.Reading)
	}
	switch m.State {
	case "verified": // green belongs to what was read back, and to nothing else
		s.Class, s.When = "done", text.ShortInstant(lang, m.Done, zone)
	case "done":
		s.Class, s.When = "now", text.ShortInstant(lang, m.Done, zone)
	case "now", "blocked":
		s.Class, s.Current = "now", true
		if !m.Planned.IsZero() {
			s.When = text.DayMonth(lang, when.DateOf(m.Planned, zone))
		}
		if m.Of > 1 {
			s.When = sp.Say("state.partly", "done", m.Part, "all", m.Of)
		}
	}
	if m.State == "undone" { // what the stop is for does not come any more
		s.Text = sp.Say("portal.stop.undone.text")
	}
	s.Proof = proofWords(sp, m)
	mark := func(icon, class, word string, at time.Time) {
		r := ring{Icon: "dash", Word: sp.Say("state." + word)}
		if !at.IsZero() {
			r = ring{icon, "yes " + class, sp.Say("state." + word), text.ShortInstant(lang, at, zone)}
		}
		s.Rings = append(s.Rings, r)
	}
	if m.Name != "registered" && m.Name != "confirmed" && m.State != "undone" {
		if m.Verifies {
			asked := m.Asked
			if asked.IsZero() {
				asked = m.Done
			}
			mark("ring", "", "requested", asked)
		}
		mark("dot", "done", "done", m.Done)
		if m.Verifies {
			mark("checks", "verified", "verified", m.Verified)
		}
	}
	return s
}

// proofWords says how it is known that a stop is behind: it was tried, read
// again, or a person looked.
func proofWords(sp text.Speech, m app.Milestone) string {
	switch {
	case m.Proof == "":
		return ""
	case m.Tried > 0 && m.Tried < m.Of:
		return sp.Say("portal.proof.some", "tried", m.Tried, "all", m.Of)
	default:
		return sp.Say("portal.proof." + m.Proof)
	}
}

// lastMinute words the last minute before an instant: people read 23:59 as the
// end of a day, not 00:00 of the next.
func lastMinute(lang string, t time.Time, zone *time.Location) string {
	return text.Instant(lang, t.Add(-time.Minute), zone)
}
