package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// caseView is the page of one case.
type caseView struct {
	Lang                                 string
	ID, Code, Name, Reference            string
	State, Mood                          badge // Mood: on time, late or blocked; empty when it is over
	Who, Identity, When, Asked, Playbook string
	Money                                []string
	Lines                                []string
	Counts                               []badge // of its steps, by how they stand
	Graph                                graph
	Steps                                []stepView
	Recap                                *recapView   // nil before it took effect, or for whoever may not read it
	Between                              promisesView // empty for whoever may not read it
	Unsolved                             int          // complaints behind the departure
	Why                                  whyView
	Law                                  lawView
	Withdrawal                           *withdrawalView
	Settlement                           *settlementView
	Collection                           *collectionView   // nil: nothing is owed, or for others to see
	Strays                               *strayListView    // nil: nothing happened after the end
	Orders                               *ordersView       // nil: there are none, or they are not theirs to see
	Address                              *keptAddressView  // nil: nothing to say, or not theirs to see
	Retained                             *retainedListView // nil: nothing stays, or not theirs to see
	Declared                             *declaredView
	Offer                                offerView
	Works                                []workView
	Reopened                             []reopenedView // accesses that were closed and let in again, or were widened
	Next                                 []nextDate
	Letters                              []letterRow
	Acts                                 *actsView // of the handover; nil: nothing is handed over
	Notes                                notesView
	MayRead                              bool // what letters say
	SeesErasing                          bool // what would be erased
	Timeline                             []eventView
	Sealed, Entries, Older               int
	CanUndo, MayUndo                     bool
	Paused, MayPause                     bool
	UndoWho                              string
	Clock                                *clockView
	Test, Hurry                          bool // a rehearsal; something in it waits for its date
}

// ring is one of the three words with its moment.
type ring struct{ Icon, Class, Word, At string }

type stepView struct {
	Key, Title, Sub, Icon, Class, Owner, Initials, Note string
	Due                                                 dueView
	DueWhy                                              string // what its date may not pass; empty: it is the playbook's
	End                                                 string // what it came to
	Open, May                                           bool
	Approves, Same                                      bool // a second person decides; this one prepared it
	Instead                                             *insteadView
	Approved                                            bool // this person approved it: another does it
	SeesErasing                                         bool // what it lets be erased may be seen before
	Reopens, Undoes                                     bool // blocked: may be given back; to be undone now by a person
	Stalled, MayStalled                                 bool // it could not begin: to be tried again, or left out
	StalledWho                                          string
	UndoHow, Escalated                                  string // what undoing means; role that was asked because it is late
	Held                                                string // its system does not answer
	Users                                               string // who tells the customer's users, and how far that is
	Files                                               []fileView
	Returns                                             []returnView
	Handing                                             handingView
	Asked                                               []askedView // of processors
	DataHand                                            *dataHandView
	OwnEnd                                              bool   // its lines have acts of their own
	Stray                                               bool   // it is decided where what it asks about is told
	Who                                                 string // who may, when this person may not
	Rings                                               []ring
	Back                                                []string // what it gives back, or lets be given back
	Proofs                                              []proofView
	Items                                               []itemView
	ItemsOpen                                           int
	Invite                                              *inviteView
	Form                                                *formView // nil: it has none, or this person may not read it
	Typed, Error                                        string
	Assign                                              *choiceView // whose turn it may be; nil when this person may not say
	Take, AssignOpen                                    bool        // it is not this person's yet and may be; the choice was refused
	state                                               string      // short words for the graph
	node                                                string      // class in the graph
}

type fileView struct{ ID, Name, By, Step string }

type itemView struct {
	Key, Title, By, Evidence string
	Ticked                   bool
	Typed, Error             string
}

// reopenedView is an access that was closed and lets in again, or that was left to
// read and was widened, and the step by which somebody is to close it, or to find out
// who widened it.
type reopenedView struct {
	Name, Step string
	Widened    bool
}

