package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/signal"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// risksView is the list of customers by how they are rated.
type risksView struct {
	Lang              string
	Tabs              []tab
	Band, Rated, None string
	Rows              []riskRow
	First, Next       string
}

type riskRow struct {
	ID, Name, Reference string
	Points              string
	Band                badge
	Reasons             []string
	Play, Owner         string
	Due                 dueView
	Sums                []string
	Worth               []string
}

// riskView is how one customer is rated, and what is done about it.
type riskView struct {
	Lang, ID, Name string
	Now            *scoreView
	Left           []scoreView
	Plays          []playView
	Suits          string // kind of play
	Offer          []option
	Owners         []option
	May            bool
	Who            string
	Today          string
	Form           string // the form that was refused
	Typed, Errors  map[string]string
}

type scoreView struct {
	Day, Points, Case string
	Band              badge
	Signals           []signalView
}

type signalView struct {
	Text, Points string
	State        badge
}

type playView struct {
	ID, Kind, Sort, Stage, Owner, OwnerID, Opened, By, Plan, Note, Facts, DueDay string
	State                                                                        badge
	Due                                                                          dueView
	Over, CanBegin                                                               bool
}

func riskWord(lang, code string, args ...any) string {
	return text.Say(lang, "console.risk."+code, args...)
}

func (v risksView) word(code string, args ...any) string { return riskWord(v.Lang, code, args...) }

func (v riskView) word(code string, args ...any) string { return riskWord(v.Lang, code, args...) }

// field is one control of the form with the name; what was typed stays in the
// form that was refused.
func (v riskView) field(form, name, was string, required bool) control {
	c := control{ID: strings.ReplaceAll(form, ".", "-") + "-" + name, Name: name, Label: v.word("play." + name), Value: was, Required: required}
	if hint := "console.risk.play." + name + ".hint"; text.Known(v.Lang, hint) {
		c.Hint = text.Say(v.Lang, hint)
	}
	if v.Form == form {
		c.Value, c.Error = v.Typed[name], v.Errors[name]
	}
	if name == "due" {
		c.Kind = "date"
	}
	return c
}

func (v riskView) outcomes() []option {
	out := make([]option, len(play.Outcomes))
	for i, o := range play.Outcomes {
		out[i] = option{string(o), v.word("outcome." + string(o))}
	}
	return out
}

var bandLooks = map[risk.Band]badge{
	risk.High: {Icon: "alert", Class: "bad"}, risk.Medium: {Icon: "gauge", Class: "warn"}, risk.Low: {Icon: "check"}, risk.Unknown: {Icon: "dash"},
}

func bandBadge(lang string, b risk.Band) badge {
	out := bandLooks[b]
	out.Word = riskWord(lang, "band."+string(b))
	return out
}

// signalWords tells a signal with its facts.
func signalWords(lang string, s signal.Signal) string {
	code := "signal." + string(s.Kind)
	if s.State == signal.Unknown {
		return riskWord(lang, code+".unknown", "why", riskWord(lang, s.Why, "days", signal.StaleDays, "n", signal.FewestBefore))
	}
	if s.Kind == signal.RepeatedIncidents {
		return riskWord(lang, code, "n", s.Recent/signal.Unit, "from", text.Date(lang, s.From), "until", text.Date(lang, s.Until))
	}
	trend := string(s.Trend)
	if s.Trend == signal.Rising && s.Before == 0 {
		trend = "begun"
	}
	return riskWord(lang, code+"."+trend, "percent", max(s.Change, -s.Change), "recent", amountWords(lang, s.Recent),
		"before", amountWords(lang, s.Before), "from", text.Date(lang, s.From), "until", text.Date(lang, s.Until))
}

// amountWords writes a value as people say it: from ten on, without decimals.
func amountWords(lang string, v int64) string {
	if v >= 10*signal.Unit {
		v = (v + signal.Unit/2) / signal.Unit * signal.Unit
	}
	return text.Thousandths(lang, v)
}

// RiskReasons tells in words why a customer is rated as they are.
func RiskReasons(lang string, s risk.Score) string {
	list := reasonWords(lang, s)
	if len(list) == 0 {
		list = []string{riskWord(lang, "reasons.none."+string(s.Band))}
	}
	return strings.Join(list, " ")
}

