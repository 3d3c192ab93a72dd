package httpsystem_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
)

const dataMap = `    erase:
      contact:
        title: {es: Ficha, en: Record}
        fields: [name, email]
        category: contact
        role: controller
        basis: contract
        after: erase
        call: {method: DELETE, path: "/contacts/{reference}"}
        read: {method: GET, path: "/contacts/{reference}"}
        expect: {absent: true}
`

// contacts answers as an API of contacts does.
type contacts struct {
	mu   sync.Mutex
	held map[string]bool
	gone int // how often something was deleted
}

func (c *contacts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	owner := strings.TrimPrefix(r.URL.Path, "/contacts/")
	switch {
	case r.Header.Get("Authorization") != "Bearer good":
		w.WriteHeader(http.StatusUnauthorized)
	case !c.held[owner]:
		send(w, http.StatusNotFound, `{}`)
	case r.Method == http.MethodDelete:
		delete(c.held, owner)
		c.gone++
		w.WriteHeader(http.StatusNoContent)
	default:
		_, _ = w.Write([]byte(`{"id": "x"}`))
	}
}

func TestItConformsToTheSuiteOfThoseWhoErase(t *testing.T) {
	c := &contacts{held: map[string]bool{}}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	conformance.RunErase(t, conformance.Keeper{
		Connect: func(t *testing.T) connector.System { return connectExport(t, srv.URL, "good", dataMap) },
		Expired: func(t *testing.T) connector.System { return connectExport(t, srv.URL, "gone", dataMap) },
		Erased:  "contact", One: true,
		Put: func(_ *testing.T, _, owner string, _ int) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.held[owner] = true
		},
	})
	if c.gone != 1 {
		t.Errorf("%d records were deleted, and one was asked for", c.gone)
	}
	if _, err := connectExport(t, srv.URL, "good", dataMap).Eraser.DestroyHeld(t.Context(), connector.EraseInput{Holding: "contact", Owner: "bea"}); fault.CodeOf(err) != "connector.cannot" {
		t.Errorf("destroying what is not kept: %v", err)
	}
}
