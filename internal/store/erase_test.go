package store_test

import (
	"database/sql"
	"strings"
	"testing"

	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
)

// A table that names a customer or a departure is erased with them, or somebody
// wrote down why it need not be.
func TestEveryTableAboutSomebodyIsErasedOrKeptForAReason(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		s, err := store.Open(t.Context(), store.Config{URL: e.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		driver, columns := "sqlite", `
			SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`
		if strings.HasPrefix(e.URL, "postgres") {
			driver, columns = "pgx", `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'`
		}
		db, err := sql.Open(driver, e.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		rows, err := db.QueryContext(t.Context(), columns)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		about, undone := map[string]bool{}, map[string]bool{}
		for rows.Next() {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil {
				t.Fatal(err)
			}
			switch column {
			case "customer_id", "case_id", "request_id", "subscription_id":
				about[table] = true
			}
			if column == "customer_id" || column == "case_id" {
				undone[table] = true
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if len(about) < 20 {
			t.Fatalf("only %d tables are about somebody", len(about))
		}
		for table := range about {
			if store.Erased(table) == "" {
				t.Errorf("nobody decided what becomes of %s when a customer is erased: a line in erase.go", table)
			}
			if store.Forgotten(table) == "" {
				t.Errorf("nobody decided what becomes of %s when a test customer is forgotten: a line in test_customer.go", table)
			}
		}
		for table := range undone {
			if store.Undone(table) == "" {
				t.Errorf("nobody decided whether what stands in %s keeps a customer when an import is undone: a line in import_undo.go", table)
			}
		}
	})
}
