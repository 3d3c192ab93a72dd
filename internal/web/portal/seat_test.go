package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
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
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
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
			if !strings.Contains(path, "{token}") || strings.HasPrefix(path, "/g/{token}") {
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
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
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

// over closes a departure so many days ago.
func (s *site) over(c offboarding.CaseID, days int) {
	s.t.Helper()
	must(s.t, s.store.Tx(s.t.Context(), func(tx app.Tx) error {
		p, err := tx.FindPlan(s.t.Context(), c)
		if err != nil {
			return err
		}
		p.Case.State, p.Case.ClosedAt = offboarding.CaseClosed, tx.Now().AddDate(0, 0, -days)
		return tx.SavePlan(s.t.Context(), &p)
	}))
}

// Whoever has the seat of IT downloads the data once the customer, who gave the code,
// allows it, and no longer than that; the customer sees how often each seat was opened,
// and all of them end with the departure.
func TestTheSeatOfITDownloadsTheDataOnlyWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		s.bundled(c, "a")
		stranger, v := s.visitor(), s.verified(c, page)
		seat := s.URL + "/g/" + s.seated(v, page, "it")
		get := func(who *http.Client, at string) (int, string) {
			t.Helper()
			status, body, _ := s.body(who.Get(at))
			return status, body
		}
		allow := func(who *http.Client, yes string) string {
			t.Helper()
			_, body, _ := s.body(who.PostForm(page+"/data/seat?lang=es", url.Values{"allow": {yes}}))
			return body
		}
		if _, body := get(stranger, seat+"?lang=es"); strings.Contains(body, `data-testid="seat-data"`) || !strings.Contains(body, "Ves lo que se entrega") || strings.Contains(body, "Ve lo que") {
			t.Error("the page of the seat offers the data, or speaks to somebody else")
		}
		if body := allow(stranger, "yes"); strings.Contains(body, `data-testid="seat-may"`) {
			t.Error("allowed without the code")
		}
		if body := allow(v, "yes"); !strings.Contains(body, `data-testid="seat-may"`) {
			t.Error("it cannot be allowed")
		}
		_, body := get(stranger, seat+"?lang=es")
		found := regexp.MustCompile(`href="(/g/[^"]+/data/[^"]+)" data-testid="seat-file"`).FindStringSubmatch(body)
		if found == nil {
			t.Fatal("the page of the seat does not offer the data")
		}
		file := found[1]
		zipped := func(at string) bool {
			t.Helper()
			_, body := get(stranger, at)
			return strings.HasPrefix(body, "PK")
		}
		// What the customer fetched before says nothing of whoever has the seat: the log has
		// their first part, and not those after it.
		get(v, page+"/data/"+file[strings.LastIndex(file, "/")+1:])
		for range 2 {
			s.ask(http.MethodHead, s.URL+file, "")
			s.ask(http.MethodGet, s.URL+file, "bytes=1-")
		}
		if n := s.logged("bundle.downloaded"); n != 2 {
			t.Errorf("downloaded %d times, says the log", n)
		}
		if !zipped(s.URL + file) {
			t.Error("it cannot be downloaded")
		}
		if _, body := get(v, page+"/seats?lang=es"); !strings.Contains(body, "Lo ha abierto 2 veces") || !strings.Contains(body, "Puede descargar tus datos") {
			t.Error("the customer does not see that it was opened twice, or that they may download the data")
		}
		if allow(v, "no"); zipped(s.URL + file) {
			t.Error("it is downloaded after that was taken back")
		}
		allow(v, "yes")
		second := "/g/" + s.seated(v, page, "it") // whoever comes after them is not allowed what they were
		if zipped(s.URL + second + file[strings.Index(file, "/data/"):]) {
			t.Error("the next one downloads it unasked")
		}
		if n := s.logged("bundle.downloaded"); n != 3 {
			t.Errorf("downloaded %d times, says the log", n)
		}
		for days, want := range map[int]int{29: http.StatusOK, 31: http.StatusGone} {
			s.over(c, days)
			if status, _ := get(stranger, s.URL+second); status != want {
				t.Errorf("%d days after it was closed: %d", days, status)
			}
		}
		s.over(c, 31)
		if status, _, _ := s.body(v.PostForm(page+"/seats", url.Values{"make": {"it"}})); status != http.StatusGone {
			t.Errorf("made after the departure: %d", status)
		}
	})
}
