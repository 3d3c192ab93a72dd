package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/metric"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

const gone = `as_of: 2026-11-01
csv: {dates: dd/mm/yyyy}
reasons: {"Muy caro": price, "Se fue a otro": competitor}
fields:
  customer.reference: {column: Ref}
  customer.name: {column: Name}
  contact.email: {column: Mail}
  departure.on: {column: Left}
  departure.reason: {column: Why}
  departure.competitor: {column: To}
  departure.contract: {column: Contract}
  departure.since: {column: Since}
  departure.amount: {column: Paid}
  departure.currency: {value: EUR}
`

const goneColumns = "Ref,Name,Mail,Left,Why,To,Contract,Since,Paid\n"

func (w *world) importLeft(t *testing.T, file string, dry bool) (app.ImportReport, []ingest.RowError) {
	t.Helper()
	m, err := ingest.LoadMap("gone.yaml", []byte(gone))
	must(t, err)
	var out []ingest.RowError
	rep, err := w.ImportDepartures(t.Context(), app.DepartureImport{File: "bajas.csv", Source: strings.NewReader(goneColumns + file), Map: m, DryRun: dry, Reject: func(e ingest.RowError) error {
		out = append(out, e)
		return nil
	}})
	must(t, err)
	if rep.Rows != rep.Changed+rep.Unchanged+rep.Rejected || len(out) != rep.Rejected {
		t.Errorf("rows are lost: %+v, %d refused", rep, len(out))
	}
	return rep, out
}

// A file says who left when; churn says the same of every month, from the first
// day, and of the months before it nothing.
func TestAYearOfLeaversIsKnownOnTheFirstDay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		before, err := w.Metrics(ctx, agent)
		must(t, err)
		today := before.Today
		this := when.Date{Year: today.Year, Month: today.Month, Day: 1}
		var file strings.Builder
		left := map[when.Date]int{}
		for i := range 17 {
			month := this.AddMonths(-1 - i%11)
			on := month.AddDays(i % 27)
			left[month]++
			fmt.Fprintf(&file, "P-%d,Pasado %d,p%d@past.example,%02d/%02d/%d,Muy caro,,,01/01/2020,%d.00\n", i, i, i, on.Day, on.Month, on.Year, 10+i)
		}
		if rep, out := w.importLeft(t, file.String(), true); rep.Changed != 17 {
			t.Fatalf("the dry run: %+v %+v", rep, out)
		}
		queued := w.queued(t)
		if rep, out := w.importLeft(t, file.String(), false); rep.Changed != 17 {
			t.Fatalf("%+v %+v", rep, out)
		}
		if rep, _ := w.importLeft(t, file.String(), false); rep.Changed != 0 || rep.Unchanged != 17 {
			t.Errorf("the same again: %+v", rep)
		}
		must(t, w.UntilQuiet(ctx))
		if now := w.queued(t); now != queued {
			t.Errorf("something was queued for the past: %d, before %d", now, queued)
		}
		f, err := w.Metrics(ctx, agent)
		must(t, err)
		if f.Recorded != this.AddMonths(-11) || f.Undated != before.Undated {
			t.Errorf("known since %s, undated %d", f.Recorded, f.Undated)
		}
		at := 0
		for i := 11; i >= 1; i-- {
			m := f.Churn[i]
			if !m.Known || m.Lost != left[m.First] || m.Other != 0 || !m.Since.IsZero() {
				t.Errorf("%s: %+v, the file says %d", m.First, m, left[m.First])
			}
			if i < 11 && m.AtStart < at-f.Churn[i+1].Lost {
				t.Errorf("%s began with %d", m.First, m.AtStart)
			}
			at = m.AtStart
		}
		if f.Churn[12].Known {
			t.Errorf("a month before the file: %+v", f.Churn[12])
		}
		year := movement(t, f, "year")
		if year.Left != 17 || year.Then.Minor-movement(t, before, "year").Then.Minor != 17*1000+16*17/2*100 {
			t.Errorf("what they paid a year ago: %+v", year)
		}
		b, err := w.OpenDepartureBook(ctx, agent)
		must(t, err)
		if len(b.Departures) != 17 || b.Departures[0].Why.Stated == nil || b.Departures[0].Why.Stated.Code != "price" {
			t.Errorf("the workbook has %d departures: %+v", len(b.Departures), b.Departures[0].Why)
		}
		v, err := w.OpenCase(ctx, agent, b.Departures[0].Case.ID)
		must(t, err)
		if v.Plan.Case.State != offboarding.CaseClosed || len(v.Messages)+len(v.Works) > 0 || v.Request.Channel != offboarding.Past {
			t.Errorf("%+v", v.Plan.Case)
		}
		imports, _, err := w.Imports(ctx, agent)
		must(t, err)
		if len(imports) != 2 || imports[1].Changed != 17 || imports[1].File != "bajas.csv" || imports[0].Changed != 0 {
			t.Errorf("%+v", imports)
		}
	})
}

