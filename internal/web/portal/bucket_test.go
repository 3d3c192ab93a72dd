package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/bucket"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/peers"
	"hastaluego/internal/text"
)

// runSend does what is due of sending, as the engine does, and returns when it wants
// to go on.
func (s *site) runSend(c offboarding.CaseID) (again time.Time) {
	s.t.Helper()
	ctx := s.t.Context()
	var last app.SealedSend
	must(s.t, s.store.View(ctx, func(tx app.Tx) (err error) { last, err = tx.LastSend(ctx, c); return err }))
	r, err := s.app.RunSend(ctx, offboarding.Work{Kind: app.SendKind, Case: c, Item: string(last.ID)})
	must(s.t, err)
	if last.State == bucket.Sending && len(last.Body) == 0 {
		s.t.Error("it is on its way, and nobody knows where")
	}
	return r.Again
}

// What a customer takes along goes into a store of their own: whole, once, with
// nothing left of the key; what is wrong is told at its field or, later, on the page.
func TestTheDataGoIntoAStoreOfTheCustomersOwn(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		store, err := peers.StartStore(testkit.Root(t), t.TempDir())
		must(t, err)
		t.Cleanup(store.Stop)
		if status, said, err := store.Ask(t.Context(), http.MethodPut, "/theirs", ""); err != nil || status != http.StatusOK {
			t.Fatal(status, said, err)
		}
		s := open(t, e)
		c, page := s.leaving()
		s.bundled(c, "01")
		who := s.verified(c, page)
		form := url.Values{"endpoint": {store.Base}, "region": {"us-east-1"}, "bucket": {"theirs"}, "folder": {"faro"}, "key_id": {peers.StoreKey}, "secret": {"not-the-secret"}}
		with := func(field, value string) url.Values {
			f := url.Values{}
			for k, v := range form {
				f[k] = v
			}
			f.Set(field, value)
			return f
		}
		if status, body, _ := s.body(who.PostForm(page+"/data/bucket?lang=es", with("region", ""))); status != http.StatusUnprocessableEntity ||
			!strings.Contains(body, `data-testid="error-region"`) || !strings.Contains(body, `value="theirs"`) || strings.Contains(body, "not-the-secret") {
			t.Errorf("without a region it is %d", status)
		}
		if status, body, _ := s.body(who.PostForm(page+"/data/bucket?lang=es", form)); status != http.StatusOK || !strings.Contains(body, "theirs/faro (127.0.0.1") || strings.Contains(body, `data-testid="own-open"`) {
			t.Fatalf("asked for, it is %d", status)
		}
		if status, _, _ := s.body(who.PostForm(page+"/data/bucket?lang=es", form)); status != http.StatusConflict {
			t.Errorf("a second one is %d", status)
		}
		s.runSend(c)
		if _, body, _ := s.body(who.Get(page + "/data?lang=es")); !strings.Contains(body, text.Say("es", "error.bucket.key")) {
			t.Error("the page does not say that the key is wrong")
		}
		store.Stop()
		if status, _, _ := s.body(who.PostForm(page+"/data/bucket", with("secret", peers.StoreSecret))); status != http.StatusOK {
			t.Fatalf("asked for again, it is %d", status)
		}
		for n := 1; n < bucket.Most; n++ {
			if again := s.runSend(c); again.IsZero() {
				t.Fatalf("given up after %d tries", n)
			}
		}
		if again := s.runSend(c); !again.IsZero() {
			t.Errorf("never given up: again at %s", again)
		}
		if _, body, _ := s.body(who.Get(page + "/data?lang=es")); !strings.Contains(body, text.Say("es", "error.bucket.unreachable")) {
			t.Error("the page does not say that nobody answered")
		}
		if store, err = peers.StartStore(testkit.Root(t), t.TempDir()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Stop)
		_, _, err = store.Ask(t.Context(), http.MethodPut, "/theirs", "")
		must(t, err)
		form.Set("endpoint", store.Base)
		if status, _, _ := s.body(who.PostForm(page+"/data/bucket", with("secret", peers.StoreSecret))); status != http.StatusOK {
			t.Fatalf("asked for the third time, it is %d", status)
		}
		if again := s.runSend(c); !again.IsZero() {
			t.Fatalf("it wants to go on at %s", again)
		}
		_, body, _ := s.body(who.Get(page + "/data?lang=es"))
		if !strings.Contains(body, `data-testid="own-state"`) || strings.Contains(body, `data-testid="own-failed"`) {
			t.Error("the page does not say that it is there")
		}
		_, list, err := store.Ask(t.Context(), http.MethodGet, "/theirs", "")
		must(t, err)
		_, name, found := strings.Cut(list, "<Key>")
		name, _, _ = strings.Cut(name, "</Key>")
		if !found || !strings.HasPrefix(name, "faro/HL-") {
			t.Fatalf("the store holds %s", list)
		}
		_, there, err := store.Ask(t.Context(), http.MethodGet, "/theirs/"+name, "")
		must(t, err)
		if _, ours, _ := s.body(who.Get(page + "/data/att_0000000000000000000001")); there != ours || !strings.HasPrefix(there, "PK") {
			t.Errorf("what is there is not what we have: %d and %d bytes", len(there), len(ours))
		}
		must(t, s.store.View(t.Context(), func(tx app.Tx) error {
			last, err := tx.LastSend(t.Context(), c)
			if len(last.Body) > 0 || last.State != bucket.Sent {
				t.Errorf("something of the key is left: %+v", last)
			}
			return err
		}))
		s.runSend(c) // a job that comes twice changes nothing
		if n := s.logged("bundle.sent"); n != 1 {
			t.Errorf("sent %d times in the log", n)
		}
	})
}
