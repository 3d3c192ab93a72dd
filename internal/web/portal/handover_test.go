package portal_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/envelope"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// given hands an item over in a departure; there is no engine here.
func (s *site) given(c offboarding.CaseID, kind, name string, change handover.Rotation) handover.ID {
	s.t.Helper()
	ctx := s.t.Context()
	x := app.SealedHandover{Item: handover.Item{ID: handover.ID(id.New("hnd")), Case: c, Kind: kind, Name: name, State: handover.Given, Rotation: change}}
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		asset := customer.Asset{ID: customer.AssetID(id.New("ast")), Customer: p.Case.Customer, Kind: kind, Name: name, Reference: name}
		if _, err := tx.InsertAssets(ctx, asset); err != nil {
			return err
		}
		x.Customer, x.Step, x.Asset, x.GivenAt = p.Case.Customer, p.Steps[0].ID, asset.ID, tx.Now()
		if change != "" {
			x.RotateBy = when.DateOf(tx.Now(), s.app.Company().Zone).AddDays(5)
		}
		if x.KeyID, err = s.keys.KeyFor(ctx, string(x.Customer), "account"); err != nil {
			return err
		}
		if x.Body, err = s.keys.Seal(ctx, x.KeyID, []byte("{}"), []byte(x.ID)); err != nil {
			return err
		}
		return tx.PutHandover(ctx, x)
	}))
	return x.ID
}

