package main

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// someReasons are departures of two segments: one group whose contracts were in two
// currencies, of which one counts no departure.
func someReasons() app.ReasonMatrix {
	e := func(code string) string { r, _ := reason.Builtin().Find(code); return r.Edition }
	price, service := e("price"), e("service")
	list := []reason.Tally{
		{Stated: price, StatedFamily: price, Root: service, RootFamily: service, Attribution: reason.Ours, Segment: "oro", Currency: "EUR", N: 7, Yearly: 123456, Judged: 6, Mendable: 4, Guessed: 5, Right: 2, Back: 30, BackN: 6},
		{Stated: price, StatedFamily: price, Root: service, RootFamily: service, Attribution: reason.Ours, Segment: "oro", Currency: "JPY", N: 0, Yearly: 9900},
		{Stated: service, StatedFamily: service, Root: service, RootFamily: service, Attribution: reason.Ours, N: 3},
		{Attribution: reason.Unknown, N: 2},
	}
	return app.ReasonMatrix{
		From: when.Date{Year: 2026, Month: 1, Day: 1}, To: when.Date{Year: 2026, Month: 11, Day: 20},
		Matrix: reason.NewMatrix(reason.Builtin(), list, nil),
	}
}

// The workbook of reasons has every group once, with figures that can be summed up,
// and the tables of the page.
func TestTheWorkbookOfReasonsSumsUp(t *testing.T) {
	t.Parallel()
	m := someReasons()
	for _, lang := range text.Langs() {
		b := reasonBook{lang, m}
		raw, err := b.workbook("Faro")
		if err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		sheets := f.GetSheetList()
		if want := []string{b.say("sheet.rows"), b.say("title"), b.say("sheet.confusion")}; !slices.Equal(sheets, want) {
			t.Fatalf("sheets %q, want %q", sheets, want)
		}
		rows, err := f.GetRows(sheets[0], excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(rows, func(r []string) bool { return slices.Contains(r, b.say("col.n")) })
		if at < 0 || len(rows) != at+1+len(m.Tallies) {
			t.Fatalf("%d rows, the titles in %d", len(rows), at)
		}
		column := func(code string) int { return slices.Index(rows[at], b.say("col."+code)) }
		n, money := 0, map[string]string{}
		for _, r := range rows[at+1:] {
			k, err := strconv.Atoi(r[column("n")])
			if err != nil {
				t.Fatalf("%q is no number", r[column("n")])
			}
			if n += k; r[column("currency")] != "" {
				money[r[column("currency")]] = r[column("money")]
			}
		}
		if n != m.All().N || money["EUR"] != "1234.56" || money["JPY"] != "9900" {
			t.Errorf("%s: %d departures, %v a year", lang, n, money)
		}
		first := rows[at+1]
		for code, want := range map[string]string{"segment": "oro", "mendable": "4", "judged": "6", "guessed": "2", "compared": "5", "back_sum": "30", "back_n": "6"} {
			if got := first[column(code)]; got != want {
				t.Errorf("%s: %s is %q, want %q", lang, code, got, want)
			}
		}
		// What was said and found: seven said one and were another, three agree.
		confusion, err := f.GetRows(sheets[2], excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, r := range confusion {
			for i := 1; i < len(r); i++ {
				if k, err := strconv.Atoi(r[i]); err == nil {
					sum += k
				}
			}
		}
		if sum != 10 {
			t.Errorf("%s: %d departures of which both are known", lang, sum)
		}
	}
}
