package console

import (
	"net/http"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/relationship"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// promisesView lists what waits to be answered or kept, of all customers or of
// one.
type promisesView struct {
	Lang        string
	Customer    string // id; empty: of all
	Name        string
	Complaints  []complaintView
	Commitments []commitmentView
	May         bool
	Who         string
	Today       string
	Form        string // the form that was refused
	Typed       map[string]string
	Errors      map[string]string
}

type complaintView struct {
	ID, Customer, Name, Received, What, Cause, Answer string
	State                                             badge
	Due                                               dueView
	Open, Test                                        bool
}

type commitmentView struct {
	ID, Customer, Name, Case, By, What, Evidence string
	State                                        badge
	Due                                          dueView
	Open, Test                                   bool
}

func (v promisesView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.promises."+code, args...)
}

// field is one control of the form with the name; what was typed stays in the
// form that was refused.
func (v promisesView) field(form, name string, required bool) control {
	c := control{ID: strings.ReplaceAll(form+"."+name, ".", "-"), Name: name, Label: v.word(name), Required: required}
	if hint := "console.promises." + name + ".hint"; text.Known(v.Lang, hint) {
		c.Hint = text.Say(v.Lang, hint)
	}
	if v.Form == form {
		c.Value, c.Error = v.Typed[name], v.Errors[name]
	}
	if strings.HasSuffix(name, "received") || strings.HasSuffix(name, "due") || name == "by" {
		c.Kind = "date"
	}
	return c
}

// received is the day a complaint came in: today, unless another was typed.
func (v promisesView) received() control {
	c := v.field("complaint", "complaint.received", true)
	if v.Form != "complaint" {
		c.Value = v.Today
	}
	return c
}

func (v *visit) promises() error {
	p, err := v.App.OpenPromises(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	pv, err := v.newPromises("", nil, nil)
	if err != nil {
		return err
	}
	v.fillPromises(&pv, p.Complaints, p.Commitments, p.Customers)
	v.show(http.StatusOK, "promises", pv.word("title"), "", promisesPage(pv))
	return nil
}

func (v *visit) customerPromises() error {
	return v.customerPromisesPage(http.StatusOK, "", "", nil, nil)
}

func (v *visit) customerPromisesPage(status int, problem, form string, typed, errs map[string]string) error {
	p, err := v.App.OpenCustomerPromises(v.r.Context(), v.actor, customer.ID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	pv, err := v.newPromises(form, typed, errs)
	if err != nil {
		return err
	}
	pv.Customer, pv.Name = string(p.Customer.ID), p.Customer.Name
	v.fillPromises(&pv, p.Complaints, p.Commitments, nil)
	v.show(status, "customers", pv.word("of", "name", p.Customer.Name), problem, promisesPage(pv))
	return nil
}

func (v *visit) newPromises(form string, typed, errs map[string]string) (promisesView, error) {
	_, now, err := v.clock()
	return promisesView{
		Lang: v.lang, May: v.actor.May("complaint"), Who: whoMay(v.lang, "complaint"), Today: when.DateOf(now, v.zone()).String(),
		Form: form, Typed: typed, Errors: errs,
	}, err
}

func (v *visit) fillPromises(pv *promisesView, complaints []relationship.Complaint, commitments []relationship.Commitment, names map[customer.ID]customer.Customer) {
	today, err := when.ParseDate(pv.Today)
	if err != nil {
		return // it was made by newPromises
	}
	for _, c := range complaints {
		cv := complaintView{
			ID: string(c.ID), Customer: string(c.Customer), Name: names[c.Customer].Name, Test: names[c.Customer].Test(), Received: text.LongDate(v.lang, c.Received),
			What: c.What, Cause: c.Cause, Answer: c.Answer, Open: c.Unsolved(), State: complaintBadge(v.lang, c),
		}
		if c.State == relationship.Open {
			cv.Due = dueView{text.Date(v.lang, c.AnswerBy), c.Late(today)}
		}
		pv.Complaints = append(pv.Complaints, cv)
	}
	for _, c := range commitments {
		cv := commitmentView{
			ID: string(c.ID), Customer: string(c.Customer), Name: names[c.Customer].Name, Test: names[c.Customer].Test(), Case: string(c.Case), By: pv.word("side." + string(c.By)),
			What: c.What, Evidence: c.Evidence, Open: c.State == relationship.Pending, State: commitmentBadge(v.lang, c, today),
		}
		if cv.Open {
			cv.Due = dueView{text.Date(v.lang, c.Due), c.Late(today)}
		}
		pv.Commitments = append(pv.Commitments, cv)
	}
}

func complaintBadge(lang string, c relationship.Complaint) badge {
	b := badge{"clock", "warn", text.Say(lang, "console.promises.complaint."+string(c.State))}
	switch c.State {
	case relationship.Fixed:
		b.Icon, b.Class = "check", "info"
	case relationship.Declined:
		b.Icon, b.Class = "dash", ""
	}
	return b
}

func commitmentBadge(lang string, c relationship.Commitment, today when.Date) badge {
	word := string(c.State)
	b := badge{"clock", "", ""}
	switch {
	case c.State == relationship.Kept && c.Late(today):
		b.Icon, b.Class, word = "check", "warn", "kept_late"
	case c.State == relationship.Kept:
		b.Icon, b.Class = "check", "info"
	case c.State == relationship.Broken:
		b.Icon, b.Class = "x", "bad"
	case c.State == relationship.Released:
		b.Icon = "dash"
	case c.Late(today):
		b.Icon, b.Class, word = "alert", "warn", "late"
	}
	b.Word = text.Say(lang, "console.promises.commitment."+word)
	return b
}

// promisesDone goes back to where the form was, or shows it with what was
// typed and what is wrong with it.
func (v *visit) promisesDone(err error, form string) error {
	if err == nil {
		v.to("/console/customers/" + v.r.PathValue("id") + "/promises#" + form)
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
	return v.customerPromisesPage(web.Status(err), v.worded(err), form, typed, text.FieldErrors(v.lang, err))
}

// day reads a date of a form; empty is no date.
func (v *visit) day(name string) (when.Date, error) {
	s := strings.TrimSpace(v.form.Get(name))
	if s == "" {
		return when.Date{}, nil
	}
	d, err := when.ParseDate(s)
	if err != nil {
		return d, fault.New(fault.Invalid, "date.unreadable").On(name)
	}
	return d, nil
}

func (v *visit) addComplaint() error {
	received, err := v.day("complaint.received")
	if err == nil {
		_, err = v.App.RecordComplaint(v.r.Context(), v.actor, relationship.Complaint{
			Customer: customer.ID(v.r.PathValue("id")), Received: received, What: v.form.Get("complaint.what"), Cause: v.form.Get("complaint.cause"),
		})
	}
	return v.promisesDone(err, "complaint")
}

func (v *visit) answerComplaint() error {
	by, err := v.day("by")
	id := v.r.PathValue("complaint")
	if err == nil {
		err = v.App.AnswerComplaint(v.r.Context(), v.actor, app.ComplaintAnswer{
			Complaint: relationship.ComplaintID(id), State: relationship.ComplaintState(v.form.Get("state")),
			Cause: v.form.Get("cause"), Answer: v.form.Get("answer"), By: by,
		})
	}
	return v.promisesDone(err, id)
}

func (v *visit) addCommitment() error {
	due, err := v.day("commitment.due")
	if err == nil {
		_, err = v.App.AddCommitment(v.r.Context(), v.actor, relationship.Commitment{
			Customer: customer.ID(v.r.PathValue("id")), By: relationship.Side(v.form.Get("commitment.by")), Due: due, What: v.form.Get("commitment.what"),
		})
	}
	return v.promisesDone(err, "commitment")
}

func (v *visit) endCommitment() error {
	id := v.r.PathValue("commitment")
	return v.promisesDone(v.App.EndCommitment(v.r.Context(), v.actor, app.CommitmentEnd{
		Commitment: relationship.CommitmentID(id), State: relationship.CommitmentState(v.form.Get("state")), Evidence: v.form.Get("evidence"),
	}), id)
}

// viewBetween is what stands between the customer of a case and the company.
func (v *visit) viewBetween(c app.CaseView, now time.Time) promisesView {
	pv := promisesView{Lang: v.lang, Today: when.DateOf(now, v.zone()).String()}
	if !v.actor.MayRead("complaint") {
		return pv
	}
	pv.Customer, pv.Name = string(c.Customer.ID), c.Customer.Name
	v.fillPromises(&pv, c.Between.Complaints, c.Between.Commitments, nil)
	return pv
}