// viewReopened lists the accesses that ask somebody because trying them again failed.
func (v *visit) viewReopened(list []offboarding.Step) (out []reopenedView) {
	for _, s := range list {
		if s.Over() || !app.ClosesAgain(s) && !app.Widened(s) {
			continue
		}
		for _, it := range s.Items {
			if strings.HasPrefix(it.Key, "gra_") {
				out = append(out, reopenedView{web.ItemName(v.lang, it), s.Key, app.Widened(s)})
			}
		}
	}
	return out
}

// timelineShown is how many entries of what has happened are shown at once, the
// newest first.
const timelineShown = 60

type workView struct {
	ID, Step, About, State, Why, Typed, Error string
	May                                       bool
	Who                                       string
	Looks                                     bool // what it did can be read back
	Waits                                     bool // for something that has not come in time
	Days, DaysError                           string
	Attest, Help                              string
	Customer                                  string // page on which it is decided about what was found; empty: it is decided here
}

type nextDate struct {
	at        time.Time
	Due       dueView
	What, Who string
}

func (v *visit) viewCase(c app.CaseView, now time.Time, e echo) caseView {
	p, zone := c.Plan.Case, v.zone()
	cv := caseView{
		Lang: v.lang, ID: string(p.ID), Code: p.Code, Name: c.Customer.Name, Reference: c.Customer.Reference,
		State: caseBadge(v.lang, p), Mood: v.mood(c.Plan, now), Playbook: v.say("case.playbook", "playbook", p.Playbook),
		Who: cmp.Or(c.Request.Name, c.Customer.Name), Identity: v.identity(c), Money: sums(v.lang, c.Lines, when.DateOf(now, zone)), CanUndo: c.CanUndo,
		MayUndo: v.actor.May("case"), Paused: p.Paused, MayPause: p.State == offboarding.CaseOpen && v.actor.May("case"), UndoWho: whoMay(v.lang, "case"), MayRead: v.actor.MayRead("letter"), SeesErasing: v.actor.MayRead("erase"),
	}
	cv.Test = p.Test
	cv.Hurry = v.actor.May("case") && mayHurry(c, func(w offboarding.Work) bool { return w.RunAt.After(now) })
	ends := "case.ends"
	if !p.EffectiveAt.IsZero() {
		ends = "case.ended"
	}
	if p.State == offboarding.CaseReversed || p.State == offboarding.CaseStopped {
		ends = "case.goes_on"
	}
	cv.When = v.say(ends, "date", text.LongDate(v.lang, p.Effective))
	cv.Asked = v.asked(c.Request, p.RequestedAt, zone)
	if c.Customer.Erased() {
		cv.Reference = v.say("case.erased")
	}
	for _, l := range c.Lines {
		cv.Lines = append(cv.Lines, v.lineOf(l))
	}
	asked := calls(c)
	for _, s := range c.Plan.Steps {
		sv := v.viewStep(c, s, asked[s.ID], now, e)
		cv.Steps = append(cv.Steps, sv)
	}
	cv.Counts = v.countSteps(c.Plan.Steps)
	steps, views := drawn(c.Plan.Steps, cv.Steps)
	cv.Graph = draw(v.lang, steps, views)
	if v.actor.MayRead("voice") {
		cv.Recap = v.viewRecap(c.Recap)
	}
	if cv.Between = v.viewBetween(c, now); cv.Between.Customer != "" {
		cv.Unsolved = c.Between.Unsolved
	}
	cv.Why, cv.Offer = v.viewWhy(c, e), v.viewOffer(c, now, e)
	cv.Works, cv.Next = v.viewWorks(c, e), v.viewNext(c, now)
	cv.Settlement, cv.Collection = v.viewSettlement(c), v.viewCollection(c, now, e)
	cv.Address = v.viewKeptAddress(c, e)
	cv.Strays, cv.Retained, cv.Orders = v.viewStrays(c, e), v.viewRetained(c, e), v.viewOrders(c, e)
	cv.Law, cv.Withdrawal, cv.Declared = v.viewLaw(c, e), v.viewWithdrawal(c), v.viewDeclared(c)
	cv.Notes, cv.Acts = v.viewNotes(c, e), v.viewHandoverActs(c)
	for _, m := range c.Messages {
		cv.Letters = append(cv.Letters, v.viewLetter(m))
	}
	cv.Reopened = v.viewReopened(c.Plan.Steps)
	for _, t := range c.Timeline {
		cv.Timeline = append(cv.Timeline, v.viewEvent(t, eventWords{users: c.Users, steps: c.Plan.Steps, works: c.Works, names: c.Names}))
		if cv.Entries++; t.Index >= 0 {
			cv.Sealed++
		}
	}
	// Entries are sealed in their order: what is before those told is in the log.
	cv.Older, cv.Entries, cv.Sealed = c.Older, cv.Entries+c.Older, cv.Sealed+c.Older
	return cv
}

