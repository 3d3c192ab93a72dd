package sqlitesystem_test

import (
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/sqlitesystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
)

const dataMap = `      things:
        title: {es: Ficha, en: Record}
        fields: [what]
        category: identity
        role: controller
        basis: contract
        after: erase
        count: SELECT count(*) FROM held WHERE owner = $1 AND kind = 'things'
        run: DELETE FROM held WHERE owner = $1 AND kind = 'things'
      claims:
        title: {es: Reclamaciones, en: Complaints}
        fields: [what]
        category: communication
        role: controller
        basis: legal_claims
        after: block
        years: 3
        law: {es: LOPDGDD 32, en: LOPDGDD 32}
        count: SELECT count(*) FROM held WHERE owner = $1 AND kind = 'claims'
        run: UPDATE held SET kind = 'blocked' WHERE owner = $1 AND kind = 'claims'
        blocked: SELECT count(*) FROM held WHERE owner = $1 AND kind = 'blocked'
        destroy: DELETE FROM held WHERE owner = $1 AND kind = 'blocked'
`

func keeper(t *testing.T, path, erase string) connector.System {
	t.Helper()
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  crm:\n    kind: sqlite\n    file: \""+path+"\"\n    erase:\n"+erase), sqlitesystem.Kind())
	if err != nil {
		t.Fatal(err)
	}
	s, err := all[0].Open(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector()
}

func TestItConformsToTheSuiteOfThoseWhoErase(t *testing.T) {
	t.Parallel()
	path, db := file(t, "CREATE TABLE held (owner text, kind text, what text)")
	conformance.RunErase(t, conformance.Keeper{
		Connect: func(t *testing.T) connector.System { return keeper(t, path, dataMap) },
		Erased:  "things", Blocked: "claims",
		Put: func(t *testing.T, holding, owner string, n int) {
			for range n {
				exec(t, db, "INSERT INTO held VALUES ($1, $2, 'something')", owner, holding)
			}
		},
	})
	if err := keeper(t, path, dataMap).Checker.Check(t.Context()); err != nil {
		t.Errorf("the check: %v", err)
	}
	wrong := keeper(t, path, strings.Replace(dataMap, "DELETE FROM held WHERE owner = $1 AND kind = 'things'", "DELETE FROM holds WHERE owner = $1", 1))
	if err := wrong.Checker.Check(t.Context()); fault.CodeOf(err) != "connector.refused" {
		t.Errorf("the check of a statement about a table that is not there: %v", err)
	}
}
