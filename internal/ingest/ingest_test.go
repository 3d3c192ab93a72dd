package ingest_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func telcoMap(t testing.TB) *ingest.Map {
	t.Helper()
	name := filepath.Join(testkit.Root(t), "examples", "telco.map.yaml")
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ingest.LoadMap("telco.map.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t testing.TB, m *ingest.Map, src []byte) (good []ingest.Row, bad []ingest.RowError, err error) {
	t.Helper()
	sum, err := ingest.Read(bytes.NewReader(src), m, func(r ingest.Row) error { good = append(good, r); return nil },
		func(e ingest.RowError) error { bad = append(bad, e); return nil })
	if sum.Rows != sum.Good+sum.Rejected || sum.Good != len(good) || sum.Rejected != len(bad) {
		t.Errorf("rows are lost: %+v, %d good, %d bad", sum, len(good), len(bad))
	}
	return good, bad, err
}

func TestEveryTelcoCustomerComesIn(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile(testkit.Shared(t, "telco_ibm.csv"))
	if err != nil {
		t.Fatal(err)
	}
	good, bad, err := read(t, telcoMap(t), src)
	if err != nil || len(good) != 7043 || len(bad) != 0 {
		t.Fatalf("%d good, %d bad, %v", len(good), len(bad), err)
	}
	first := good[0]
	if first.Customer.Reference != "7590-VHVEG" || first.Contact.Email != "7590-vhveg@telco.example" ||
		first.Subscription.Start != (when.Date{Year: 2026, Month: 10, Day: 1}) || first.Subscription.Amount.Minor != 2985 {
		t.Errorf("the first row: %+v", first)
	}
	ended := 0
	for _, r := range good {
		if r.Subscription.Status == customer.Ended {
			ended++
		}
	}
	if ended != 1869 { // rows with Churn=Yes
		t.Errorf("%d ended", ended)
	}
}

func TestTheGeneratedTwinComesIn(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile(filepath.Join(testkit.Root(t), "examples", "telco.csv"))
	if err != nil {
		t.Fatal(err)
	}
	good, bad, err := read(t, telcoMap(t), src)
	if err != nil || len(good) < 20 || len(bad) != 0 {
		t.Errorf("%d good, %d bad, %v", len(good), len(bad), err)
	}
}

const smallMap = `as_of: 2026-11-01
columns: {who: Name}
fields:
  customer.reference: {column: Id}
  customer.name: {expr: 'trim(who)'}
  contact.email: {column: Mail}
  subscription.reference: {column: Id}
  subscription.product: {value: Faro}
  subscription.amount: {column: Price}
  subscription.currency: {value: EUR}
  subscription.start: {column: Since}
`

func TestABadRowIsRefusedWithItsPlaceAndStopsNoOther(t *testing.T) {
	t.Parallel()
	m, err := ingest.LoadMap("m.yaml", []byte(smallMap))
	if err != nil {
		t.Fatal(err)
	}
	const head, fine = "Id,Name,Mail,Price,Since\n", "1,Ana,a@x.example,29.85,2024-01-31\n"
	for name, c := range map[string]struct{ row, column, code string }{
		"bad address":   {"2,Ana,nobody,1.00,2024-01-31\n", "Mail", "field.email"},
		"bad amount":    {"2,Ana,a@x.example,1.001,2024-01-31\n", "Price", "csv.amount"},
		"comma decimal": {"2,Ana,a@x.example,\"1,50\",2024-01-31\n", "Price", "csv.amount"},
		"bad date":      {"2,Ana,a@x.example,1.00,31/01/2024\n", "Since", "csv.date"},
		"no start":      {"2,Ana,a@x.example,1.00,\n", "Since", "field.required"},
		"no name":       {"2,  ,a@x.example,1.00,2024-01-31\n", "customer.name", "field.required"},
		"NUL":           {"2,A\x00na,a@x.example,1.00,2024-01-31\n", "Name", "field.text"},
		"not UTF-8":     {"2,A\xf1a,a@x.example,1.00,2024-01-31\n", "Name", "field.text"},
		"short":         {"2,Ana\n", "", "csv.field_count"},
		"bare quote":    {"2,A\"na,a@x.example,1.00,2024-01-31\n", "", "csv.bare_quote"},
	} {
		m.Encoding = "utf-8"
		good, bad, err := read(t, m, []byte(head+fine+c.row+strings.Replace(fine, "1,", "3,", 1)))
		if err != nil || len(good) != 2 || len(bad) != 1 {
			t.Errorf("%s: %d good, %d bad, %v", name, len(good), len(bad), err)
			continue
		}
		if e := bad[0]; e.Row != 2 || e.Column != c.column || e.Fault.Code != c.code {
			t.Errorf("%s: row %d, column %q, %v", name, e.Row, e.Column, e.Fault)
		} else if why := e.Why("es"); strings.Contains(why, "{") || !text.Known("es", "error."+e.Fault.Code) {
			t.Errorf("%s has no words: %q", name, why)
		}
	}
}

func TestARejectFileCannotRunFormulas(t *testing.T) {
	t.Parallel()
	e := ingest.RowError{Row: 2, Column: "Mail", Value: "=1+1", Fault: fault.New(fault.Invalid, "field.email"), Header: []string{"Id", "Mail"}, Raw: []string{"2"}}
	rec := e.Record("es")
	if len(rec) != 6 || rec[4] != "'=1+1" {
		t.Errorf("record %q", rec)
	}
}

func TestAMapNamesThePlaceOfEveryProblem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, at, code string }{
		"syntax":         {"as_of: 2026-11-01", "as_of: [", "m.yaml:", "file.syntax"},
		"unknown key":    {"as_of: 2026-11-01", "as_of: 2026-11-01\nasof: 1", "m.yaml:2:1", "file.unknown_key"},
		"no such day":    {"2026-11-01", "2026-11-31", "m.yaml:1:8", "map.as_of"},
		"unknown field":  {"customer.name:", "customer.nombre:", "m.yaml:5:", "map.unknown_field"},
		"two sources":    {"{value: Faro}", "{value: Faro, column: Id}", "m.yaml:8:", "map.one_source"},
		"bad expression": {"'trim(who)'", "'trim(quien)'", "m.yaml:5:31", "map.expression"},
		"not text":       {"'trim(who)'", "'1 + 1'", "m.yaml:5:26", "map.expression"},
		"missing field":  {"  customer.reference: {column: Id}\n", "", "m.yaml:4:", "map.missing_field"},
		"odd variable":   {"{who: Name}", "{Who: Name}", "m.yaml:2:", "map.variable"},
	} {
		_, err := ingest.LoadMap("m.yaml", []byte(strings.Replace(smallMap, c.from, c.to, 1)))
		found := false
		for _, f := range fault.Fields(err) {
			found = found || f.Code == c.code && strings.HasPrefix(f.Field, c.at)
		}
		if !found {
			t.Errorf("%s: want %s at %s, got %v", name, c.code, c.at, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	head := strings.Split("customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,InternetService,OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,PaperlessBilling,PaymentMethod,MonthlyCharges,TotalCharges,Churn", ",")
	row := strings.Split("7590-VHVEG,Female,0,Yes,No,1,No,No,DSL,No,Yes,No,No,No,No,Month-to-month,Yes,Electronic check,29.85,29.85,No", ",")
	_ = w.Write(head)
	for range 1000 {
		_ = w.Write(row)
	}
	w.Flush()
	m := telcoMap(b)
	b.SetBytes(int64(buf.Len()))
	for b.Loop() {
		if good, _, err := read(b, m, buf.Bytes()); err != nil || len(good) != 1000 {
			b.Fatal(len(good), err)
		}
	}
}