// lineOf names a contract; that of somebody who was erased has no number.
func (v *visit) lineOf(l customer.Subscription) string {
	if l.Reference == string(l.ID) {
		l.Reference = ""
	}
	return lineName(l.Product, l.Plan, l.Reference)
}

func lineName(product, plan, reference string) string {
	if plan != "" {
		product += ", " + plan
	}
	if reference == "" || app.MadeForDeparture(reference) {
		return product
	}
	return product + " (" + reference + ")"
}

// mood says how the case is going in one look.
func (v *visit) mood(p offboarding.Plan, now time.Time) badge {
	switch {
	case !p.Case.State.Open():
		return badge{}
	case p.Case.Paused:
		return badge{"clock", "warn", v.say("mood.paused")}
	case stuck(p.Steps):
		return badge{"alert", "bad", v.say("mood.blocked")}
	case late(p.Steps, now), !p.Case.Overdue(now, v.zone()).IsZero():
		return badge{"clock", "warn", v.say("mood.late")}
	default:
		return badge{"clock", "", v.say("mood.on_time")}
	}
}

// identity says how it was proved who asked, and when.
func (v *visit) identity(c app.CaseView) string {
	r := c.Request
	if r.VerifiedAt.IsZero() {
		return v.say("identity.none")
	}
	at := text.ShortInstant(v.lang, r.VerifiedAt, v.zone())
	if name := c.Users[r.VerifiedBy]; name != "" && r.Channel.Ours() {
		return text.Say(v.lang, "console.identity.ours", "who", name, "at", at)
	} else if name != "" {
		return v.say("identity.staff", "who", name, "at", at)
	}
	return known(v.lang, "console.identity."+r.VerifiedBy, v.say("identity.other", "at", at), "at", at)
}

// calls finds when the far system was first asked, by step. The log tells it
// in business time, as everything else on the page is told; where a part of it is
// not here, the works do, by the machine's clock.
func calls(c app.CaseView) map[offboarding.StepID]time.Time {
	step := make(map[string]offboarding.StepID, len(c.Works))
	out := make(map[offboarding.StepID]time.Time)
	for _, w := range c.Works {
		step[string(w.ID)] = w.Step
		if first, seen := out[w.Step]; c.Older > 0 && !w.FirstCall.IsZero() && (!seen || w.FirstCall.Before(first)) {
			out[w.Step] = w.FirstCall
		}
	}
	if c.Older > 0 {
		return out
	}
	for _, t := range c.Timeline { // newest first: the earliest is written last
		if id, ok := t.Args["work"].(string); ok && t.Type == "work.called" && step[id] != "" {
			out[step[id]] = t.At
		}
	}
	return out
}

// tally counts the works of a step.
type tally struct{ all, asked, done, verified int }

