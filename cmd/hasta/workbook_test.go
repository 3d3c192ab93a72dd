package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/form"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// twelve are twelve departures, of which one is known in full.
func twelve() app.DepartureBook {
	day := when.Date{Year: 2026, Month: 11, Day: 20}
	b := app.DepartureBook{Today: day, Users: map[string]string{"usr_1": "Inés Robledo"}}
	for i := range 12 {
		d := app.Departure{
			Case:     offboarding.Case{Code: fmt.Sprint("HL-", i), State: offboarding.CaseClosed, Effective: day.AddDays(i)},
			Customer: customer.Customer{Name: "=Cliente " + fmt.Sprint(i), Reference: fmt.Sprint("R-", i), Segment: []string{"pro", "", "básico"}[i%3], Kind: customer.Person},
			Since:    day.AddMonths(-14), Asked: day, Opened: day, Terms: "within",
			Monthly: []money.Amount{{Minor: 2950, Currency: "EUR"}},
		}
		switch i {
		case 0:
			d.Answers = map[string]form.Answers{
				"first_evaluation":  {"hypothesis": "price", "months": "14"},
				"meeting":           {"quotes": "+34 me cobran de más\nNadie llamó", "held_on": "2026-11-18"},
				"second_evaluation": {"ours": "Avisos tarde"}, "third_evaluation": {"quality": "Los avisos", "fit": "yes"},
			}
			d.Why = reason.Why{
				Stated: &reason.Given{Code: "price", Text: "Muy caro", Attribution: reason.Ours},
				Root:   &reason.Given{Code: "service", Attribution: reason.Ours, Controllable: true, Evidence: "Tres quejas", By: "usr_1"},
			}
			d.Offer = &offer.Offer{Kind: offer.Fix, State: offer.Declined}
			d.Owed = []money.Amount{{Minor: -1200, Currency: "EUR"}}
		case 1:
			d.Monthly = []money.Amount{{Minor: 19900, Currency: "CLP"}}
		case 2, 3:
			d.Why = reason.Why{Stated: &reason.Given{Code: "price", Attribution: reason.Ours}}
		}
		b.Departures = append(b.Departures, d)
	}
	return b
}

func TestTheWorkbookHasARowForEveryDepartureAndSumsThemUp(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Langs() {
		raw, err := departuresWorkbook(lang, "Faro", twelve())
		if err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		sheets := f.GetSheetList()
		rows, err := f.GetRows(sheets[0], excelize.Options{RawCellValue: true})
		if err != nil || len(sheets) != 2 || len(rows) != 4+12 {
			t.Fatalf("%v, sheets %v, %d rows", err, sheets, len(rows))
		}
		head := map[string]int{}
		for i, title := range rows[3] {
			if _, twice := head[title]; !twice {
				head[title] = i
			}
		}
		at := func(code string, args ...any) string {
			i, ok := head[text.Say(lang, "workbook.col."+code, args...)]
			if !ok {
				t.Errorf("no column %s in %s: %q", code, lang, rows[3])
				return ""
			}
			if i >= len(rows[4]) {
				return ""
			}
			return rows[4][i]
		}
		label := func(code string) string { r, _ := reason.Builtin().Find(code); return r.Label[lang] }
		for code, want := range map[string]string{
			"customer": "=Cliente 0", "months": "14", "stated": label("price"), "stated_words": "Muy caro", "root": label("service"), "evidence": "Tres quejas",
			"decided_by": "Inés Robledo", "quotes": "+34 me cobran de más\nNadie llamó", "offer": text.Say(lang, "workbook.offer.fix"), "effective": "46346",
			"attribution": text.Say(lang, "workbook.attribution.ours"),
		} {
			if got := at(code); got != want {
				t.Errorf("%s in %s is %q, want %q", code, lang, got, want)
			}
		}
		if got := at("monthly", "currency", "EUR"); got != "29.50" {
			t.Errorf("a month: %q", got)
		}
		if got := at("owed", "currency", "EUR"); got != "-12.00" {
			t.Errorf("owed: %q", got)
		}
		for _, name := range []string{"first_evaluation", "second_evaluation", "third_evaluation", "decision"} {
			for _, x := range form.Builtin()[name].Fields {
				if _, ok := head[x.Label[lang]]; !ok {
					t.Errorf("no column for %s of %s in %s", x.ID, name, lang)
				}
			}
		}
		sums(t, f, sheets[1], lang)
		_ = f.Close()
	}
}

// sums adds the second sheet up again.
func sums(t *testing.T, f *excelize.File, sheet, lang string) {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	total := text.Say(lang, "workbook.total")
	var totals []string
	for _, r := range rows {
		if len(r) > 0 && r[0] == total {
			totals = append(totals, strings.Join(r[1:], " "))
		}
	}
	// Segments in order: no segment, básico, pro or by their names; then all.
	want := map[string]bool{"12": false, "324.50": false, "19900": false}
	for _, line := range totals {
		parts := strings.Fields(line)
		want[parts[len(parts)-1]] = true
	}
	for n, seen := range want {
		if !seen {
			t.Errorf("no total of %s in %q", n, totals)
		}
	}
}