// movement is what is paid in euros, against the other day.
func movement(t *testing.T, f app.Figures, span string) metric.Movement {
	t.Helper()
	for _, c := range f.MRR {
		if c.Span == span {
			return inEuros(t, c)
		}
	}
	t.Fatal("no " + span)
	return metric.Movement{}
}

func (w *world) queued(t *testing.T) (n int) {
	t.Helper()
	list, _, err := w.PageMessages(t.Context(), agent, app.MessageQuery{}, app.Place{Limit: 500})
	must(t, err)
	return len(list)
}

func TestADepartureOfThePastFindsWhatEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	today := w.today(t)
	on := today.AddMonths(-2)
	day := func(d when.Date) string { return fmt.Sprintf("%02d/%02d/%d", d.Day, d.Month, d.Year) }
	id, err := w.AddCustomer(ctx, agent, app.CustomerInput{
		Kind: customer.Organisation, Name: "Taller", Reference: "T-1", Contacts: []app.ContactInput{{Name: "Ana", Email: "ana@taller.example", Role: customer.Owner}},
		Subscriptions: []app.SubscriptionInput{
			{Reference: "T-1-a", Product: "Faro", Amount: money.Amount{Minor: 2900, Currency: "EUR"}, Interval: customer.Monthly, Start: today.AddMonths(-30), Status: customer.Ended},
			{Reference: "T-1-b", Product: "Faro", Amount: money.Amount{Minor: 900, Currency: "EUR"}, Interval: customer.Monthly, Start: today.AddMonths(-30)},
		},
	})
	must(t, err)
	lives := "T-1,Taller,," + day(on)
	if rep, out := w.importLeft(t, lives+",,,T-1-b,,\n", false); rep.Rejected != 1 || out[0].Fault.Code != "departures.runs" || out[0].Column != "Contract" {
		t.Fatalf("%+v %+v", rep, out)
	}
	if rep, out := w.importLeft(t, lives+",,,,,\n", false); rep.Changed != 1 {
		t.Fatalf("%+v %+v", rep, out)
	}
	p := w.opened(t, id)
	if len(p.Lines) != 2 || len(p.Cases) != 1 || len(p.Cases[0].Subscriptions) != 1 || p.Cases[0].Subscriptions[0] != p.Lines[0].ID {
		t.Fatalf("%+v", p.Cases)
	}
	if rep, _ := w.importLeft(t, lives+",Se fue a otro,Rival,,,\n", false); rep.Changed != 1 {
		t.Errorf("a reason that was not known: %+v", rep)
	}
	if rep, _ := w.importLeft(t, lives+",Se fue a otro,Rival,,,\n", false); rep.Unchanged != 1 {
		t.Errorf("the same reason: %+v", rep)
	}
	rep, out := w.importLeft(t, "N-1,Nuevo,,"+day(today)+",,,,,\nN-2,Otro,,"+day(on)+",porque sí,,,,\nN-3,Más,,"+day(on)+",,,,"+day(today)+",\nN-4,Doble,,"+day(on)+",,,,,5.00\nN-4,Doble,,"+day(on)+",,,,,6.00\nN-5,,,,,,,,\n", true)
	codes := make([]string, len(out))
	for i, e := range out {
		codes[i] = e.Fault.Code
	}
	if rep.Changed != 1 || strings.Join(codes, " ") != "date.before_start csv.contradiction field.required departures.not_past departures.reason" {
		t.Errorf("%+v %v", rep, codes)
	}
}