// The act is read, accepted and kept by whoever has no script: what is missing is
// said with what was typed, and an act that was replaced meanwhile is read first.
func TestAnActIsAcceptedWithATickedBox(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		ctx := t.Context()
		c, page := s.leaving()
		s.given(c, "document", "Manual", "")
		if status, _, _ := s.body(s.visitor().Get(page + "/act.pdf")); status != http.StatusNotFound {
			t.Errorf("an act before there is one: %d", status)
		}
		_, err := s.app.DrawAct(ctx, agent, c)
		must(t, err)
		fields := func(body string) url.Values {
			out := url.Values{}
			for _, name := range []string{"act", "sha256"} {
				_, rest, found := strings.Cut(body, `name="`+name+`" value="`)
				if !found {
					t.Fatalf("no %s on the page:\n%s", name, body)
				}
				out.Set(name, rest[:strings.Index(rest, `"`)])
			}
			return out
		}
		_, body, _ := s.body(s.visitor().Get(page + "/handover?lang=es"))
		typed := fields(body)
		typed.Set("name", "Ana <Ruiz>")
		status, body, _ := s.body(s.visitor().PostForm(page+"/act?lang=es", typed))
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-testid="error-act-agrees"`) || !strings.Contains(body, `value="Ana &lt;Ruiz&gt;"`) {
			t.Fatalf("%d: without the box\n%s", status, body)
		}
		_, err = s.app.DrawAct(ctx, agent, c)
		must(t, err)
		typed.Set("agrees", "yes")
		status, body, _ = s.body(s.visitor().PostForm(page+"/act?lang=es", typed))
		if status != http.StatusConflict || !strings.Contains(body, `data-testid="act-newer"`) || strings.Contains(body, `value="yes" checked`) {
			t.Fatalf("%d: another act was drawn up meanwhile\n%s", status, body)
		}
		typed = fields(body)
		typed.Set("name", "Ana Ruiz")
		typed.Set("agrees", "yes")
		status, body, _ = s.body(s.visitor().PostForm(page+"/act?lang=es", typed))
		if status != http.StatusOK || !strings.Contains(body, `data-testid="act-accepted"`) || !strings.Contains(body, "Ana Ruiz") || strings.Contains(body, `data-testid="accept-act"`) {
			t.Fatalf("%d: accepted\n%s", status, body)
		}
		for _, file := range []string{"/act.pdf", "/act/accepted.pdf"} {
			if status, body, _ := s.body(s.visitor().Get(page + file)); status != http.StatusOK || !strings.HasPrefix(body, "%PDF-") {
				t.Errorf("%s: %d %q", file, status, body)
			}
		}
		// The one before stays theirs.
		if !strings.Contains(body, `data-testid="acts-earlier"`) || !strings.Contains(body, "/act.pdf?n=1") || strings.Contains(body, "/act/accepted.pdf?n=1") {
			t.Errorf("the page does not give the act of before:\n%s", body)
		}
		for file, want := range map[string]int{"/act.pdf?n=1": http.StatusOK, "/act.pdf?n=2": http.StatusOK, "/act/accepted.pdf?n=1": http.StatusNotFound, "/act.pdf?n=9": http.StatusNotFound, "/act.pdf?n=x": http.StatusNotFound} {
			if status, _, _ := s.body(s.visitor().Get(page + file)); status != want {
				t.Errorf("%s: %d, want %d", file, status, want)
			}
		}
	})
}

func TestToSayThatAPasswordWasChangedLosesNothingTyped(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		key := s.given(c, "credential", "Correo", handover.Waiting)
		files := s.given(c, "document", "Fotos", "")
		typed := url.Values{"right." + string(files): {"yes"}, "lacks." + string(key): {"Falta <b>una</b>"}, "rotated": {string(key)}}
		status, body, _ := s.body(s.visitor().PostForm(page+"/handover?lang=es", typed))
		if status != http.StatusOK || !strings.Contains(body, `name="right.`+string(files)+`" value="yes" checked`) || !strings.Contains(body, "Falta &lt;b&gt;una&lt;/b&gt;</textarea>") {
			t.Fatalf("%d: what was typed is gone:\n%s", status, body)
		}
		if strings.Contains(body, `data-testid="rotated"`) {
			t.Error("it asks for the change again")
		}
		v, err := s.app.OpenCase(t.Context(), agent, c)
		must(t, err)
		for _, x := range v.Handover.List {
			if x.State != handover.Given || x.ID == key && x.Rotation != handover.Confirmed {
				t.Errorf("%+v", x)
			}
		}
		typed.Del("rotated")
		typed.Del("lacks." + string(key))
		if status, body, _ = s.body(s.visitor().PostForm(page+"/handover?lang=es", typed)); status != http.StatusOK || strings.Count(body, `value="yes"`) != 1 {
			t.Errorf("%d: the answer was not taken", status)
		}
		// Who presses Enter in the form saves the answers, whatever button stands first.
		first := body[strings.Index(body, `<form id="answers"`):]
		if button := first[strings.Index(first, "<button"):]; !strings.HasPrefix(button, "<button hidden></button>") {
			t.Error("the first button of the form is " + button[:80])
		}
	})
}

// The pages of an envelope, as a browser without scripts has them.
func TestAnEnvelopeIsOpenedWithoutScript(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		const key, secret = "7K2MX-00000-11111-ABCDE-ZZZZZ", "<b>llave</b>"
		sealed, err := envelope.Seal(key, []byte(secret))
		must(t, err)
		lock := envelope.Lock(envelope.Proof(key))
		v := s.visitor()
		to := s.enveloped(c, handover.ByKey, lock, sealed)
		status, body, head := s.body(v.Get(to + "?lang=es"))
		if status != http.StatusOK || !strings.Contains(body, `name="key"`) || strings.Contains(body, "<script") || strings.Contains(head.Get("Content-Security-Policy"), "script-src") {
			t.Fatalf("%d: %s", status, body)
		}
		for typed, want := range map[string]string{"": "error-key", "7K2MX": "25", "7K2MX-00000-11111-ABCDE-ZZZZY": "4"} {
			if status, body, _ = s.body(v.PostForm(to, url.Values{"key": {typed}})); status != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
				t.Errorf("%q: %d, without %q", typed, status, want)
			}
		}
		status, body, head = s.body(v.PostForm(to+"?lang=es", url.Values{"key": {strings.ToLower(key)}}))
		if status != http.StatusOK || !strings.Contains(body, "&lt;b&gt;llave&lt;/b&gt;") || head.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d: %s", status, body)
		}
		if status, body, _ = s.body(v.PostForm(to, url.Values{"key": {key}})); status != http.StatusOK || !strings.Contains(body, `data-testid="opened"`) || strings.Contains(body, "llave&lt;") {
			t.Errorf("again: %d: %s", status, body)
		}

		// Too many wrong keys.
		to = s.enveloped(c, handover.ByKey, lock, sealed)
		for range handover.MostGuesses {
			status, body, _ = s.body(v.PostForm(to, url.Values{"key": {"00000-00000-00000-00000-00000"}}))
		}
		if status != http.StatusOK || !strings.Contains(body, `data-testid="locked"`) {
			t.Errorf("locked: %d: %s", status, body)
		}

		// What a browser sealed: the page says what to do without script, and no key is
		// asked for. What is sealed is given out to a proof, and only to that.
		to = s.enveloped(c, handover.ByBrowser, lock, []byte("sealed by a browser"))
		_, body, head = s.body(v.Get(to + "?lang=es"))
		form := body[strings.Index(body, "<form"):]
		if !strings.Contains(body, `data-testid="needs-script"`) || !strings.Contains(form[:strings.Index(form, ">")], "hidden") {
			t.Errorf("%s", body)
		}
		if policy := head.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.HasSuffix(policy, "script-src 'self'; connect-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q", policy)
		}
		if status, body, _ = s.body(v.PostForm(to, url.Values{"key": {key}})); status != http.StatusUnprocessableEntity || strings.Contains(body, "data-sealed=") {
			t.Errorf("its key was taken here: %d", status)
		}
		if status, body, _ = s.body(v.PostForm(to, url.Values{"proof": {envelope.Proof(key)}})); status != http.StatusOK || !strings.Contains(body, `data-sealed="`+base64.StdEncoding.EncodeToString([]byte("sealed by a browser"))) {
			t.Errorf("%d: %s", status, body)
		}

		// They have one destroyed on their page.
		to = s.enveloped(c, handover.ByKey, lock, sealed)
		_, body, _ = s.body(v.Get(page + "/handover?lang=es"))
		item := body[strings.Index(body, `name="burn" value="`)+len(`name="burn" value="`):]
		if status, _, _ = s.body(v.PostForm(page+"/handover?lang=es", url.Values{"burn": {item[:strings.Index(item, `"`)]}})); status != http.StatusOK {
			t.Errorf("burned: %d", status)
		}
		if status, body, _ = s.body(v.Get(to)); status != http.StatusOK || !strings.Contains(body, `data-testid="expired"`) || strings.Contains(body, "<form") && strings.Contains(body, `name="key"`) {
			t.Errorf("what was burned: %d", status)
		}
	})
}