func count(works []offboarding.Work, s offboarding.StepID) tally {
	var t tally
	for _, w := range works {
		if w.Step != s {
			continue
		}
		t.all++
		if !w.FirstCall.IsZero() {
			t.asked++
		}
		if !w.DoneAt.IsZero() {
			t.done++
		}
		if !w.VerifiedAt.IsZero() {
			t.verified++
		}
	}
	return t
}

// dueWhy says what the due date of a step may not pass, where the step is due
// exactly then: a limit of the law, or the end of the contract.
func (v *visit) dueWhy(c app.CaseView, s offboarding.Step) string {
	if !c.Plan.BeforeEnd(&s) {
		return ""
	}
	for _, l := range c.Limits {
		if l.Stops() && l.End.Equal(s.Due) {
			return v.say("step.due.law", "rule", cmp.Or(l.Rule.Message[v.lang], l.Rule.ID))
		}
	}
	if c.Plan.Case.Effective.End(v.zone()).Equal(s.Due) {
		return v.say("step.due.end")
	}
	return ""
}

func (v *visit) viewStep(c app.CaseView, s offboarding.Step, asked, now time.Time, e echo) stepView {
	sv := stepView{Key: s.Key, Title: title(v.lang, s.Title, s.Key), Note: s.Note, Who: role(v.lang, s.Role), May: v.actor.MayWork(s)}
	t := count(c.Works, s.ID)
	sv.Icon, sv.Class, sv.node = stepLook(s)
	sv.state = v.say("step.state." + string(s.State))
	if s.State == offboarding.StepRunning && t.all > 1 && t.done < t.all {
		sv.state = v.say("step.part", "done", t.done, "all", t.all)
	}
	sv.Rings, sv.Sub, sv.Proofs = v.rings(c, s, t, asked), v.stepSub(c, s), v.viewProofs(c.Proofs[s.ID])
	sv.Owner, sv.Initials = v.say("step.automatic"), "HL"
	if s.Human {
		sv.Owner, sv.Initials = role(v.lang, s.Role), ""
		if name := c.Users[s.Assignee]; name != "" {
			sv.Owner, sv.Initials = name, initials(name)
		}
	}
	switch {
	case s.Over():
		sv.End = sv.state
	case s.Human && !s.Due.IsZero():
		sv.Due, sv.DueWhy = due(v.lang, s.Due, now, v.zone()), v.dueWhy(c, s)
	}
	ready := s.State == offboarding.StepReady || s.State == offboarding.StepRunning
	sv.Open = s.Human && ready && c.Plan.Goes(&s)
	sv.Approves = c.Approves[s.Kind]
	sv.SeesErasing = sv.Approves && sv.Open && v.actor.MayRead("erase") &&
		slices.ContainsFunc(c.Plan.Steps, func(x offboarding.Step) bool {
			return strings.HasPrefix(x.Kind, "erase_") && slices.Contains(x.After, s.Key)
		})
	me := func(who string) bool { return who == v.actor.ID || who == v.actor.RealID }
	sv.Same = sv.Approves && slices.ContainsFunc(c.Plan.Hands(s.Key), me)
	if sv.Open && sv.Approves {
		sv.Instead = v.viewInstead(c, s, now)
	}
	if sv.Open && slices.ContainsFunc(c.Plan.Approvers(s.Key), me) {
		sv.Open, sv.Approved = false, true
	}
	sv.Reopens = s.Human && s.State == offboarding.StepBlocked && c.Plan.Case.State == offboarding.CaseOpen && !s.Stalled()
	sv.Stalled, sv.MayStalled, sv.StalledWho = s.Stalled() && c.Plan.Case.State != offboarding.CaseReversing, v.actor.May("case"), whoMay(v.lang, "case")
	if turn := c.Plan.UndoTurn(); turn != nil && turn.Key == s.Key && s.Human {
		sv.Undoes, sv.UndoHow = true, title(v.lang, s.Spec.Undo.Title, "")
	}
	if wait, held := c.Outages[s.ID]; held && !s.Over() {
		sv.Held = v.say("step.held", "system", systemOf(c, s), "n", int(wait.Round(time.Minute)/time.Minute)+1)
	}
	if names := c.Unasked[s.ID]; len(names) > 0 && sv.Held == "" {
		sv.Held = v.say("step.unasked", "systems", strings.Join(names, ", "))
	}
	if c.UsersTold.Step == s.Key {
		sv.Users = v.usersTold(c.UsersTold)
	}
	if s.Escalated != "" && !s.Over() {
		sv.Escalated = v.say("step.escalated", "role", role(v.lang, s.Escalated))
	}
	if v.actor.MayRead("letter") {
		sv.Form, sv.Invite = v.viewForm(c, s, e), v.viewInvite(c, s, e)
		for _, b := range c.Evidence(s.ID) {
			sv.Files = append(sv.Files, v.viewFile(b, c))
		}
	}
	sv.Returns, sv.OwnEnd = v.viewReturns(c, s, now, e), v.App.OwnEnd(s.Kind)
	sv.Handing, sv.DataHand = v.viewHandover(c, s, sv, e), v.viewDataHand(c, s, sv, e)
	sv.Asked = v.viewAsked(c, s, sv, when.DateOf(now, v.zone()), e)
	sv.Assign, sv.Take = v.viewAssign(c, s, e)
	sv.AssignOpen = e.Step == s.Key && e.Form == "assign"
	if e.Step == s.Key && e.Item == "" && e.Form == "" {
		sv.Typed, sv.Error = e.Typed, e.Error
	}
	for _, b := range c.GivesBack[s.ID] {
		sv.Back = append(sv.Back, v.say("step.back", "amount", text.Money(v.lang, b.Amount), "about", cmp.Or(b.About, b.Reference)))
	}
	for _, x := range c.GivenBack[s.ID] {
		code := "step.given"
		if x.Far == "" || x.Found == 0 {
			code = "step.given.unnamed"
		}
		sv.Back = append(sv.Back, v.say(code, "amount", text.Money(v.lang, x.Sum), "system", x.System, "at", text.Instant(v.lang, x.At, v.zone()), "far", x.Far, "key", x.Key, "n", x.Found, "tries", x.Tries))
	}
	sv.Stray = slices.ContainsFunc(c.Strays, func(x stray.Stray) bool { return x.Step == s.Key && x.State == stray.Open })
	skipped := s.State == offboarding.StepSkipped
	if skipped { // it is not needed: what it would have asked for is noise
		sv.Rings, sv.Sub = nil, ""
	}
	for _, it := range s.Items {
		if skipped && !it.Ticked {
			continue
		}
		sv.Items = append(sv.Items, v.viewItem(c, s, it, e))
		if !it.Ticked {
			sv.ItemsOpen++
		}
	}
	return sv
}

