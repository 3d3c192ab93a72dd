package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

const pageSize = 50

// inboxView is the list of cases, or of requests without a customer.
type inboxView struct {
	Lang      string
	View      string
	Tabs      []tab
	Filters   []choiceView
	Query     string
	Chips     []chip
	Clear     string
	Rows      []inboxRow
	Unmatched []unmatchedRow
	Lacking   []lackingRow
	Lacks     string // how many letters lack something; empty if none does, or if they are what is shown
	Stray     string // how many requests have no customer; empty if none, or if they are what is shown
	Pager     pager
	Back      string // where acting on a row comes back to
	Clock     *clockView
}

// choiceView is a filter that is a list.
type choiceView struct {
	Control control
	Options []option
}

// chip is a filter that holds, and the address without it.
type chip struct{ Label, Href string }

// pager says which part of a list is shown.
type pager struct {
	First, Last, Total int
	Prev, Later        string
}

type inboxRow struct {
	ID, Code, Name, Reference, Ends, Stage, Next, Role, Owner, Initials string
	State                                                               badge
	Due                                                                 dueView
	Nobody                                                              bool // nobody in particular
	Step                                                                string
	Take                                                                bool // this person may take it
	Sums                                                                []string
	Test                                                                bool
}

// lackingRow is a letter that lacks something that the law wants in it.
type lackingRow struct {
	documentView
	Name, Href string // whose it is, and where that is
}

type unmatchedRow struct{ ID, Code, Name, Email, At string }

// inboxFilter is what the address of an inbox says.
type inboxFilter struct {
	View, State, Role, Playbook, Due, Segment, Query string
	Page                                             int
}

var (
	inboxViews  = []string{"mine", "team", "overdue", "unassigned", "blocked", "unmatched", "lacking", "open", "closed", "all"}
	inboxStates = []offboarding.CaseState{
		offboarding.CaseRegistered, offboarding.CaseOpen, offboarding.CaseReversing, offboarding.CaseClosed, offboarding.CaseReversed, offboarding.CaseStopped,
	}
	inboxDues = []string{"overdue", "today", "week"}
)

// address is the inbox with the filter, its page left out.
func (f inboxFilter) address(pairs ...string) string {
	all := []string{
		"view", f.View, "state", f.State, "role", f.Role, "playbook", f.Playbook, "due", f.Due, "segment", f.Segment, "q", f.Query,
	}
	return query("/console", append(all, pairs...)...)
}

func (v *visit) inboxFilter() (inboxFilter, error) {
	q := v.r.URL.Query()
	f := inboxFilter{View: q.Get("view"), Due: q.Get("due"), Page: pageOf(q.Get("page"))}
	for name, into := range map[string]*string{
		"state": &f.State, "role": &f.Role, "playbook": &f.Playbook, "segment": &f.Segment, "q": &f.Query,
	} {
		clean, e := customer.CheckText(name, q.Get(name), 200, false)
		if e != nil {
			return f, e
		}
		*into = clean
	}
	if !slices.Contains(inboxDues, f.Due) {
		f.Due = ""
	}
	return f, nil
}

func pageOf(s string) int {
	if n, err := strconv.Atoi(s); err == nil && n > 1 && n < 1_000_000 {
		return n
	}
	return 1
}

