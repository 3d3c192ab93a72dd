package httpsystem_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

const billed = `systems:
  far:
    kind: http
    base_url: BASE
    effect: idempotent
    undo: final
    allow: [127.0.0.1/32]
    operations:
      read: {method: GET, path: "/subs/{reference}"}
      cancel: {method: POST, path: "/subs/{reference}/cancel"}
    state: {status: status, ended: [canceled], ends_at: cancel_at}
    charges:
      list: {method: GET, path: "/subs/{reference}/charges", items: charges}
      id: id
      amount: amount
      units: minor
      currency: currency
      at: at
      status: status
      void: [void]
      everyone:
        list: {method: GET, path: /charges, query: {from: "{since}"}, items: charges}
        owner: customer.id
        email: customer.email
        subscription: sub
`

// Nothing is read of the charges of those who are not picked; of the others what
// is void, older, or nothing is left out, and what cannot be read is an error.
func TestTheChargesOfEverybodyAreThoseOfWhoeverIsPicked(t *testing.T) {
	t.Parallel()
	list := ""
	var asked string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RequestURI()
		send(w, 200, `{"charges":[`+list+`]}`)
	}))
	t.Cleanup(srv.Close)
	all, err := load("s.yaml", []byte(strings.Replace(billed, "BASE", srv.URL, 1)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := httpsystem.New(all[0], when.NewManual(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	since := noon.Add(-72 * time.Hour)
	ask := func(whose string) (string, error) {
		got, err := s.Connector().Every.EveryChargeSince(t.Context(), since, func(of []connector.Charged) ([]bool, error) {
			picked := make([]bool, len(of))
			for i, x := range of {
				picked[i] = x.Owner == whose
			}
			return picked, nil
		})
		var out []string
		for _, x := range got {
			out = append(out, fmt.Sprint(x.ID, " ", x.Amount, " ", x.Charged))
		}
		return strings.Join(out, "; "), err
	}
	of := `"currency":"EUR","at":"` + noon.Format(time.RFC3339) + `","customer":{"id":"7","email":"a@b.example"},"sub":"s-1"}`
	list = `{"id":"one","amount":900,` + of + `,{"id":"nothing","amount":0,` + of + `,{"id":"void","amount":900,"status":"void",` + of +
		`,{"id":"old","amount":900,"currency":"EUR","at":"2020-11-01T08:00:00Z","customer":{"id":"7"}},{"customer":{"id":8},"id":"unreadable"}`
	got, err := ask("7")
	if err != nil || got != "one 9.00 EUR {7 a@b.example s-1}" {
		t.Errorf("%s %v", got, err)
	}
	if asked != "/charges?from="+url.QueryEscape(since.Format(time.RFC3339)) {
		t.Errorf("asked for %s", asked)
	}
	if got, err := ask("8"); fault.CodeOf(err) != "connector.unreadable" {
		t.Errorf("%s %v", got, err)
	}
	if got, err := ask("9"); err != nil || got != "" {
		t.Errorf("%s %v", got, err)
	}
	broken := fault.New(fault.Internal, "internal")
	if _, err := s.Connector().Every.EveryChargeSince(t.Context(), since, func([]connector.Charged) ([]bool, error) { return nil, broken }); fault.CodeOf(err) != "internal" {
		t.Error(err)
	}
}

func TestWhatIsWrongWithTheChargesOfEverybodyIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	source := strings.Replace(billed, "BASE", "https://far.example", 1)
	for _, c := range []struct{ old, with, want string }{
		{"path: /charges,", "path: \"/of/{reference}/charges\",", "system.path_plain"},
		{"        owner: customer.id\n        email: customer.email\n", "", "system.missing"},
		{"{from: \"{since}\"}, items: charges}\n        owner", "{from: \"{since}\"}}\n        owner", "system.needs"},
		{"subscription: sub", "subscription: $[", "system.path"},
		{"subscription: sub", "contract: sub", "system.unknown_key"},
	} {
		_, err := load("s.yaml", []byte(strings.Replace(source, c.old, c.with, 1)))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, e.Code)
		}
		if strings.Join(told, " ") != c.want {
			t.Errorf("%s: %v", c.with, err)
		}
	}
}