// usersTold says how it stands with telling the customer's own users.
func (v *visit) usersTold(u app.UsersView) string {
	day := text.LongDate(v.lang, u.Day)
	switch {
	case !u.Self.IsZero():
		return v.say("step.users.self", "at", text.Instant(v.lang, u.Self, v.zone()))
	case u.Made:
		return v.say("step.users.told", "day", day, "n", len(u.Users), "sent", u.Sent, "lacking", u.Lacking)
	case u.Open:
		return v.say("step.users.waits", "day", day, "n", len(u.Users))
	}
	return ""
}

// viewAssign is the choice of whose turn a step is.
func (v *visit) viewAssign(c app.CaseView, s offboarding.Step, e echo) (list *choiceView, take bool) {
	if !v.actor.MayAssign(s) || s.Over() || !c.Plan.Case.State.Open() && !s.Spec.House {
		return nil, false
	}
	list = &choiceView{
		control{ID: "assign-" + s.Key, Name: "user", Label: v.say("assign.to"), Value: s.Assignee}, []option{{"", v.say("assign.nobody")}},
	}
	if e.Step == s.Key && e.Form == "assign" {
		list.Control.Error = e.Error
	}
	for _, u := range c.People {
		if (app.Actor{Roles: u.Roles}).MayWork(s) {
			list.Options = append(list.Options, option{u.ID, u.Name})
		}
	}
	return list, v.actor.MayWork(s) && s.Assignee != v.actor.ID
}