func reasonWords(lang string, s risk.Score) (list []string) {
	for _, r := range s.Reasons {
		list = append(list, signalWords(lang, signal.Of(s.Signals, r.Signal)))
	}
	return list
}

func (v *visit) viewScore(r app.Risk) scoreView {
	out := scoreView{
		Day: text.LongDate(v.lang, r.Score.Day), Points: riskWord(v.lang, "points", "n", r.Score.Points), Band: bandBadge(v.lang, r.Score.Band), Case: string(r.Case),
	}
	for _, s := range r.Score.Signals {
		sv := signalView{Text: signalWords(v.lang, s), State: badge{Icon: "check", Word: riskWord(v.lang, "state.no")}}
		switch s.State {
		case signal.Yes:
			sv.State = badge{Icon: "alert", Class: "warn", Word: riskWord(v.lang, "state.yes")}
		case signal.Unknown:
			sv.State = badge{Icon: "dash", Word: riskWord(v.lang, "state.unknown")}
		}
		for _, x := range r.Score.Reasons {
			if x.Signal == s.Kind {
				sv.Points = riskWord(v.lang, "points.plus", "n", x.Points)
			}
		}
		out.Signals = append(out.Signals, sv)
	}
	return out
}

func (v *visit) viewPlay(p app.PlayView, names map[string]string, today when.Date) playView {
	out := playView{
		ID: string(p.ID), Kind: riskWord(v.lang, "kind."+string(p.Kind)), Sort: riskWord(v.lang, "sort.reactive"),
		Stage: string(p.Stage), Owner: names[p.Owner], OwnerID: p.Owner, Plan: p.Plan, Note: p.Note, Over: p.Over(), CanBegin: p.Stage == play.Planned,
		Opened: text.ShortInstant(v.lang, p.OpenedAt, v.zone()), By: who(v.lang, p.OpenedBy, names), DueDay: p.Due.String(),
		State: badge{Icon: "dot", Class: "info", Word: riskWord(v.lang, "stage."+string(p.Stage))},
	}
	if p.Kind.Proactive() {
		out.Sort = riskWord(v.lang, "sort.proactive")
	}
	if p.Over() {
		out.State = badge{Icon: "check", Word: riskWord(v.lang, "outcome."+string(p.Outcome))}
	}
	if !p.Due.IsZero() {
		out.Due = dueView{text.Date(v.lang, p.Due), p.Late(today)}
	}
	if p.Score.Band != "" {
		out.Facts = RiskReasons(v.lang, p.Score)
	}
	return out
}

// risksPage is how many customers a page of the list has.
const risksPage = 50

func (v *visit) risks() error {
	q := v.r.URL.Query()
	band := risk.Band(cmp.Or(q.Get("band"), string(risk.High)))
	offset, _ := strconv.Atoi(q.Get("from")) // what is no number is the first page
	offset = max(offset, 0)
	list, err := v.App.ListRisks(v.r.Context(), v.actor, band, risksPage, offset)
	if err != nil {
		return err
	}
	rv := risksView{Lang: v.lang, Band: string(band), None: riskWord(v.lang, "none."+string(band))}
	if rv.Rated = riskWord(v.lang, "rated.never"); !list.Rated.IsZero() {
		rv.Rated = riskWord(v.lang, "rated", "when", text.ShortInstant(v.lang, list.Rated, v.zone()))
	}
	for _, b := range risk.Bands {
		rv.Tabs = append(rv.Tabs, tab{
			Name: riskWord(v.lang, "band."+string(b)), Href: query("/console/risks", "band", string(b)), Count: text.Number(v.lang, int64(list.Counts[b])), Current: b == band,
		})
	}
	if offset > 0 {
		rv.First = query("/console/risks", "band", string(band))
	}
	if list.More {
		rv.Next = query("/console/risks", "band", string(band), "from", strconv.Itoa(offset+risksPage))
	}
	_, now, err := v.clock()
	if err != nil {
		return err
	}
	for _, r := range list.Rows {
		rv.Rows = append(rv.Rows, v.viewRisk(r, list.Names, when.DateOf(now, v.zone())))
	}
	v.show(http.StatusOK, "risks", rv.word("title"), "", risksPageOf(rv))
	return nil
}

