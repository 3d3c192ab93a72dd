package pgsystem_test

import (
	"net/url"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/pgsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

// dataMap says what the tables of a customer are for, and what becomes of them.
const dataMap = `      things:
        title: {es: Ficha, en: Record}
        fields: [name, phone]
        category: identity
        role: controller
        basis: contract
        after: erase
        count: SELECT count(*) FROM held WHERE owner = $1 AND kind = 'things'
        run: DELETE FROM held WHERE owner = $1 AND kind = 'things'
      claims:
        title: {es: Reclamaciones, en: Complaints}
        fields: [text]
        category: communication
        role: controller
        basis: legal_claims
        after: block
        years: 3
        law: {es: "LOPDGDD, art. 32", en: "LOPDGDD, art. 32"}
        count: SELECT count(*) FROM held WHERE owner = $1 AND kind = 'claims'
        run: WITH gone AS (DELETE FROM held WHERE owner = $1 AND kind = 'claims' RETURNING owner, kind, what) INSERT INTO blocked SELECT * FROM gone
        blocked: SELECT count(*) FROM blocked WHERE owner = $1
        destroy: DELETE FROM blocked WHERE owner = $1
      invoices:
        title: {es: Facturas, en: Invoices}
        fields: [number, sum]
        category: billing
        role: controller
        basis: legal_obligation
        after: keep
        years: 6
        law: {es: "Código de Comercio, art. 30", en: "Commercial Code, art. 30"}
        count: SELECT count(*) FROM held WHERE owner = $1 AND kind = 'invoices'
        destroy: DELETE FROM held WHERE owner = $1 AND kind = 'invoices'
`

// keep connects the database with its data map.
func (b *base) keep(t *testing.T, connection, erase string) (connector.System, error) {
	t.Helper()
	b.put("url", connection)
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  base:\n    kind: postgres\n    url: file:"+b.dir+"/url\n    timeout: 5s\n    allow: [127.0.0.1/32]\n    erase:\n"+erase), pgsystem.Kind())
	if err != nil {
		return connector.System{}, err
	}
	s, err := all[0].Open(when.NewManual(noon), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector(), nil
}

func (b *base) must(t *testing.T, erase string) connector.System {
	t.Helper()
	s, err := b.keep(t, b.connection, erase)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestItConformsToTheSuiteOfThoseWhoErase(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		b.exec("CREATE TABLE held (owner text, kind text, what text)")
		b.exec("CREATE TABLE blocked (owner text, kind text, what text)")
		b.exec("GRANT SELECT, DELETE ON held TO " + b.ours)
		b.exec("GRANT SELECT, DELETE, INSERT ON blocked TO " + b.ours)
		other := *b.url
		other.User = url.UserPassword(b.ana, "hers")
		b.exec("ALTER ROLE " + quoted(b.ana) + " NOLOGIN")
		conformance.RunErase(t, conformance.Keeper{
			Connect: func(t *testing.T) connector.System { return b.must(t, dataMap) },
			Expired: func(t *testing.T) connector.System {
				s, err := b.keep(t, other.String(), dataMap)
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Erased: "things", Blocked: "claims", Kept: "invoices",
			Put: func(t *testing.T, holding, owner string, n int) {
				if _, err := b.admin.Exec(t.Context(), `INSERT INTO held SELECT $1, $2, 'something' FROM generate_series(1, $3::int)`, owner, holding, n); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}

// A statement that reaches other rows than were counted, or leaves some, changes
// nothing.
func TestWhatIsErasedIsWhatWasCounted(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		b.exec("CREATE TABLE held (owner text, kind text, what text)")
		b.exec("GRANT SELECT, DELETE, UPDATE ON held TO " + b.ours)
		b.exec("INSERT INTO held VALUES ('ana', 'things', 'a'), ('ana', 'things', 'b'), ('bea', 'things', 'c')")
		only, _, _ := strings.Cut(dataMap, "      claims:")
		for run, want := range map[string]string{
			"DELETE FROM held WHERE owner = $1 OR true":      "connector.rows_unexpected",
			"DELETE FROM held WHERE owner = $1 AND what='a'": "connector.rows_unexpected",
			"UPDATE held SET what = '' WHERE owner = $1":     "connector.rows_left",
		} {
			s := b.must(t, strings.Replace(only, "DELETE FROM held WHERE owner = $1 AND kind = 'things'", run, 1))
			_, err := s.Eraser.EraseHeld(t.Context(), connector.EraseInput{Holding: "things", Owner: "ana", Key: "k"})
			if fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) != want {
				t.Errorf("%s: %v", run, err)
			}
			var n int
			if err := b.admin.QueryRow(t.Context(), "SELECT count(*) FROM held WHERE what <> ''").Scan(&n); err != nil || n != 3 {
				t.Fatalf("%s: %d rows are as they were (%v)", run, n, err)
			}
		}
		b.exec("REVOKE DELETE ON held FROM " + b.ours)
		s := b.must(t, only)
		if err := s.Checker.Check(t.Context()); fault.CodeOf(err) != "connector.right_missing" || !strings.Contains(err.Error(), "erase.things.run") {
			t.Errorf("without the right to delete: %v", err)
		}
	})
}

func TestADataMapIsJudgedWhereItStands(t *testing.T) {
	each(t, func(t *testing.T, b *base) {
		for _, c := range []struct{ from, to, code string }{
			{"category: identity", "category: people", "system.word"},
			{"role: controller\n        basis: legal_claims", "role: processor\n        basis: legal_claims", "system.processor_stays"},
			{"years: 3", "years: 99", "system.range"},
			{"fields: [name, phone]", "fields: []", "system.blank"},
			{"        after: erase\n", "        after: erase\n        years: 3\n", "system.nothing_stays"},
			{"blocked: SELECT count(*) FROM blocked WHERE owner = $1", "blocked: SELECT count(*) FROM blocked", "system.statement"},
			{"        after: erase\n", "        after: erase\n        destroy: DELETE FROM held WHERE owner = $1\n", "system.not_here"},
		} {
			text := strings.Replace(dataMap, c.from, c.to, 1)
			if text == dataMap {
				t.Fatalf("%q is not there", c.from)
			}
			_, err := b.keep(t, b.connection, text)
			if err == nil || !strings.Contains(err.Error(), c.code) {
				t.Errorf("%s: %v", c.to, err)
			}
		}
	})
}