func (v *visit) viewItem(c app.CaseView, s offboarding.Step, it offboarding.Item, e echo) itemView {
	iv := itemView{Key: it.Key, Title: web.ItemName(v.lang, it), Ticked: it.Ticked, Evidence: it.Evidence}
	if it.Ticked {
		iv.By = v.say("item.by", "who", who(v.lang, it.By, c.Users), "at", text.ShortInstant(v.lang, it.At, v.zone()))
	}
	if e.Step == s.Key && e.Item == it.Key {
		iv.Typed, iv.Error = e.Typed, e.Error
	}
	return iv
}

// stepLook is the shape of a step: its icon, the colour of the icon, and its
// class in the graph. Only what was read back is green.
func stepLook(s offboarding.Step) (icon, class, node string) {
	switch s.State {
	case offboarding.StepVerified:
		return "checks", "ok", "ok"
	case offboarding.StepAttested: // over, and nobody read it back
		return "user", "run", ""
	case offboarding.StepDone:
		if s.Verifies {
			return "dot", "run", "run"
		}
		return "dot", "run", ""
	case offboarding.StepReady, offboarding.StepRunning, offboarding.StepUndoing:
		if s.Human {
			return "user", "wait", "run"
		}
		return "clock", "run", "run"
	case offboarding.StepBlocked:
		return "alert", "bad", "bad"
	case offboarding.StepUndone:
		return "undo", "", "off"
	default:
		return "dash", "", "off"
	}
}

// countSteps are how many steps stand how; what there is none of is not told.
func (v *visit) countSteps(steps []offboarding.Step) (out []badge) {
	n := map[string]int{}
	for _, s := range steps {
		_, _, node := stepLook(s)
		if node == "off" && s.Over() { // not needed, or taken back
			continue
		}
		n[node]++
	}
	for _, x := range []struct{ node, icon, class, word string }{
		{"ok", "checks", "ok", "plan.verified"}, {"", "dot", "", "plan.done"}, {"bad", "alert", "bad", "plan.blocked"}, {"run", "dot", "info", "plan.running"}, {"off", "dash", "", "plan.waiting"},
	} {
		if n[x.node] > 0 {
			out = append(out, badge{Icon: x.icon, Class: x.class, Word: v.say(x.word, "n", n[x.node])})
		}
	}
	return out
}

// systemOf is the system of a step: as its playbook names it or, where it names
// none, the first at which something is left to be done.
func systemOf(c app.CaseView, s offboarding.Step) string {
	if name := s.Params["system"]; name != "" {
		return name
	}
	for _, w := range c.Works {
		if w.Step == s.ID && app.Unanswered(w) {
			return w.System
		}
	}
	for _, w := range c.Works {
		if w.Step == s.ID && w.System != "" && w.VerifiedAt.IsZero() && w.State != offboarding.WorkAttested {
			return w.System
		}
	}
	return ""
}

