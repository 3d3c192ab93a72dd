package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

const (
	pageSize = 50
	// mergeMost bounds how many cases are read of each of several filters whose
	// results are shown as one list.
	mergeMost = 500
)

// inboxView is the list of cases.
type inboxView struct {
	Lang      string
	View      string
	Query     string
	Tabs      []tab
	Rows      []inboxRow
	Total     int
	First     int // number of the first row shown, from 1
	Prev      string
	Later     string
	Unmatched []unmatchedRow
	Clock     *clockView
}

type inboxRow struct {
	ID, Code, Name, Reference, Ends, Stage, Next, Owner string
	State                                               badge
	Due                                                 dueView
	Mine                                                bool
	Sums                                                []string
}

type unmatchedRow struct{ ID, Code, Name, Email, At string }

var inboxViews = []string{"mine", "open", "closed", "all"}

func (v *visit) inbox() error {
	q := v.r.URL.Query()
	view, page := q.Get("view"), 1
	if !slices.Contains(inboxViews, view) {
		view = "mine"
		if !v.actor.Holds("agent", "finance", "privacy", "success", "admin") {
			view = "open" // no step can be theirs
		}
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 1 && n < 1_000_000 {
		page = n
	}
	if _, e := customer.CheckText("q", q.Get("q"), 200, false); e != nil {
		return e
	}
	in, err := v.cases(view, q.Get("q"), (page-1)*pageSize)
	if err != nil {
		return err
	}
	clock, now, err := v.clock()
	if err != nil {
		return err
	}
	iv := v.viewInbox(in, view, q.Get("q"), page, now)
	iv.Clock = clock
	v.show(http.StatusOK, "inbox", v.say("inbox.title"), "", inboxPage(iv))
	return nil
}

// cases reads one page of a view. Views of several roles or states are several
// lists; they are joined here.
func (v *visit) cases(view, q string, offset int) (app.Inbox, error) {
	var filters []app.CaseFilter
	switch view {
	case "mine":
		for _, r := range v.actor.Roles {
			filters = append(filters, app.CaseFilter{Role: r, OpenOnly: true})
		}
	case "open":
		filters = []app.CaseFilter{{OpenOnly: true}}
	case "closed":
		for _, s := range []offboarding.CaseState{offboarding.CaseClosed, offboarding.CaseReversed, offboarding.CaseStopped} {
			filters = append(filters, app.CaseFilter{State: s})
		}
	default:
		filters = []app.CaseFilter{{}}
	}
	var all app.Inbox
	seen := map[offboarding.CaseID]bool{}
	for _, f := range filters {
		f.Query, f.Limit, f.Offset = customer.Fold(q), pageSize, offset
		if len(filters) > 1 {
			f.Limit, f.Offset = mergeMost, 0
		}
		in, err := v.App.OpenInbox(v.r.Context(), v.actor, f)
		if err != nil || len(filters) == 1 {
			return in, err
		}
		all.Unmatched = in.Unmatched
		for _, row := range in.Cases {
			if !seen[row.Plan.Case.ID] {
				seen[row.Plan.Case.ID] = true
				all.Cases = append(all.Cases, row)
			}
		}
	}
	slices.SortStableFunc(all.Cases, func(a, b app.InboxRow) int {
		if view == "closed" {
			return b.Plan.Case.ClosedAt.Compare(a.Plan.Case.ClosedAt)
		}
		return cmp.Or(dueOf(a).Compare(dueOf(b)), cmp.Compare(a.Plan.Case.Code, b.Plan.Case.Code))
	})
	all.Total = len(all.Cases)
	all.Cases = all.Cases[min(offset, all.Total):min(offset+pageSize, all.Total)]
	return all, nil
}

func dueOf(r app.InboxRow) time.Time {
	if r.Next == nil || r.Next.Due.IsZero() {
		return time.Unix(1<<40, 0) // no date comes after every date
	}
	return r.Next.Due
}

func (v *visit) viewInbox(in app.Inbox, view, q string, page int, now time.Time) inboxView {
	iv := inboxView{Lang: v.lang, View: view, Query: q, Total: in.Total, First: (page-1)*pageSize + 1}
	for _, name := range inboxViews {
		iv.Tabs = append(iv.Tabs, tab{v.say("inbox.view." + name), query("/console", "view", name, "q", q), name == view})
	}
	if page > 1 {
		iv.Prev = query("/console", "view", view, "q", q, "page", strconv.Itoa(page-1))
	}
	if page*pageSize < in.Total {
		iv.Later = query("/console", "view", view, "q", q, "page", strconv.Itoa(page+1))
	}
	for _, r := range in.Cases {
		iv.Rows = append(iv.Rows, v.viewRow(r, now))
	}
	for _, r := range in.Unmatched {
		iv.Unmatched = append(iv.Unmatched, unmatchedRow{
			string(r.ID), r.Code, r.Name, r.AccountEmail, text.ShortInstant(v.lang, r.ReceivedAt, v.zone()),
		})
	}
	return iv
}

func (v *visit) viewRow(r app.InboxRow, now time.Time) inboxRow {
	c := r.Plan.Case
	row := inboxRow{
		ID: string(c.ID), Code: c.Code, Name: r.Customer.Name, Reference: r.Customer.Reference,
		Ends: text.Date(v.lang, c.Effective), State: caseBadge(v.lang, c.State), Sums: sums(v.lang, r.Lines),
		Stage: v.say("inbox.stage", "done", r.Over, "all", len(r.Plan.Steps)),
	}
	if s := r.Next; s != nil && c.State.Open() {
		row.Next, row.Mine = title(v.lang, s.Title, s.Key), v.actor.MayWork(*s)
		row.Due = due(v.lang, s.Due, now, v.zone())
		switch {
		case s.State == offboarding.StepBlocked:
			row.Owner, row.Mine = whoMay(v.lang, "work"), v.actor.May("work")
			row.State = badge{"alert", "bad", v.say("state.blocked")}
		case s.Role != "":
			row.Owner = role(v.lang, s.Role)
		}
	}
	return row
}

// requestView is a request that nobody could be found for.
type requestView struct {
	Lang                                             string
	ID, Code, Name, Email, Receipt, Reference, Asked string
	Case                                             string // once it is tied
	Query                                            string
	Found                                            []customerRow
	Total                                            int
	May                                              bool
	Who                                              string
}

func (v *visit) request() error { return v.requestPage(http.StatusOK, "") }

func (v *visit) requestPage(status int, problem string) error {
	r, err := v.App.RequestView(v.r.Context(), v.actor, offboarding.RequestID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	q := v.r.FormValue("q") // of the address, or of the form that was refused
	if !v.r.Form.Has("q") {
		q = cmp.Or(r.Reference, r.AccountEmail, r.Name)
	}
	found, total, err := v.App.ListCustomers(v.r.Context(), v.actor, q, 20)
	if err != nil {
		return err
	}
	rv := requestView{
		Lang: v.lang, ID: string(r.ID), Code: r.Code, Name: r.Name, Email: r.AccountEmail, Receipt: r.ReceiptEmail, Reference: r.Reference,
		Asked: text.Instant(v.lang, r.ReceivedAt, v.zone()), Case: string(r.Case), Query: q, Total: total,
		May: v.actor.May("request"), Who: whoMay(v.lang, "request"),
	}
	for _, c := range found {
		rv.Found = append(rv.Found, viewCustomer(v.lang, c))
	}
	v.show(status, "inbox", r.Code, problem, requestPage(rv))
	return nil
}

func (v *visit) match() error {
	id := offboarding.RequestID(v.r.PathValue("id"))
	c, err := v.App.MatchByHand(v.r.Context(), v.actor, id, customer.ID(v.form.Get("customer")))
	switch fault.KindOf(err) {
	case fault.Blocked, fault.Conflict, fault.Forbidden:
		return v.requestPage(web.Status(err), v.worded(err))
	}
	if err != nil {
		return err
	}
	v.to("/console/cases/" + string(c))
	return nil
}