func (v *visit) inbox() error {
	f, err := v.inboxFilter()
	if err != nil {
		return err
	}
	switch f.View {
	case "unmatched":
		return v.unmatched(f)
	case "lacking":
		return v.lacking(f, http.StatusOK, echo{})
	}
	clock, now, err := v.clock()
	if err != nil {
		return err
	}
	chosen := slices.Contains(inboxViews, f.View)
	if !chosen {
		f.View = "mine"
	}
	in, err := v.App.OpenInbox(v.r.Context(), v.actor, v.caseFilter(f, now))
	if err == nil && !chosen && in.Total == 0 { // nothing of one's own: what the role waits for, or everything
		if f.View = "team"; in.Count.Team == 0 && !slices.ContainsFunc(v.actor.Roles, worksOnSteps) {
			f.View = "open"
		}
		in, err = v.App.OpenInbox(v.r.Context(), v.actor, v.caseFilter(f, now))
	}
	if err != nil {
		return err
	}
	iv := v.viewInbox(f, in.Count)
	iv.Clock = clock
	iv.Filters = v.inboxFilters(f, in)
	iv.Pager = pagerOf(f.Page, len(in.Cases), in.Total, func(p string) string { return f.address("page", p) })
	for _, r := range in.Cases {
		iv.Rows = append(iv.Rows, v.viewRow(r, in.Users, now))
	}
	v.show(http.StatusOK, "inbox", v.say("inbox.title"), "", inboxPage(iv))
	return nil
}

// worksOnSteps reports whether playbooks give steps to the role.
func worksOnSteps(role string) bool { return role != "auditor" }

// caseFilter is what the address asks the store for.
func (v *visit) caseFilter(f inboxFilter, now time.Time) app.CaseFilter {
	out := app.CaseFilter{
		State: offboarding.CaseState(f.State), Playbook: f.Playbook, Segment: f.Segment, Query: customer.Fold(f.Query),
		Limit: pageSize, Offset: (f.Page - 1) * pageSize, OpenOnly: f.View != "closed" && f.View != "all", OverOnly: f.View == "closed",
	}
	today := when.DateOf(now, v.zone())
	switch f.Due {
	case "overdue":
		out.DueBefore = now
	case "today":
		out.DueBefore = today.End(v.zone())
	case "week":
		out.DueBefore = today.AddDays(7).End(v.zone())
	}
	switch f.View {
	case "mine":
		out.Assignee = v.actor.ID
	case "team":
		out.Roles, out.Decides = v.actor.Roles, v.actor.May("work")
	case "overdue":
		out.DueBefore = now
	case "unassigned":
		out.Unassigned = true
	case "blocked":
		out.Blocked = true
	}
	if f.Role != "" {
		out.Roles, out.Decides = []string{f.Role}, app.Actor{Roles: []string{f.Role}}.May("work")
	}
	return out
}

func (v *visit) viewInbox(f inboxFilter, n app.Waiting) inboxView {
	iv := inboxView{Lang: v.lang, View: f.View, Query: f.Query, Back: f.address("page", pageText(f.Page)), Clear: query("/console", "view", f.View)}
	counts := map[string]int{
		"mine": n.Mine, "team": n.Team, "overdue": n.Overdue, "unassigned": n.Unassigned, "blocked": n.Blocked, "unmatched": n.Unmatched, "lacking": n.Lacking, "open": n.Open,
	}
	for _, name := range inboxViews {
		if name == "lacking" && f.View != name { // it is seldom that there is one, and then it is told below
			continue
		}
		g := f
		g.View = name
		t := tab{Name: v.say("inbox.view." + name), Href: g.address(), Current: name == f.View}
		if n, ok := counts[name]; ok {
			t.Count = text.Number(v.lang, int64(n))
		}
		iv.Tabs = append(iv.Tabs, t)
	}
	if n.Unmatched > 0 && f.View != "unmatched" {
		iv.Stray = v.say("unmatched.notice", "n", n.Unmatched)
	}
	if n.Lacking > 0 && f.View != "lacking" {
		iv.Lacks = v.say("lacking.notice", "n", n.Lacking)
	}
	for _, c := range []struct {
		name, value, word string
		without           func(*inboxFilter)
	}{
		{"state", f.State, known(v.lang, "console.state."+f.State, f.State), func(g *inboxFilter) { g.State = "" }},
		{"role", f.Role, role(v.lang, f.Role), func(g *inboxFilter) { g.Role = "" }},
		{"playbook", f.Playbook, f.Playbook, func(g *inboxFilter) { g.Playbook = "" }},
		{"due", f.Due, known(v.lang, "console.inbox.due."+f.Due, ""), func(g *inboxFilter) { g.Due = "" }},
		{"segment", f.Segment, f.Segment, func(g *inboxFilter) { g.Segment = "" }},
		{"q", f.Query, quoted(v.lang, f.Query), func(g *inboxFilter) { g.Query = "" }},
	} {
		if c.value == "" {
			continue
		}
		g := f
		c.without(&g)
		iv.Chips = append(iv.Chips, chip{v.say("inbox.chip", "name", v.say("inbox.filter."+c.name), "value", c.word), g.address()})
	}
	return iv
}