// stepSub says what a step is about, or what it waits for.
func (v *visit) stepSub(c app.CaseView, s offboarding.Step) string {
	if s.State == offboarding.StepBlocked || s.State == offboarding.StepSkipped && s.Blocked != "" {
		return why(v.lang, s.Blocked, systemOf(c, s))
	}
	if s.State == offboarding.StepSkipped && s.Spec.If == "" && s.Note == "" {
		if none := known(v.lang, "console.kind."+s.Kind+".none", ""); none != "" { // why it was not needed
			return none
		}
	}
	var parts []string
	about := known(v.lang, "console.kind."+s.Kind, "", "system", s.Params["system"])
	if s.Params["system"] == "" {
		about = known(v.lang, "console.kind."+s.Kind+".all", about)
	}
	if c.NoPortal {
		about = known(v.lang, "console.kind."+s.Kind+".no_portal", about)
	}
	if s.Kind == "approve" && c.OnePerson.Holds() {
		about = v.say("kind.approve.alone")
	}
	if !slices.ContainsFunc(c.Lines, func(x customer.Subscription) bool { return !x.Engaged() }) && len(c.Lines) > 0 { // no billing system is asked
		about = known(v.lang, "console.kind."+s.Kind+".engaged", about)
	}
	if about != "" {
		parts = append(parts, about)
	}
	if s.State == offboarding.StepWaiting {
		var before []string
		for _, key := range s.After {
			if b := c.Plan.Step(key); b != nil && !b.Over() {
				before = append(before, quoted(v.lang, title(v.lang, b.Title, b.Key)))
			}
		}
		if len(before) > 0 {
			parts = append(parts, v.say("step.waits", "steps", strings.Join(before, ", ")))
		}
	}
	return strings.Join(parts, " · ")
}

// rings are the three words as far as they are true: asked, done, verified.
// What is true of a part only is told with its count and never in green.
func (v *visit) rings(c app.CaseView, s offboarding.Step, t tally, asked time.Time) []ring {
	at := func(when time.Time) string { return text.ShortInstant(v.lang, when, v.zone()) }
	var out []ring
	switch {
	case s.Human && !s.ReadyAt.IsZero():
		out = append(out, ring{"ring", "yes", v.say("ring.opened"), at(s.ReadyAt)})
	case t.asked > 0:
		out = append(out, ring{"ring", "yes", text.Say(v.lang, "state.requested"), at(asked)})
	}
	switch {
	case !s.DoneAt.IsZero():
		word := text.Say(v.lang, "state.done")
		if name := c.Users[s.DoneBy]; name != "" {
			word = v.say("ring.done_by", "who", name)
		}
		out = append(out, ring{"dot", "yes done", word, at(s.DoneAt)})
	case t.done > 0 && t.done < t.all:
		out = append(out, ring{"clock", "yes done", text.Say(v.lang, "state.partly", "done", t.done, "all", t.all), ""})
	}
	switch {
	case !s.VerifiedAt.IsZero():
		out = append(out, ring{"checks", "yes verified", text.Say(v.lang, "state.verified"), at(s.VerifiedAt)})
	case s.State == offboarding.StepAttested:
		out = append(out, ring{"user", "yes", v.say("ring.attested"), ""})
	case s.Verifies && t.verified > 0 && t.verified < t.all:
		out = append(out, ring{"clock", "yes", v.say("ring.partly_verified", "done", t.verified, "all", t.all), ""})
	}
	return out
}

// viewWorks lists what a person must decide about.
func (v *visit) viewWorks(c app.CaseView, e echo) []workView {
	var out []workView
	for _, w := range c.Works {
		if w.State != offboarding.WorkUncertain && w.State != offboarding.WorkFailed {
			continue
		}
		wv := workView{ID: string(w.ID), State: v.say("work." + string(w.State)), Why: why(v.lang, w.LastError, w.System), May: v.actor.May("work"), Who: whoMay(v.lang, "work")}
		if i := slices.IndexFunc(c.Plan.Steps, func(s offboarding.Step) bool { return s.ID == w.Step }); i >= 0 {
			wv.Step, wv.Days = title(v.lang, c.Plan.Steps[i].Title, c.Plan.Steps[i].Key), strconv.Itoa(c.Plan.Steps[i].Spec.Timeout)
		}
		wv.Looks, wv.Attest, wv.Help = v.App.CanLook(w.Kind), v.say("work.attest"), v.say("work.help.blind")
		if wv.Looks {
			wv.Help = v.say("work.help")
		}
		if w.Phase == offboarding.Undo || w.Phase == offboarding.VerifyUndo {
			wv.Attest = v.say("work.attest.undo")
		}
		if wv.Waits = app.WaitedInVain(w); wv.Waits {
			wv.Attest, wv.Help = v.say("work.attest.wait"), v.say("work.help.wait")
		}
		if app.Undecided(w) {
			wv.Customer = "/console/customers/" + string(c.Plan.Case.Customer) + "#grant"
		}
		wv.About = c.Names[w.Item]
		for _, l := range c.Lines {
			if string(l.ID) == w.Item {
				wv.About = v.lineOf(l)
			}
		}
		if e.Work == string(w.ID) {
			wv.Typed, wv.Error, wv.Days, wv.DaysError = e.Typed, e.Error, e.Answers["days"], e.Errors["days"]
			if wv.DaysError != "" {
				wv.Error = ""
			}
		}
		out = append(out, wv)
	}
	return out
}

