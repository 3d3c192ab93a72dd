package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/worth"
)

// says has the company say what serving costs.
func (w *world) says(t *testing.T, c company.Costs) {
	t.Helper()
	page, err := w.OpenCompany(t.Context(), admin)
	must(t, err)
	page.Profile.Costs, page.Profile.Currency, page.Profile.Email = c, "EUR", "hola@faro.example"
	_, err = w.SetCompany(t.Context(), admin, app.CompanyInput{Profile: page.Profile, Version: -1})
	must(t, err)
}

// leavers have so many customers left in the last year.
func (w *world) leavers(t *testing.T, n int) {
	t.Helper()
	today := w.today(t)
	var file strings.Builder
	for i := range n {
		on, since := today.AddDays(-1-i*300/n), today.AddDays(-400-i*7)
		fmt.Fprintf(&file, "W-%[1]d,Pasado %[1]d,w%[1]d@past.example,%02[2]d/%02[3]d/%[4]d,Muy caro,,,%02[5]d/%02[6]d/%[7]d,20.00\n", i, on.Day, on.Month, on.Year, since.Day, since.Month, since.Year)
	}
	if rep, out := w.importLeft(t, file.String(), false); rep.Changed != n {
		t.Fatalf("%+v %+v", rep, out)
	}
}

func (w *world) valueOf(t *testing.T, c customer.ID) worth.Value {
	t.Helper()
	v, err := w.OpenWorth(t.Context(), agent, c)
	must(t, err)
	if v.Worth == nil {
		return worth.Value{Why: worth.NotYet}
	}
	return v.Worth.Value
}

func part(v worth.Value, k worth.Kind) (p worth.Part) {
	if i := slices.IndexFunc(v.Parts, func(p worth.Part) bool { return p.Kind == k }); i >= 0 {
		p = v.Parts[i]
	}
	return p
}

// What a customer is worth is unknown until there is something to learn from and
// somebody said what serving costs; then it is a figure with an interval and parts that
// add up, and it stays as it was when they ask to leave.
func TestAValueIsComputedOnceItCanBeKnown(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		success := app.Actor{ID: "usr_s", Roles: []string{"success"}}
		ids := w.addCustomers(t, 3, 2420)
		if v := w.valueOf(t, ids[0]); v.Why != worth.NotYet {
			t.Errorf("before anybody computed it: %+v", v)
		}
		_, err := w.ValueAll(ctx, app.Actor{ID: "usr_a", Roles: []string{"agent"}})
		code(t, err, "forbidden.role")
		_, err = w.ValueAll(ctx, success)
		must(t, err)
		if v := w.valueOf(t, ids[0]); v.Why != worth.FewLeft {
			t.Errorf("nobody was seen to leave: %+v", v)
		}
		w.leavers(t, 40)
		_, err = w.ValueAll(ctx, success)
		must(t, err)
		if v := w.valueOf(t, ids[0]); v.Why != worth.NoMargin || v.Learned.Left < 40 {
			t.Errorf("nobody said what is left of a price: %+v", v)
		}
		_, err = w.RecordEffort(ctx, agent, effort.Effort{Customer: ids[0], Day: w.today(t), Minutes: 90, Who: "Marta", What: "Ayudó con el alta"})
		must(t, err)
		w.says(t, company.Costs{Margin: "60", Hour: "40"})
		must(t, w.UntilQuiet(ctx)) // it is computed by itself
		eventually(t, "a figure", func() bool { return w.valueOf(t, ids[0]).Known() })
		v, other := w.valueOf(t, ids[0]), w.valueOf(t, ids[1])
		var sum int64
		for _, p := range v.Parts {
			sum += p.Sum
		}
		price, goods, hours := part(v, worth.Price), part(v, worth.Goods), part(v, worth.Hours)
		if price.Month != 2420 || goods.Month != -968 || hours.Month >= 0 || sum != v.Sum || v.Low > v.Sum || v.High < v.Sum || v.Low == v.High || v.Currency != "EUR" {
			t.Fatalf("%+v", v)
		}
		if part(other, worth.Hours) != (worth.Part{}) || other.Sum <= v.Sum || !slices.Contains(other.Left, worth.Incidents) || slices.Contains(other.Left, worth.Hours) {
			t.Errorf("nobody worked for the other one: %+v", other)
		}
		list, err := w.ListCustomers(ctx, agent, app.CustomerFilter{Query: "M-2420-0", Limit: 1})
		must(t, err)
		if len(list.Rows) != 1 || list.Rows[0].Worth == nil || list.Rows[0].Worth.Sum != v.Sum {
			t.Errorf("in the list: %+v", list.Rows)
		}
		rows, more, err := w.PageWorth(ctx, agent, "", 2)
		must(t, err)
		if len(rows) != 2 || !more || rows[0].Who.Reference == "" {
			t.Errorf("%d rows, more: %v", len(rows), more)
		}
		_, err = w.OpenWorth(ctx, app.Actor{ID: "usr_p", Roles: []string{"privacy"}}, ids[0])
		code(t, err, "forbidden.role")
		w.verifyLog(t)
	})
}

// Recorded time is read by those who may, is recorded once for each line of a timesheet,
// and can be taken back; none goes in of a list in which one is wrong.
func TestTimeIsRecordedOnceAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		c, day := w.customerOf(t, almena), w.today(t)
		line := func(customer, reference string, minutes int) app.EffortInput {
			return app.EffortInput{Customer: customer, Effort: effort.Effort{Day: day, Minutes: minutes, Who: "Luis", What: "Cambió el enrutador", Reference: reference}}
		}
		_, err := w.AddEffort(ctx, agent, []app.EffortInput{line(almena, "T-1", 30), line("nobody", "T-2", 30), line(almena, "T-3", 0)})
		if fields := fault.Fields(err); len(fields) != 2 || fields[0].Field != "hours.1.customer" || fields[1].Field != "hours.2.minutes" {
			t.Fatalf("%v", err)
		}
		for want := range 2 {
			n, err := w.AddEffort(ctx, agent, []app.EffortInput{line(almena, "T-1", 30), line(almena, "T-2", 45)})
			must(t, err)
			if n != 2-2*want {
				t.Errorf("%d lines are new", n)
			}
		}
		list, err := w.OpenEffort(ctx, agent, c.ID)
		must(t, err)
		if len(list) != 2 || effort.Minutes(list) != 75 || list[0].Who != "Luis" || list[0].What != "Cambió el enrutador" || list[0].RecordedBy != agent.ID {
			t.Fatalf("%+v", list)
		}
		_, err = w.RecordEffort(ctx, agent, effort.Effort{Customer: c.ID, Day: day, Minutes: 5, Who: "Luis", What: "x", Reference: "T-1"})
		code(t, err, "effort.twice")
		must(t, w.TakeBackEffort(ctx, agent, list[0].ID))
		code(t, w.TakeBackEffort(ctx, agent, list[0].ID), "not_found")
		if list, err = w.OpenEffort(ctx, agent, c.ID); err != nil || len(list) != 1 {
			t.Errorf("%+v %v", list, err)
		}
		_, err = w.RecordEffort(ctx, app.Actor{ID: "usr_a", Roles: []string{"auditor"}}, effort.Effort{Customer: c.ID})
		code(t, err, "forbidden.role")
		if w.logged(t, "effort.recorded") != 2 || w.logged(t, "effort.taken_back") != 1 {
			t.Error("the log does not tell it")
		}
		w.verifyLog(t)
	})
}