func pageText(n int) string {
	if n <= 1 {
		return ""
	}
	return strconv.Itoa(n)
}

func pagerOf(page, shown, total int, address func(page string) string) pager {
	p := pager{First: (page-1)*pageSize + 1, Last: (page-1)*pageSize + shown, Total: total}
	if page > 1 {
		p.Prev = address(pageText(page - 1))
	}
	if p.Last < total && shown > 0 {
		p.Later = address(pageText(page + 1))
	}
	return p
}

// inboxFilters are the lists beside the search. What the address asks for is
// always one of the choices.
func (v *visit) inboxFilters(f inboxFilter, in app.Inbox) []choiceView {
	list := func(name, value string, options []option) choiceView {
		all := append([]option{{"", v.say("inbox.any." + name)}}, options...)
		if value != "" && !slices.ContainsFunc(all, func(o option) bool { return o.Value == value }) {
			all = append(all, option{value, value})
		}
		return choiceView{control{ID: "f-" + name, Name: name, Label: v.say("inbox.filter." + name), Value: value}, all}
	}
	var states, roleOptions, dues, books, segments []option
	for _, s := range inboxStates {
		states = append(states, option{string(s), known(v.lang, "console.state."+string(s), string(s))})
	}
	for _, r := range app.Roles {
		if worksOnSteps(r) {
			roleOptions = append(roleOptions, option{r, role(v.lang, r)})
		}
	}
	for _, d := range inboxDues {
		dues = append(dues, option{d, v.say("inbox.due." + d)})
	}
	for _, b := range in.Playbooks {
		books = append(books, option{b, b})
	}
	for _, s := range in.Segments {
		segments = append(segments, option{s, s})
	}
	out := []choiceView{list("state", f.State, states), list("role", f.Role, roleOptions), list("due", f.Due, dues)}
	if len(books) > 1 || f.Playbook != "" {
		out = append(out, list("playbook", f.Playbook, books))
	}
	if len(segments) > 0 || f.Segment != "" {
		out = append(out, list("segment", f.Segment, segments))
	}
	return out
}

func (v *visit) viewRow(r app.InboxRow, users map[string]string, now time.Time) inboxRow {
	c := r.Plan.Case
	row := inboxRow{
		ID: string(c.ID), Code: c.Code, Name: r.Customer.Name, Reference: r.Customer.Reference,
		Ends: text.Date(v.lang, c.Effective), State: caseBadge(v.lang, c), Sums: sums(v.lang, r.Lines, when.DateOf(now, v.zone())),
		Stage: v.say("inbox.stage", "done", r.Over, "all", r.Of), Test: c.Test,
	}
	if c.Paused {
		row.State = badge{"pause", "warn", v.say("mood.paused")}
	}
	s := r.Next
	if s == nil {
		return row
	}
	row.Next, row.Due = title(v.lang, s.Title, s.Key), due(v.lang, s.Due, now, v.zone())
	if s.State == offboarding.StepBlocked {
		row.State = badge{"alert", "bad", v.say("state.blocked")}
	}
	switch name := users[s.Assignee]; {
	case !s.Human:
		row.Role = whoMay(v.lang, "work")
	case name != "":
		row.Owner, row.Initials = name, initials(name)
	default:
		row.Nobody, row.Role = true, role(v.lang, s.Role)
		row.Step, row.Take = s.Key, v.actor.MayWork(*s)
	}
	return row
}