func (v *visit) viewRisk(r app.RiskView, names map[string]string, today when.Date) riskRow {
	row := riskRow{
		ID: string(r.Customer.ID), Name: r.Customer.Name, Reference: r.Customer.Reference, Points: riskWord(v.lang, "points", "n", r.Score.Points),
		Band: bandBadge(v.lang, r.Score.Band), Reasons: reasonWords(v.lang, r.Score), Sums: sums(v.lang, r.Lines, today),
		Worth: worthLines(v.lang, r.Worth),
	}
	if len(row.Reasons) == 0 {
		row.Reasons = []string{RiskReasons(v.lang, r.Score)}
	}
	if p := r.Play; p != nil {
		pv := v.viewPlay(*p, names, today)
		row.Play, row.Owner, row.Due = pv.Kind+" · "+pv.State.Word, pv.Owner, pv.Due
	}
	return row
}

func (v *visit) customerRisk() error { return v.customerRiskPage(http.StatusOK, "", "", nil, nil) }

func (v *visit) customerRiskPage(status int, problem, form string, typed, errs map[string]string) error {
	c, err := v.App.OpenCustomerRisk(v.r.Context(), v.actor, customer.ID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	rv := v.viewCustomerRisk(c)
	rv.Form, rv.Typed, rv.Errors = form, typed, errs
	v.show(status, "risks", rv.word("of", "name", rv.Name), problem, riskPage(rv))
	return nil
}

func (v *visit) viewCustomerRisk(c app.CustomerRisk) riskView {
	rv := riskView{
		Lang: v.lang, ID: string(c.Customer.ID), Name: c.Customer.Name, May: v.actor.May("risk"), Who: whoMay(v.lang, "risk"), Today: c.Today.String(),
		Suits: string(c.Suits()), Owners: []option{{"", riskWord(v.lang, "play.owner.choose")}},
	}
	if c.Now != nil {
		s := v.viewScore(*c.Now)
		rv.Now = &s
	}
	for _, r := range c.Left {
		rv.Left = append(rv.Left, v.viewScore(r))
	}
	for _, p := range c.Plays {
		rv.Plays = append(rv.Plays, v.viewPlay(p, c.Names, c.Today))
	}
	for _, k := range play.Kinds {
		if !c.Open(k) {
			rv.Offer = append(rv.Offer, option{string(k), riskWord(v.lang, "kind."+string(k)+".long")})
		}
	}
	slices.SortStableFunc(rv.Offer, func(a, b option) int {
		return cmp.Compare(strconv.FormatBool(b.Value == rv.Suits), strconv.FormatBool(a.Value == rv.Suits))
	})
	for _, u := range c.Owners {
		rv.Owners = append(rv.Owners, option{u.ID, u.Name})
	}
	return rv
}

// risksDone goes back to where the form was, or shows it with what was typed
// and what is wrong with it.
func (v *visit) risksDone(err error, form string) error {
	if err == nil {
		v.to("/console/customers/" + v.r.PathValue("id") + "/risk#" + form)
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Blocked, fault.Forbidden:
	default:
		return err
	}
	typed := map[string]string{}
	for name := range v.form {
		typed[name] = v.form.Get(name)
	}
	return v.customerRiskPage(web.Status(err), v.worded(err), form, typed, text.FieldErrors(v.lang, err))
}

func (v *visit) openPlay() error {
	_, err := v.App.OpenPlay(v.r.Context(), v.actor, customer.ID(v.r.PathValue("id")), play.Kind(v.form.Get("kind")))
	return v.risksDone(err, "plays")
}

func (v *visit) planPlay() error {
	id := v.r.PathValue("play")
	due, err := v.day("due")
	if err == nil {
		err = v.App.AssignPlay(v.r.Context(), v.actor, app.PlayPlan{Play: play.ID(id), Owner: v.form.Get("owner"), Due: due, Plan: v.form.Get("plan")})
	}
	return v.risksDone(err, id+"-plan")
}

func (v *visit) beginPlay() error {
	id := v.r.PathValue("play")
	return v.risksDone(v.App.BeginPlay(v.r.Context(), v.actor, play.ID(id)), id)
}

func (v *visit) finishPlay() error {
	id := v.r.PathValue("play")
	return v.risksDone(v.App.FinishPlay(v.r.Context(), v.actor, app.PlayEnd{
		Play: play.ID(id), Outcome: play.Outcome(v.form.Get("outcome")), Note: v.form.Get("note"),
	}), id+"-end")
}
