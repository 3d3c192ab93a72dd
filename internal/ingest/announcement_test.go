package ingest_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
)

// announced reads a file to good rows and "line column code" of the others.
func announced(file string) (good []ingest.AnnouncementRow, bad []string, err error) {
	err = ingest.ReadAnnouncements(strings.NewReader(file), func(r ingest.AnnouncementRow) error {
		good = append(good, r)
		return nil
	}, func(e ingest.RowError) error {
		bad = append(bad, strings.Join([]string{string(rune('0' + e.Row)), e.Column, e.Fault.Code}, " "))
		return nil
	})
	return good, bad, err
}

// A spreadsheet of either half of the world says the same, and what it does not
// say rightly is told with its line and its column.
func TestAnnouncementsAreReadAsSpreadsheetsWriteThem(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"as the reference": "contract,kind,day,price,currency\nC-1,price_change,2027-01-31,1110.50,EUR\nC-2,trial_end,2027-02-01,,\n",
		"in Spanish":       "\xef\xbb\xbfDía;Contrato;Qué;Moneda;Precio\r\n31/01/2027;C-1;Cambio de precio;eur;1.110,50 €\r\n2027-02-01;C-2;fin de la prueba;;\r\n",
		"without a price":  "Contract\tKind\tDay\nC-2\ttrial\t2027-02-01\n",
	} {
		good, bad, err := announced(file)
		if err != nil || len(bad) > 0 || len(good) == 0 {
			t.Fatalf("%s: %v %v", name, bad, err)
		}
		if last := good[len(good)-1]; last.Contract != "C-2" || last.Kind != "trial_end" || last.Day.String() != "2027-02-01" || last.Line != int64(len(good)+1) {
			t.Errorf("%s: %+v", name, last)
		}
		if first := good[0]; len(good) == 2 && (first.Price != money.Amount{Minor: 111050, Currency: "EUR"} || first.Day.String() != "2027-01-31") {
			t.Errorf("%s: %+v", name, first)
		}
	}
	_, bad, err := announced("contract,kind,day,price,currency\n" +
		"\"C-\n1\",price_change,2027-01-31,1,EUR\n,trial_end,2027-01-31,,\nC-1,rise,2027-01-31,,\n\nC-1,price_change,31/01/2027,1,EUR\nC-1,price_change,2027-01-31,1.234,EUR\nC-1,price_change,2027-01-31,9\n")
	want := "2 contract field.text|4 contract field.required|5 kind csv.choice|7 day announced.date|8 price announced.price|9  csv.field_count"
	if got := strings.Join(bad, "|"); err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	for _, file := range []string{"contract,kind\n", "contract,kind,day,day\n", "contract,kind,day,colour\n"} {
		if _, _, err := announced(file); fault.CodeOf(err) != "announced.column" {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// Whatever the file is, a good row is whole and a bad one says why.
func FuzzReadAnnouncements(f *testing.F) {
	f.Add([]byte("contract,kind,day,price,currency\nC-1,price_change,2027-01-31,1110.50,EUR\n"))
	f.Add([]byte("Día;Contrato;Qué;Moneda;Precio\n31/01/2027;C-1;precio;EUR;1.110,50\n;;;;\n2027-02-29;\xf1;\"a\nb\";;\n"))
	f.Add([]byte("\xff\xfec\x00\n\x00PK\x03\x04"))
	f.Fuzz(func(t *testing.T, src []byte) {
		err := ingest.ReadAnnouncements(bytes.NewReader(src), func(r ingest.AnnouncementRow) error {
			if r.Contract == "" || r.Day.IsZero() || r.Kind == "" || r.Line < 2 || r.Price.Minor < 0 {
				t.Errorf("a good row that is none: %+v", r)
			}
			return nil
		}, func(e ingest.RowError) error {
			if e.Why("es") == "" || e.Row < 1 {
				t.Errorf("refused without a place or a reason: %+v", e)
			}
			return nil
		})
		if f, ok := errors.AsType[*fault.Error](err); err != nil && (!ok || f.Kind == fault.Internal) && len(fault.Fields(err)) == 0 {
			t.Errorf("a file is refused without a reason: %v", err)
		}
	})
}