// unmatched lists the requests that nobody could be found for.
func (v *visit) unmatched(f inboxFilter) error {
	list, n, err := v.App.OpenUnmatched(v.r.Context(), v.actor, pageSize, (f.Page-1)*pageSize)
	if err != nil {
		return err
	}
	clock, _, err := v.clock()
	if err != nil {
		return err
	}
	iv := v.viewInbox(inboxFilter{View: f.View, Page: f.Page}, n)
	iv.Clock = clock
	iv.Pager = pagerOf(f.Page, len(list), n.Unmatched, func(p string) string { return query("/console", "view", "unmatched", "page", p) })
	for _, r := range list {
		iv.Unmatched = append(iv.Unmatched, unmatchedRow{
			string(r.ID), r.Code, r.Name, r.AccountEmail, text.ShortInstant(v.lang, r.ReceivedAt, v.zone()),
		})
	}
	v.show(http.StatusOK, "inbox", v.say("inbox.title"), "", inboxPage(iv))
	return nil
}

// lacking lists the letters that went out and lack something that the law wants
// in them.
func (v *visit) lacking(f inboxFilter, status int, e echo) error {
	list, n, err := v.App.OpenLacking(v.r.Context(), v.actor, pageSize, (f.Page-1)*pageSize)
	if err != nil {
		return err
	}
	clock, _, err := v.clock()
	if err != nil {
		return err
	}
	iv := v.viewInbox(inboxFilter{View: "lacking", Page: f.Page}, n)
	iv.Clock = clock
	iv.Pager = pagerOf(f.Page, len(list), n.Lacking, func(p string) string { return query("/console", "view", "lacking", "page", p) })
	for _, d := range list {
		row := lackingRow{documentView: v.viewDocument(d.CheckedDocument, nil, e), Name: d.Name, Href: "/console/customers/" + string(d.Customer)}
		if d.Case != "" {
			row.Href = "/console/cases/" + string(d.Case) + "#documents"
		} else if d.Customer == "" {
			row.Href = "/console/requests/" + string(d.Request)
		}
		if row.Name == "" {
			row.Name = d.Code
		}
		iv.Lacking = append(iv.Lacking, row)
	}
	v.show(status, "inbox", v.say("inbox.title"), e.Error, inboxPage(iv))
	return nil
}

// mendDocument says how somebody made up for what a letter lacked.
func (v *visit) mendDocument() error {
	mid, typed := v.r.PathValue("message"), v.form.Get("evidence")
	err := v.App.MendDocument(v.r.Context(), v.actor, offboarding.MessageID(mid), typed)
	if wrong := fault.Fields(err); len(wrong) > 0 {
		return v.lacking(inboxFilter{View: "lacking", Page: 1}, http.StatusUnprocessableEntity, echo{Form: mid, Typed: typed, Error: text.FieldErrors(v.lang, err)["evidence"]})
	}
	if err != nil {
		return err
	}
	v.to("/console?view=lacking")
	return nil
}

// assign says whose turn a step is; from a list it comes back to the list.
func (v *visit) assign() error {
	step, user := v.r.PathValue("step"), v.form.Get("user")
	if v.form.Has("take") {
		user = v.actor.ID
	}
	err := v.App.AssignStep(v.r.Context(), v.actor, v.caseID(), step, user)
	if back := v.form.Get("back"); err == nil && back != "" {
		v.to(local(back))
		return nil
	}
	return v.after(err, echo{Step: step, Form: "assign"}, "#"+step)
}

// inboxNoun is what the view counts.
func inboxNoun(view string) string {
	switch view {
	case "unmatched":
		return "requests"
	case "lacking":
		return "lacking"
	}
	return "cases"
}