// viewNext lists what comes: timers that run and what people owe.
func (v *visit) viewNext(c app.CaseView, now time.Time) []nextDate {
	var out []nextDate
	for _, s := range c.Plan.Steps {
		name := title(v.lang, s.Title, s.Key)
		if s.Human && !s.Over() && !s.Due.IsZero() {
			out = append(out, nextDate{s.Due, due(v.lang, s.Due, now, v.zone()), name, role(v.lang, s.Role)})
			continue
		}
		var first time.Time
		for _, w := range c.Works {
			if w.Step == s.ID && w.State == offboarding.WorkReady && w.RunAt.After(now) && (first.IsZero() || w.RunAt.Before(first)) {
				first = w.RunAt
			}
		}
		if !first.IsZero() {
			out = append(out, nextDate{first, dueView{Day: text.ShortInstant(v.lang, first, v.zone())}, name, v.say("step.automatic")})
		}
	}
	first, n := retests(c.Works, now, v.zone())
	for day, at := range first {
		out = append(out, nextDate{at, dueView{Day: text.ShortInstant(v.lang, at, v.zone())}, v.say("next.retest", "n", n[day]), v.say("step.automatic")})
	}
	slices.SortStableFunc(out, func(a, b nextDate) int { return a.at.Compare(b.at) })
	return out
}

// retests are the days on which accesses that were closed, or left to read, are tried again, also
// once the departure is over: the first instant of each, and how many. What is
// tried at once is not to come.
func retests(works []offboarding.Work, now time.Time, zone *time.Location) (first map[when.Date]time.Time, n map[when.Date]int) {
	first, n = map[when.Date]time.Time{}, map[when.Date]int{}
	for _, w := range works {
		if w.Kind != app.RetestKind || w.State != offboarding.WorkReady || !w.RunAt.After(now) {
			continue
		}
		day := when.DateOf(w.RunAt, zone)
		if n[day]++; n[day] == 1 || w.RunAt.Before(first[day]) {
			first[day] = w.RunAt
		}
	}
	return first, n
}

// asked says when and how a departure was asked for, and when it was written
// down where that was another day.
func (v *visit) asked(r offboarding.Request, at time.Time, zone *time.Location) string {
	how := known(v.lang, "console.channel."+string(r.Channel), string(r.Channel))
	if r.Via != "" {
		how = v.say("channel.staff."+r.Via, "paper", cmp.Or(r.Paper, "–"))
	}
	if r.Act == offboarding.Withdrawal {
		how = v.say("withdrawal.asked", "how", how)
	}
	day := when.DateOf(at, zone)
	if r.EnteredAt.IsZero() || when.DateOf(r.EnteredAt, zone) == day {
		return v.say("case.asked", "at", text.ShortInstant(v.lang, at, zone), "how", how)
	}
	return v.say("case.asked.entered", "at", text.Date(v.lang, day), "how", how, "entered", text.ShortInstant(v.lang, r.EnteredAt, zone))
}
