package ingest_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/when"
)

// Whatever is said of columns, whatever they are called: what is not missing is a
// map that the reader takes, and it says the same twice.
func TestWhatIsSaidOfColumnsIsAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		left := rapid.Bool().Draw(t, "departures")
		s := ingest.Simple{
			Departures: left, AsOf: when.Date{Year: 2026, Month: 11, Day: 1}, Dates: "dd/mm/yyyy", Decimal: ",", Kind: customer.Organisation,
			Country: "ES", Language: "es", Currency: "EUR", Product: "Faro: \"uno\" # dos", Reasons: map[string]string{"El precio: caro": "price"},
			Columns: map[string]string{},
		}
		for _, f := range ingest.SimpleFields(left) {
			if rapid.Bool().Draw(t, f) {
				s.Columns[f] = rapid.StringMatching(`[a-zA-Zñº:#"'{}\\ €-]{1,12}`).Draw(t, "column")
			}
		}
		if len(s.Missing()) > 0 {
			return
		}
		m, err := ingest.LoadMap("map", s.YAML())
		if err != nil {
			t.Fatalf("%v\n%s", err, s.YAML())
		}
		first := string(s.YAML())
		if again := string(s.YAML()); m.Departures() != left || again != first {
			t.Fatalf("%s\nand then\n%s", first, again)
		}
	})
}
