package console

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/lane"
	"hastaluego/internal/money"
	"hastaluego/internal/segment"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// lanesView lists whom the company lets go, and proposes more.
type lanesView struct {
	Lang     string
	Rows     []laneRow
	Ways     []option
	Segments []option
	Way      string
	Segment  string
	Why      control
	Fields   []laneFields
	Terms    []control
	Every    []option
	EveryIs  string
	May      bool
	Who      string
	NoneYet  bool // there are no segments
}

type laneRow struct {
	Link, Name, Way, Reach string
	State                  badge
	In, Left               string
}

// laneFields are the words for customers in one language.
type laneFields struct {
	Name                       string
	Why, Changes, Alternatives control
}

// laneView is one lane.
type laneView struct {
	Lang, ID, Name, Way string
	State               badge
	Facts               [][2]string
	Words               []laneWords
	Alarm               string
	Changed             string
	Decides, Own, Waits bool
	Who, Others         string
	Waiting             *waitingView
	Later               int
	Stoppable, Reopens  bool
	Closable            bool
	Note                control
	Members             []memberRow
	Choosable           bool
	Choosing            bool
	Candidates          []linked
	More                bool
	Grounds             control
	Outcomes            []outcomeRow
	Effort              string
	May                 bool
}

type laneWords struct {
	Lang, Name string
	Facts      [][2]string
}

type memberRow struct {
	ID, Name, Link, Grounds, Chosen, Decided, Case string
	State                                          badge
	Decides, Releases, Applies                     bool
	Own                                            bool // whoever looks put them forward
	Waiting                                        *waitingView
	Later                                          int
}

type outcomeRow struct{ Name, Lane, Others, Says string }

func laneWord(lang, code string, args ...any) string {
	return text.Say(lang, "console.lane."+code, args...)
}

func (v lanesView) word(code string, args ...any) string { return laneWord(v.Lang, code, args...) }

func (v laneView) word(code string, args ...any) string { return laneWord(v.Lang, code, args...) }

var laneBadges = map[lane.State]badge{
	lane.Proposed: {"clock", "warn", ""}, lane.Open: {"check", "ok", ""}, lane.Refused: {"dash", "", ""}, lane.Stopped: {"pause", "warn", ""}, lane.Closed: {"dash", "", ""},
}

var memberBadges = map[lane.Standing]badge{
	lane.Chosen: {"clock", "warn", ""}, lane.Agreed: {"check", "info", ""}, lane.Spared: {"dash", "", ""}, lane.Told: {"mail", "info", ""}, lane.Accepted: {"check", "warn", ""},
	lane.Applied: {"check", "ok", ""}, lane.Left: {"check", "ok", ""}, lane.Silent: {"dash", "", ""}, lane.Released: {"dash", "", ""},
}

func laneBadge(lang string, s lane.State) badge {
	b := laneBadges[s]
	b.Word = laneWord(lang, "state."+string(s))
	return b
}

func memberBadge(lang string, s lane.Standing) badge {
	b := memberBadges[s]
	b.Word = laneWord(lang, "member."+string(s))
	return b
}

func laneName(lang string, l app.LaneView) string {
	if l.Segment == nil {
		return l.Lane.Segment
	}
	return title(lang, l.Segment.Name, l.Segment.ID)
}

func (v *visit) lanes() error { return v.lanesPage(http.StatusOK, "", nil) }