func TestAWrongImportIsUndoneButForWhatSomebodyTouched(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		before, err := w.Metrics(ctx, agent)
		must(t, err)
		day := w.today(t).AddMonths(-2)
		on := fmt.Sprintf("%02d/%02d/%d", day.Day, day.Month, day.Year)
		w.importLeft(t, "U-1,Uno,uno@u.example,"+on+",Muy caro,,,,9.00\nU-2,Dos,dos@u.example,"+on+",,,,,9.00\nU-3,Tres,tres@u.example,"+on+",,,,,9.00\n", false)
		w.imported(t, everything, everyColumn+"V-1,Ñandú,oro,77,a@v.example,Ana,VS-1,29.85,active,carpeta,faro/ana,R-9,VF-1,10.00\nV-2,Otro,,,,,,,,,,,,\nFE-20418,Estudio,,,,,VS-9,5.00,active,,,,,\n", false)
		imports, _, err := w.Imports(ctx, agent)
		must(t, err)
		customers, departures := imports[0].ID, imports[1].ID
		u2, v2 := w.byReference(t, "U-2"), w.byReference(t, "V-2")
		_, err = w.AddNote(ctx, agent, u2.Cases[0].ID, "Llamó ayer")
		must(t, err)
		_, err = w.EditCustomer(ctx, agent, app.CustomerPatch{Customer: v2.Customer.ID, Name: given("Otra")})
		must(t, err)
		_, err = w.ReadIn(ctx, agent, mailed("tres@u.example", "Hola", "¿Qué tienen de mí?"))
		must(t, err)
		_, err = w.UndoImport(ctx, finance, departures, true)
		code(t, err, "forbidden.role")

		for _, x := range []struct {
			run       app.ImportID
			customers int
			contracts int
			cases     int
			stay      string
		}{
			{departures, 1, 0, 2, "U-2 note, U-2 case_ reason request, U-3 received"},
			{customers, 1, 1, 0, "V-2 changed"},
		} {
			for _, dry := range []bool{true, false} {
				u, err := w.UndoImport(ctx, agent, x.run, dry)
				must(t, err)
				var stay []string
				for _, s := range u.Stay {
					why := slices.Clone(s.Why)
					slices.Sort(why)
					if slices.Contains(why, "case_") { // with or without a reason, they asked
						why = []string{"case_", "reason", "request"}
					}
					stay = append(stay, s.Reference+" "+strings.Join(why, " "))
				}
				if u.Customers != x.customers || u.Contracts != x.contracts || u.Cases != x.cases || strings.Join(stay, ", ") != x.stay {
					t.Errorf("dry %v: %d customers, %d contracts, %d cases; stay: %v", dry, u.Customers, u.Contracts, u.Cases, stay)
				}
			}
			_, err := w.UndoImport(ctx, agent, x.run, false)
			code(t, err, "import.undone")
		}
		for ref, there := range map[string]bool{"U-1": false, "U-2": true, "U-3": true, "V-1": false, "V-2": true, "FE-20418": true} {
			must(t, w.store.View(ctx, func(tx app.Tx) error {
				list, err := tx.CustomersByReference(ctx, ref)
				if (len(list) == 1) != there {
					t.Errorf("%s is there: %v", ref, !there)
				}
				return err
			}))
		}
		if p := w.byReference(t, "FE-20418"); slices.ContainsFunc(p.Lines, func(s customer.Subscription) bool { return s.Reference == "VS-9" }) {
			t.Error("the contract of somebody who was there before stays")
		}
		if list, err := w.ListReceived(ctx, agent); err != nil || len(list) != 1 {
			t.Errorf("the letter that was read in: %v %v", list, err)
		}
		after, err := w.Metrics(ctx, agent)
		must(t, err)
		if lost := after.Churn[2].Lost - before.Churn[2].Lost; lost != 1 {
			t.Errorf("%d left then", lost)
		}
		if rep, _ := w.importLeft(t, "U-1,Uno,uno@u.example,"+on+",,,,,9.00\n", false); rep.Changed != 1 {
			t.Errorf("what was undone does not come in again: %+v", rep)
		}
	})
}