// enveloped puts something into an envelope of a credential and returns its address.
func (s *site) enveloped(c offboarding.CaseID, kind handover.EnvelopeKind, lock string, body []byte) string {
	s.t.Helper()
	ctx := s.t.Context()
	item, token := s.given(c, "credential", "Servidor", handover.Waiting), id.Token()
	sum := sha256.Sum256([]byte(token))
	x := app.SealedEnvelope{
		Sheet: handover.Sheet{ID: handover.EnvelopeID(id.New("env")), Case: c, Item: item, Kind: kind, State: handover.Sealed},
		Lock:  lock, TokenHash: hex.EncodeToString(sum[:]), Message: "msg_x",
	}
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		h, err := tx.FindHandover(ctx, item)
		if err != nil {
			return err
		}
		h.Way = handover.Envelope
		if err := tx.PutHandover(ctx, h); err != nil {
			return err
		}
		x.Expires = tx.Now().Add(72 * time.Hour)
		if x.KeyID, err = s.keys.KeyFor(ctx, string(h.Customer), "account"); err != nil {
			return err
		}
		if x.Body, err = s.keys.Seal(ctx, x.KeyID, body, []byte(x.ID)); err != nil {
			return err
		}
		return tx.PutEnvelope(ctx, x)
	}))
	return s.URL + "/e/" + token
}