func (v *visit) lanesPage(status int, problem string, wrong error) error {
	list, err := v.App.ListLanes(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	set := segment.None()
	if v.actor.MayRead("segment") {
		if set, err = v.App.SegmentSet(v.actor); err != nil {
			return err
		}
	}
	errs := text.FieldErrors(v.lang, wrong)
	lv := lanesView{Lang: v.lang, May: v.actor.May("lane"), Who: whoMay(v.lang, "lane"), Way: v.form.Get("way"), Segment: v.form.Get("segment")}
	field := func(id, word, kind string) control {
		c := control{ID: id, Label: lv.word(word), Value: v.form.Get(id), Error: errs[id], Kind: kind}
		if hint := "console.lane." + word + ".hint"; text.Known(v.lang, hint) {
			c.Hint = text.Say(v.lang, hint)
		}
		return c
	}
	for _, w := range lane.Ways {
		lv.Ways = append(lv.Ways, option{string(w), lv.word("way." + string(w))})
	}
	for _, s := range set.Segments {
		if !s.Reports {
			lv.Segments = append(lv.Segments, option{s.ID, title(v.lang, s.Name, s.ID)})
		}
	}
	lv.NoneYet = len(lv.Segments) == 0
	lv.Why = field("why", "why", "")
	lv.Why.Required = true
	for _, lang := range text.CustomerLangs() {
		lv.Fields = append(lv.Fields, laneFields{
			text.Say(v.lang, "lang."+lang), field("why_"+lang, "words.why", ""), field("changes_"+lang, "words.changes", ""), field("alternatives_"+lang, "words.alternatives", ""),
		})
	}
	for _, x := range [][2]string{{"product", ""}, {"plan", ""}, {"price", ""}, {"day", "date"}} {
		lv.Terms = append(lv.Terms, field(x[0], "terms."+x[0], x[1]))
	}
	lv.EveryIs = cmp.Or(v.form.Get("every"), string(customer.Monthly))
	for _, i := range customer.Intervals {
		lv.Every = append(lv.Every, option{string(i), text.Say(v.lang, "portal.every."+string(i))})
	}
	for _, e := range []string{"segment", "way"} { // choices have no place for a problem of their own
		if errs[e] != "" {
			problem = strings.TrimSpace(problem + " " + errs[e])
		}
	}
	for _, l := range list {
		in, left := 0, 0
		for _, m := range l.Members {
			switch m.State {
			case lane.Left:
				left++
			case lane.Spared, lane.Released:
			default:
				in++
			}
		}
		lv.Rows = append(lv.Rows, laneRow{
			Link: "/console/lanes/" + string(l.ID), Name: laneName(v.lang, l), Way: lv.word("way." + string(l.Way)), Reach: lv.word("reach", "n", l.People, "of", l.Of),
			State: laneBadge(v.lang, l.State), In: strconv.Itoa(in), Left: strconv.Itoa(left),
		})
	}
	v.show(status, "lanes", lv.word("title"), problem, lanesPage(lv))
	return nil
}

// typedLane reads the form of a new lane.
func (v *visit) typedLane() (in app.LaneInput, wrong fault.List) {
	f := v.form
	in = app.LaneInput{Way: lane.Way(f.Get("way")), Segment: f.Get("segment"), Why: f.Get("why"), Words: map[string]lane.Words{}}
	for _, lang := range text.CustomerLangs() {
		list, bad := lane.ReadAlternatives("alternatives_"+lang, f.Get("alternatives_"+lang))
		if bad != nil {
			wrong = append(wrong, bad)
		}
		in.Words[lang] = lane.Words{Why: f.Get("why_" + lang), Changes: f.Get("changes_" + lang), Alternatives: list}
	}
	if in.Way != lane.Terms {
		return in, wrong
	}
	in.Offer.Every = customer.Interval(f.Get("every"))
	in.Offer.Product, in.Offer.Plan = f.Get("product"), f.Get("plan")
	price, err := money.Parse(strings.Replace(strings.TrimSpace(f.Get("price")), ",", ".", 1), v.App.Company().Currency)
	if err == nil {
		in.Offer.Price = price
	}
	if in.Offer.Day, err = v.day("day"); err != nil {
		in.Offer.Day = when.Date{}
	}
	return in, wrong
}

func (v *visit) proposeLane() error {
	in, wrong := v.typedLane()
	err := wrong.Or()
	var id lane.ID
	if err == nil || !v.actor.May("lane") {
		id, err = v.App.ProposeLane(v.r.Context(), v.actor, in)
	}
	if err != nil {
		if fault.KindOf(err) != fault.Invalid {
			return err
		}
		return v.lanesPage(web.Status(err), strings.Join(v.problems(err), " "), err)
	}
	v.to("/console/lanes/" + string(id))
	return nil
}

func (v *visit) lane() error { return v.lanePage(http.StatusOK, "", nil) }

func (v *visit) lanePage(status int, problem string, wrong error) error {
	choosing := v.r.URL.Query().Get("choose") != ""
	l, err := v.App.OpenLane(v.r.Context(), v.actor, lane.ID(v.r.PathValue("id")), choosing)
	if err != nil {
		return err
	}
	one, err := v.App.OnePerson(v.r.Context())
	if err != nil {
		return err
	}
	own := func(id string) bool { return id != "" && (v.actor.ID == id || v.actor.RealID == id) }
	may := v.actor.May("lane") && !v.actor.IsKey()
	errs := text.FieldErrors(v.lang, wrong)
	lv := laneView{
		Lang: v.lang, ID: string(l.ID), Name: laneName(v.lang, l), State: laneBadge(v.lang, l.State), May: may, Own: own(l.MadeBy), Waits: l.State == lane.Proposed,
		Who: whoMay(v.lang, "lane"), Others: strings.Join(l.Others, ", "), Choosing: choosing, More: l.MoreCandidates,
	}
	lv.Way = lv.word("way." + string(l.Way))
	lv.Decides = lv.Waits && may && !lv.Own
	lv.Stoppable, lv.Reopens = may && l.State == lane.Open, may && l.State == lane.Stopped && !lv.Own
	lv.Closable = may && (l.State == lane.Open || l.State == lane.Stopped || lv.Waits && lv.Own)
	lv.Choosable = may && l.State == lane.Open && !l.Changed
	if lv.Waits && lv.Own && one.Holds() {
		if l.Waits != nil {
			lv.Waiting = v.viewWaiting(*l.Waits)
		} else if l.MadeAt.After(one.Since) {
			lv.Later = one.Hours
		}
	}
	if l.Changed {
		lv.Changed = lv.word("changed")
	}
	if a := l.Alarm; a != nil {
		lv.Alarm = lv.word("alarm", "metric", lv.word("metric."+string(a.Metric)), "n", a.N, "others", a.NAgainst)
	}
	lv.Note = control{ID: "note", Label: lv.word("note"), Value: v.form.Get("note"), Error: errs["note"]}
	lv.Grounds = control{ID: "grounds", Label: lv.word("grounds"), Hint: lv.word("grounds.hint"), Value: v.form.Get("grounds"), Error: errs["grounds"], Required: true}
	v.laneFacts(&lv, l)
	for _, m := range l.Members {
		r := memberRow{
			ID: string(m.ID), Name: m.Who.Name, Link: "/console/customers/" + string(m.Customer), Grounds: m.Grounds, State: memberBadge(v.lang, m.State), Own: own(m.ChosenBy),
			Chosen:  lv.word("by", "name", m.Chooser, "at", text.ShortInstant(v.lang, m.ChosenAt, v.zone())),
			Decides: may && m.State == lane.Chosen && !own(m.ChosenBy), Applies: may && m.State == lane.Accepted,
			Releases: may && (m.State == lane.Chosen || m.State == lane.Agreed || m.State == lane.Told && l.Way == lane.Terms),
		}
		if !m.DecidedAt.IsZero() {
			r.Decided = lv.word("by", "name", m.Judge, "at", text.ShortInstant(v.lang, m.DecidedAt, v.zone()))
		}
		if m.Case != "" {
			r.Case = "/console/cases/" + m.Case
		}
		if m.State == lane.Chosen && r.Own && one.Holds() {
			if m.Waits != nil {
				r.Waiting = v.viewWaiting(*m.Waits)
			} else if m.ChosenAt.After(one.Since) {
				r.Later = one.Hours
			}
		}
		lv.Members = append(lv.Members, r)
	}
	for _, c := range l.Candidates {
		lv.Candidates = append(lv.Candidates, linked{c.Name + " · " + c.Reference, string(c.ID)})
	}
	lv.Outcomes, lv.Effort = laneOutcomes(v.lang, l), LaneEffort(v.lang, l.Effort)
	v.show(status, "lanes", lv.Name, problem, lanePage(lv))
	return nil
}

// laneFacts tells what was agreed to, and what customers read.
func (v *visit) laneFacts(lv *laneView, l app.LaneView) {
	tell := func(code, value string) {
		if value != "" {
			lv.Facts = append(lv.Facts, [2]string{lv.word("fact." + code), value})
		}
	}
	zone := v.zone()
	tell("way", lv.Way)
	tell("segment", l.Rule)
	tell("reach", lv.word("reach", "n", l.People, "of", l.Of))
	tell("why", l.Why)
	if l.Way == lane.Terms {
		tell("contracts", strings.Trim(l.Offer.Product+" · "+l.Offer.Plan, " ·"))
		tell("price", text.Money(v.lang, l.Offer.Price)+" "+text.Say(v.lang, "portal.every."+string(l.Offer.Every)))
		tell("day", text.LongDate(v.lang, l.Offer.Day))
	}
	tell("compared", l.Playbooks)
	tell("made", lv.word("by", "name", l.Maker, "at", text.ShortInstant(v.lang, l.MadeAt, zone)))
	if !l.DecidedAt.IsZero() {
		tell("decided", lv.word("by", "name", l.Decider, "at", text.ShortInstant(v.lang, l.DecidedAt, zone)))
	}
	tell("note", l.Note)
	for _, lang := range text.CustomerLangs() {
		w, written := l.Words[lang]
		if !written {
			continue
		}
		x := laneWords{Lang: lang, Name: text.Say(v.lang, "lang."+lang)}
		for _, f := range [][2]string{{"words.why", w.Why}, {"words.changes", w.Changes}, {"words.alternatives", lane.WriteAlternatives(w.Alternatives)}} {
			if f[1] != "" {
				x.Facts = append(x.Facts, [2]string{lv.word(f[0]), f[1]})
			}
		}
		lv.Words = append(lv.Words, x)
	}
}

// laneOutcomes tells how the leavers of a lane fare against others, and whether anything
// may be said of it.
func laneOutcomes(lang string, l app.LaneView) (rows []outcomeRow) {
	for _, c := range l.Outcomes {
		side := func(s lane.Side) string {
			if s.N == 0 {
				return "–"
			}
			value := text.Hundredths(lang, int64(s.Moments.Mean*100+.5))
			if c.Metric == lane.Complained {
				value = text.Percent(lang, int64(s.Moments.Mean*10_000+.5))
			}
			return laneWord(lang, "side", "value", value, "n", s.N)
		}
		r := outcomeRow{Name: laneWord(lang, "metric."+string(c.Metric)), Lane: side(c.Lane), Others: side(c.Others)}
		switch {
		case !c.Enough():
			r.Says = laneWord(lang, "says.few", "n", lane.Fewest)
		case c.Difference.Low > 0:
			r.Says = laneWord(lang, "says.worse")
		default:
			r.Says = laneWord(lang, "says.nothing")
		}
		rows = append(rows, r)
	}
	return rows
}

// LaneEffort tells what people worked for the customers of a lane before and since.
func LaneEffort(lang string, e lane.Effort) string {
	before, after, ok := e.PerMonth()
	if !ok {
		return laneWord(lang, "effort.few", "n", lane.FewestMonths)
	}
	return laneWord(lang, "effort.says", "customers", e.Customers, "before", timeWords(lang, int(before+.5)), "after", timeWords(lang, int(after+.5)), "months", text.Hundredths(lang, int64(e.Months*100+.5)))
}

func (v *visit) laneID() lane.ID { return lane.ID(v.r.PathValue("id")) }

func (v *visit) decideLane() error {
	return v.laneDone(v.App.DecideLane(v.r.Context(), v.actor, v.laneID(), v.form.Get("decision") == "yes", v.form.Get("note")))
}

func (v *visit) changeLane() error {
	do := map[string]func() error{
		"stop":   func() error { return v.App.StopLane(v.r.Context(), v.actor, v.laneID(), v.form.Get("note")) },
		"reopen": func() error { return v.App.ReopenLane(v.r.Context(), v.actor, v.laneID(), v.form.Get("note")) },
		"close":  func() error { return v.App.CloseLane(v.r.Context(), v.actor, v.laneID(), v.form.Get("note")) },
	}[v.form.Get("act")]
	if do == nil {
		return fault.New(fault.Invalid, "field.choice").On("act")
	}
	return v.laneDone(do())
}

func (v *visit) chooseForLane() error {
	var ids []customer.ID
	for _, c := range v.form["customers"] {
		ids = append(ids, customer.ID(c))
	}
	return v.laneDone(v.App.ChooseForLane(v.r.Context(), v.actor, v.laneID(), ids, v.form.Get("grounds")))
}

func (v *visit) onMember() error {
	ctx, m := v.r.Context(), lane.MemberID(v.r.PathValue("member"))
	do := map[string]func() error{
		"yes":     func() error { return v.App.DecideMember(ctx, v.actor, m, true) },
		"no":      func() error { return v.App.DecideMember(ctx, v.actor, m, false) },
		"release": func() error { return v.App.ReleaseMember(ctx, v.actor, m, v.form.Get("note")) },
		"apply":   func() error { return v.App.ApplyTerms(ctx, v.actor, m, v.form.Get("evidence")) },
	}[v.form.Get("act")]
	if do == nil {
		return fault.New(fault.Invalid, "field.choice").On("act")
	}
	return v.laneDone(do())
}

func (v *visit) laneDone(err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Blocked, fault.Conflict:
		return v.lanePage(web.Status(err), strings.Join(v.problems(err), " "), err)
	}
	if err != nil {
		return err
	}
	v.to("/console/lanes/" + v.r.PathValue("id"))
	return nil
}
