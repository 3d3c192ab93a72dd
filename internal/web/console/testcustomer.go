package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

// testRow is a test customer in the list of them.
type testRow struct {
	ID, Name, Reference, Made string
	Cases                     []caseLink
}

// testsCard is where test customers are listed.
type testsCard struct {
	Lang, Who string
	May       bool
	Rows      []testRow
}

// testView is what is said of, and done with, a test customer on their page.
type testView struct {
	Lang, ID, Who string
	May           bool
}

func (v *visit) testsCard() (c testsCard, err error) {
	c = testsCard{Lang: v.lang, May: v.actor.May("customer"), Who: whoMay(v.lang, "customer")}
	if !v.actor.MayRead("customer") {
		return c, nil
	}
	list, err := v.App.TestCustomers(v.r.Context(), v.actor)
	for _, t := range list {
		row := testRow{ID: string(t.ID), Name: t.Name, Reference: t.Reference}
		row.Made = v.say("test.made", "who", who(v.lang, t.TestBy, map[string]string{t.TestBy: t.Maker}), "at", text.ShortInstant(v.lang, t.CreatedAt, v.zone()))
		for _, x := range t.Cases {
			row.Cases = append(row.Cases, caseLink{string(x.ID), x.Code, "", caseBadge(v.lang, x).Word})
		}
		c.Rows = append(c.Rows, row)
	}
	return c, err
}

// isTest reports whether the page is about a test customer.
func (v *visit) isTest() (bool, error) {
	return v.App.IsTest(v.r.Context(), v.r.PathValue("id"))
}

// hurryTest lets the departure of a test customer wait no more.
func (v *visit) hurryTest() error {
	err := v.App.HurryTest(v.r.Context(), v.actor, v.caseID())
	return v.after(err, echo{}, "")
}

// forgetTest deletes a test customer with everything that hangs on them.
func (v *visit) forgetTest() error {
	id := customer.ID(v.r.PathValue("id"))
	f, err := v.App.ForgetTest(v.r.Context(), v.actor, id)
	switch fault.KindOf(err) {
	case fault.Blocked, fault.Conflict:
		return v.customerDone(err, "forget")
	}
	if err != nil {
		return err
	}
	v.to(query("/console/customers", "forgotten", f.Reference))
	return nil
}

// mayHurry reports whether something of a rehearsed departure waits for its
// date.
func mayHurry(c app.CaseView, now func(offboarding.Work) bool) bool {
	if !c.Plan.Case.Test {
		return false
	}
	for _, w := range c.Works {
		if w.Kind == "wait" && w.State == offboarding.WorkReady && now(w) {
			return true
		}
	}
	return false
}
