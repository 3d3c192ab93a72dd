package portal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web"
	"hastaluego/internal/web/portal"
	"hastaluego/internal/when"
)

// seated makes a seat on the private page and returns its secret.
func (s *site) seated(v *http.Client, page, seat string) string {
	s.t.Helper()
	status, body, _ := s.body(v.PostForm(page+"/seats?lang=es", url.Values{"make": {seat}}))
	const mark = `data-testid="seat-link">`
	i := strings.Index(body, mark)
	if status != http.StatusOK || i < 0 {
		s.t.Fatalf("%d: no link: %s", status, body)
	}
	link := body[i+len(mark):]
	link = link[:strings.Index(link, "<")]
	return link[strings.LastIndex(link, "/")+1:]
}

// renewed adds a domain of whoever leaves that is renewed one day.
func (s *site) renewed(c offboarding.CaseID, name string) {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		x, err := tx.FindCase(ctx, c)
		if err != nil {
			return err
		}
		_, err = tx.InsertAssets(ctx, customer.Asset{
			ID: customer.AssetID(id.New("ast")), Customer: x.Customer, Kind: "domain", Name: name, Reference: name, Owner: customer.OwnerClient,
			RenewsOn: when.DateOf(tx.Now(), time.UTC).AddDays(90), Renewal: money.Amount{Minor: 1750, Currency: "EUR"},
		})
		return err
	}))
}

// Every seat sees what is its own on its page, and nothing anywhere else: the secret of
// a seat opens no other route of the portal.
func TestASeatSeesOnlyWhatIsItsOwn(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		s.closed(c)
		item := s.given(c, "credential", "Servidor de correo", handover.Waiting)
		s.tellsHow(item, "En el panel de siempre")
		s.renewed(c, "ejemplo.example")
		v := s.visitor()
		const (
			handed   = `data-testid="seat-items"`
			named    = "Servidor de correo"
			how      = "En el panel de siempre"
			receipt  = `data-testid="seat-receipt"`
			sums     = `data-testid="seat-statement"`
			accesses = `data-testid="accesses"`
			renewals = "ejemplo.example"
			price    = "17,50"
		)
		sees := map[string][]string{"it": {handed, named, how, accesses}, "legal": {receipt, sums}, "provider": {handed, named, renewals}}
		secrets := map[string]string{}
		for seat, its := range sees {
			secrets[seat] = s.seated(v, page, seat)
			status, body, head := s.body(s.visitor().Get(s.URL + "/g/" + secrets[seat] + "?lang=es"))
			if status != http.StatusOK || head.Get("Cache-Control") != "no-store" {
				t.Fatalf("%s: %d", seat, status)
			}
			for _, x := range []string{handed, named, how, receipt, sums, accesses, renewals, price} {
				if got := strings.Contains(body, x); got != slices.Contains(its, x) {
					t.Errorf("%s: %q on its page is %v", seat, x, got)
				}
			}
			for _, x := range []string{"<form", "<button", strings.TrimPrefix(page, s.URL)} { // nothing can be done, and no way leads to the page of the customer
				if strings.Contains(body[strings.Index(body, "<main"):strings.Index(body, "</main>")], x) {
					t.Errorf("%s: there is %q on its page", seat, x)
				}
			}
		}
		routes := 0
		for _, pattern := range portal.New(&web.Kit{}, nil).Patterns() {
			method, path, _ := strings.Cut(pattern, " ")
			if !strings.Contains(path, "{token}") || path == "/g/{token}" {
				continue
			}
			routes++
			for seat, secret := range secrets {
				at := s.URL + strings.NewReplacer("{token}", secret, "{blob}", "blob_x", "{file}", "x.zip").Replace(path)
				r, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader("right=yes&why=x&seat=it&make=it&code=x&key=x&proof=x"))
				must(t, err)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				status, body, _ := s.body(s.visitor().Do(r))
				if status < 400 || strings.Contains(body, named) {
					t.Errorf("%s with the secret of %s: %d", pattern, seat, status)
				}
			}
		}
		if routes < 50 {
			t.Errorf("only %d routes were looked at", routes)
		}
	})
}

func TestASeatIsReplacedAndTakenAway(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		v := s.visitor()
		at := func(secret string) int {
			t.Helper()
			status, _, _ := s.body(s.visitor().Get(s.URL + "/g/" + secret))
			return status
		}
		first, other := s.seated(v, page, "it"), s.seated(v, page, "legal")
		second := s.seated(v, page, "it")
		if a, b, o := at(first), at(second), at(other); a != http.StatusGone || b != http.StatusOK || o != http.StatusOK {
			t.Errorf("replaced: %d, in its place: %d, another seat: %d", a, b, o)
		}
		_, body, _ := s.body(v.Get(page + "/seats?lang=es"))
		if strings.Contains(body, second) || strings.Count(body, `data-testid="seat-since"`) != 2 {
			t.Error("a link is shown again, or not who has a seat")
		}
		for range 2 { // pressed twice
			if status, _, _ := s.body(v.PostForm(page+"/seats?lang=es", url.Values{"stop": {"it"}})); status != http.StatusOK {
				t.Errorf("taken away: %d", status)
			}
		}
		if a, o := at(second), at(other); a != http.StatusGone || o != http.StatusOK {
			t.Errorf("taken away: %d, another seat: %d", a, o)
		}
		if status, _, _ := s.body(v.PostForm(page+"/seats", url.Values{"make": {"owner"}})); status != http.StatusUnprocessableEntity {
			t.Errorf("a seat that there is not: %d", status)
		}
		if a := at("nothing"); a != http.StatusNotFound {
			t.Errorf("no seat: %d", a)
		}
		entries, err := s.app.OpenCase(t.Context(), agent, c)
		must(t, err)
		n := map[string]int{}
		for _, x := range entries.Timeline {
			n[x.Type]++
		}
		if n["seat.made"] != 3 || n["seat.stopped"] != 1 {
			t.Errorf("in the log: %v", n)
		}
	})
}