// tellsHow writes down how something was given.
func (s *site) tellsHow(item handover.ID, how string) {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		h, err := tx.FindHandover(ctx, item)
		if err != nil {
			return err
		}
		if h.Body, err = s.keys.Seal(ctx, h.KeyID, []byte(`{"How": "`+how+`"}`), []byte(h.ID)); err != nil {
			return err
		}
		return tx.PutHandover(ctx, h)
	}))
}

// toGive makes a thing that is still to be given.
func (s *site) toGive(c offboarding.CaseID, kind, name string) handover.ID {
	s.t.Helper()
	item := s.given(c, kind, name, "")
	must(s.t, s.store.Tx(s.t.Context(), func(tx app.Tx) error {
		x, err := tx.FindHandover(s.t.Context(), item)
		if err != nil {
			return err
		}
		x.State, x.GivenAt = handover.Open, time.Time{}
		return tx.PutHandover(s.t.Context(), x)
	}))
	return item
}

// Before a thing is given the client says who administers it and, of a credential, how
// they want to get it: without a script, and what is wrong stands beside what was typed.
func TestTheClientSaysWhoAdministersItAndHowTheyWantACredential(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		domain, key := s.toGive(c, "domain", "almena.example"), s.toGive(c, "credential", "Servidor")
		v := s.visitor()
		send := func(fields url.Values) string {
			t.Helper()
			_, body, _ := s.body(v.PostForm(page+"/handover?lang=es", fields))
			return body
		}
		owner := url.Values{"owner": {string(domain)}, "owner." + string(domain): {"Ana Ruiz"}, "email." + string(domain): {"ana@almena"}}
		body := send(owner)
		for _, want := range []string{`data-testid="error-email"`, `value="ana@almena"`, `value="Ana Ruiz"`} {
			if !strings.Contains(body, want) {
				t.Errorf("a wrong address: there is no %s", want)
			}
		}
		if strings.Contains(body, `data-testid="errors"`) {
			t.Error("they are asked what is missing")
		}
		owner.Set("email."+string(domain), "ana@almena.example")
		if body = send(owner); !strings.Contains(body, "Nos has dicho que lo administrará Ana Ruiz, ana@almena.example") {
			t.Error("it is not confirmed")
		}
		if body = send(url.Values{"in_person": {string(key)}}); !strings.Contains(body, `data-testid="prefer-envelope"`) {
			t.Error("they cannot have it in an envelope any more")
		}
		if body = send(url.Values{"envelope": {string(key)}}); !strings.Contains(body, `data-testid="prefer-in-person"`) {
			t.Error("they cannot have it by hand any more")
		}
	})
}

// What has to be renewed is fetched as a calendar; where nothing is, there is none.
func TestRenewalsAreFetchedAsACalendar(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		s.given(c, "domain", "ejemplo.example", "")
		v := s.visitor()
		if status, _, _ := s.body(v.Get(page + "/renewals.ics")); status != http.StatusNotFound {
			t.Errorf("of nothing: %d", status)
		}
		s.renewed(c, "otro.example")
		status, body, head := s.body(v.Get(page + "/renewals.ics?lang=es"))
		if status != http.StatusOK || body != "otro.example" || head.Get("Content-Type") != "text/calendar" || !strings.Contains(head.Get("Content-Disposition"), "renovaciones.ics") {
			t.Errorf("%d %v: %s", status, head, body)
		}
		if _, body, _ := s.body(v.Get(page + "/handover?lang=es")); !strings.Contains(body, `data-testid="renewals-ics"`) {
			t.Error("the page does not offer it")
		}
	})
}
