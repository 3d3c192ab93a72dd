package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

var readings = ingest.ReadingForm{Metrics: []string{"use", "spend", "incidents"}, Today: when.Date{Year: 2026, Month: 11, Day: 26}}

// readAll reads a file of readings into lines: "1 C-1 2026-11-01 use 3000".
func readAll(t *testing.T, f ingest.ReadingForm, src string) (good, bad []string, err error) {
	t.Helper()
	err = ingest.ReadReadings(strings.NewReader(src), f, func(r ingest.ReadingRow) error {
		good = append(good, fmt.Sprint(r.Number, " ", r.Customer, " ", r.Day, " ", r.Metric, " ", r.Value))
		return nil
	}, func(e ingest.RowError) error {
		bad = append(bad, fmt.Sprint(e.Row, " ", e.Column, " ", e.Fault.Code, " ", e.Value))
		return nil
	})
	return good, bad, err
}

func TestTheThirdColumnIsNamedAfterItsMetricOrNamesIt(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"customer,date,use\nC-1,2026-11-01,12.5\n":              "1 C-1 2026-11-01 use 12500",
		"date,customer,metric\n2026-11-01,C-1,incidents\n":      "1 C-1 2026-11-01 incidents 1000",
		"Cliente;Fecha;Gasto\nC-1;2026-11-01;\"1.152,35\"\n":    "1 C-1 2026-11-01 spend 1152350",
		"cliente,fecha,métrica\nC-1,2026-11-01,Incidencias\n":   "1 C-1 2026-11-01 incidents 1000",
		"\xef\xbb\xbfreference\tday\tuse\nC-1\t2026-11-01\t0\n": "1 C-1 2026-11-01 use 0",
	} {
		good, bad, err := readAll(t, readings, src)
		if err != nil || len(bad) > 0 || len(good) != 1 || good[0] != want {
			t.Errorf("%q: %v %v %v", src, good, bad, err)
		}
	}
	f := readings
	f.Dates = "dd/mm/yyyy"
	if good, _, _ := readAll(t, f, "customer,date,use\nC-1,1/11/2026,3\n"); len(good) != 1 {
		t.Error("dates as people write them")
	}
}

func TestAFileThatIsNotOfReadingsIsRefusedWhole(t *testing.T) {
	t.Parallel()
	for src, code := range map[string]string{
		"":                              "csv.no_header",
		"customer,date\nC-1,2026-11-01": "readings.columns",
		"customer,date,use,spend\n":     "readings.columns",
		"name,date,use\n":               "readings.columns",
		"customer,date,usee\n":          "readings.third",
	} {
		if good, bad, err := readAll(t, readings, src); fault.CodeOf(err) != code || len(good)+len(bad) > 0 {
			t.Errorf("%q: %v %v %v", src, good, bad, err)
		}
	}
}

func TestABadReadingIsToldByRowAndColumn(t *testing.T) {
	t.Parallel()
	good, bad, err := readAll(t, readings, `customer,date,use
C-1,2026-11-01,3
,2026-11-01,3
C-1,01/11/2026,3
C-1,2026-11-27,3
C-1,2026-11-02,-3
C-1,2026-11-02,many
C-1,2026-11-02,
C-1,2026-11-02,1.2345
C-1,2026-11-02
"C-1,2026-11-03,3
`)
	if err != nil || len(good) != 1 {
		t.Fatalf("%v %v", good, err)
	}
	want := []string{
		"2 customer field.required ", "3 date csv.date 01/11/2026", "4 date readings.future 2026-11-27", "5 use readings.value -3",
		"6 use readings.value many", "7 use field.required ", "8 use readings.value 1.2345", "9  csv.field_count ",
	}
	for i, w := range want {
		if i >= len(bad) || bad[i] != w {
			t.Errorf("row %d: %v, want %q", i+2, bad, w)
			break
		}
	}
	if _, bad, _ = readAll(t, readings, "customer,date,metric\nC-1,2026-11-01,usee\n"); len(bad) != 1 || bad[0] != "1 metric csv.choice usee" {
		t.Errorf("%v", bad)
	}
	for _, lang := range text.Langs() {
		for _, code := range []string{"readings.columns", "readings.third", "readings.future", "readings.value"} {
			if !text.Known(lang, "error."+code) {
				t.Errorf("%s has no words for %s", lang, code)
			}
		}
	}
}

// What is written with up to three decimals is read to the last of them.
func TestNumbersAreReadExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(0, 999_999_999_999_999).Draw(t, "thousandths")
		s := fmt.Sprintf("%d.%03d", want/1000, want%1000)
		if rapid.Bool().Draw(t, "short") {
			s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
		}
		if got, err := ingest.Thousandths(s); err != nil || got != want {
			t.Fatalf("%s is %d (%v)", s, got, err)
		}
	})
}

func FuzzReadReadings(f *testing.F) {
	f.Add("customer,date,use\nC-1,2026-11-01,3\n")
	f.Add("cliente;fecha;métrica\nC-1;2026-11-01;uso\n\"")
	f.Fuzz(func(t *testing.T, src string) {
		err := ingest.ReadReadings(strings.NewReader(src), readings, func(r ingest.ReadingRow) error {
			if r.Customer == "" || r.Day.IsZero() || r.Value < 0 || r.Metric == "" || readings.Today.Before(r.Day) {
				t.Errorf("taken: %+v", r)
			}
			return nil
		}, func(e ingest.RowError) error {
			if len(e.Record("es")) < len(e.Header)+len(ingest.RejectColumns) {
				t.Errorf("a rejected row lost columns: %v", e.Record("es"))
			}
			return nil
		})
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v", err)
		}
	})
}
