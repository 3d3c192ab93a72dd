package console

import (
	"cmp"
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

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
	found, err := v.App.ListCustomers(v.r.Context(), v.actor, app.CustomerFilter{Query: q, Limit: 20})
	if err != nil {
		return err
	}
	rv := requestView{
		Lang: v.lang, ID: string(r.ID), Code: r.Code, Name: cmp.Or(r.Name, r.AccountEmail, r.Code), Email: r.AccountEmail, Receipt: r.ReceiptEmail, Reference: r.Reference,
		Asked: text.Instant(v.lang, r.ReceivedAt, v.zone()), Case: string(r.Case), Query: q, Total: found.Total,
		May: v.actor.May("request"), Who: whoMay(v.lang, "request"),
	}
	now, _, err := v.App.Now(v.r.Context())
	if err != nil {
		return err
	}
	for _, c := range found.Rows {
		rv.Found = append(rv.Found, viewCustomer(v.lang, c, when.DateOf(now, v.zone())))
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
