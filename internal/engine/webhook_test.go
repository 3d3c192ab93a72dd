package engine_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/webhook"
)

// A process that dies between a commit and its message, or before it knows what
// became of it, owes it: whoever comes next sends it, the same under the same id.
func TestKilledBetweenACommitAndItsMessageItIsSentAllTheSame(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		var mu sync.Mutex
		heard := map[string][]string{} // id → bodies
		ear := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			id := r.Header.Get(webhook.HeaderID)
			heard[id] = append(heard[id], string(body))
			w.WriteHeader(http.StatusNoContent)
		}))
		t.Cleanup(ear.Close)
		s := setScene(t, e.URL, 0, connector.Keyed, true)
		hook, _, err := s.app.AddWebhook(t.Context(), app.Actor{}, app.AddWebhookInput{URL: ear.URL, Events: "*"})
		s.must(err)
		s.must(s.billing.Seed(t.Context(), []peer.Subscription{{Reference: "C-00", Status: "active", AmountMinor: 100, Currency: "EUR"}}))
		s.cases["C-00"] = s.depart(t.Context(), "C-00") // committed, and nobody is there to tell it

		unsent := s.start("unsent")
		unsent.wait("holding")
		unsent.kill()
		mu.Lock()
		if len(heard) > 0 {
			t.Errorf("heard %v of a process that died before it sent anything", heard)
		}
		mu.Unlock()
		answered := s.start("answered")
		_, twice, _ := strings.Cut(answered.wait("holding"), "holding ")
		answered.kill()

		s.start("")
		for end := time.Now().Add(s.patience()); ; time.Sleep(50 * time.Millisecond) {
			v, err := s.app.OpenCase(t.Context(), everybody, s.cases["C-00"])
			s.must(err)
			_, list, err := s.app.Deliveries(t.Context(), app.Actor{Roles: []string{"admin"}}, hook.ID, 200)
			s.must(err)
			mu.Lock()
			silent := slices.DeleteFunc(slices.Clone(v.Timeline), func(x app.TimelineEntry) bool { return len(heard[x.ID]) > 0 })
			mu.Unlock()
			owed := slices.DeleteFunc(list, func(d app.Delivery) bool { return d.Work.State == offboarding.WorkDone })
			if len(silent) == 0 && len(owed) == 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%d facts were never told, %d messages are owed", len(silent), len(owed))
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(heard[twice]) < 2 {
			t.Errorf("%s was told %d times: nobody knew that it had been", twice, len(heard[twice]))
		}
		for id, bodies := range heard {
			if len(slices.Compact(bodies)) != 1 {
				t.Errorf("%s said different things: %q", id, bodies)
			}
		}
	})
}
