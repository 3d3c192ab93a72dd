package s3system_test

import (
	"net/http"
	"strconv"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/testkit/conformance"
)

const dataMap = `    limit: 16KiB
    erase:
      drawings:
        title: {es: Planos, en: Drawings}
        fields: [objects]
        category: content
        role: processor
        basis: contract
        after: erase
        bucket: acme
        prefix: "customers/{owner}/"
      contracts:
        title: {es: Contratos, en: Contracts}
        fields: [objects]
        category: content
        role: controller
        basis: legal_claims
        after: keep
        years: 5
        law: {es: "Código Civil, art. 1964", en: "Civil Code, art. 1964"}
        bucket: acme
        prefix: "contracts/{owner}/"
`

func TestItConformsToTheSuiteOfThoseWhoErase(t *testing.T) {
	t.Parallel()
	s := start(t)
	put(t, s.dir, "wrong", "no-longer")
	below := map[string]string{"drawings": "customers", "contracts": "contracts"}
	conformance.RunErase(t, conformance.Keeper{
		Connect: func(*testing.T) connector.System { return s.connect(dataMap) },
		Expired: func(t *testing.T) connector.System { return connect(t, s.Base, s.dir, "GONE", dataMap) },
		Erased:  "drawings", Kept: "contracts",
		Put: func(_ *testing.T, holding, owner string, n int) {
			for i := range n { // of which an answer of that size has four
				s.ask(http.MethodPut, "/acme/"+below[holding]+"/"+owner+"/a%20"+strconv.Itoa(i), "something", 200)
			}
		},
	})
	if err := s.connect(dataMap).Checker.Check(t.Context()); err != nil {
		t.Errorf("the check: %v", err)
	}
}

// What is overwritten or deleted in a bucket that keeps versions is still there,
// until its versions are deleted too.
func TestOfABucketThatKeepsVersionsNoneIsLeft(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.ask(http.MethodPut, "/acme?versioning=", `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`, 200)
	for i := range 6 {
		for range 3 {
			s.ask(http.MethodPut, "/acme/customers/ana/"+strconv.Itoa(i), "something "+strconv.Itoa(i), 200)
		}
	}
	s.ask(http.MethodDelete, "/acme/customers/ana/0", "", 204)
	s.ask(http.MethodPut, "/acme/customers/bea/0", "hers", 200)
	x := s.connect(dataMap).Eraser
	count := func(owner string, want int) {
		t.Helper()
		if n, err := x.CountHeld(t.Context(), "drawings", owner); err != nil || n.Used != want {
			t.Fatalf("of %s there are %+v, not %d (%v)", owner, n, want, err)
		}
	}
	count("ana", 19) // eighteen versions and the mark of what was deleted
	if _, err := x.EraseHeld(t.Context(), connector.EraseInput{Holding: "drawings", Owner: "ana"}); err != nil {
		t.Fatal(err)
	}
	count("ana", 0)
	count("bea", 1)
}
