package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// Whoever is to be erased is asked for what their address may be kept, with no box
// ticked; what they chose stands there, can be changed, and is theirs to take back once
// they are erased.
func TestWhoeverIsErasedSaysForWhatTheirAddressIsKept(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := openBook(t, e, "", "telecom")
		ctx := t.Context()
		c, page := s.leaving()
		see := func() string {
			status, body, _ := s.body(s.visitor().Get(page + "?lang=es"))
			if status != http.StatusOK {
				t.Fatalf("the page answers %d", status)
			}
			return body
		}
		ticked := func(body, box string) bool {
			i := strings.Index(body, `data-testid="address-`+box+`"`)
			if i < 0 {
				t.Fatalf("no box %s", box)
			}
			return strings.Contains(body[strings.LastIndex(body[:i], "<input"):i], " checked")
		}
		if body := see(); ticked(body, "told") || strings.Contains(body, `data-testid="address-back"`) {
			t.Error("a box is ticked, or one is there for a letter that nobody allowed")
		}
		_, _, _ = s.body(s.visitor().PostForm(page+"/allow?lang=es", url.Values{"allow": {"yes"}}))
		for _, box := range []bool{true, false, true} {
			f := url.Values{}
			if box {
				f = url.Values{"told": {"yes"}, "back": {"yes"}}
			}
			_, _, _ = s.body(s.visitor().PostForm(page+"/address?lang=es", f))
			if body := see(); ticked(body, "told") != box || ticked(body, "back") != box {
				t.Errorf("%v was chosen, and the page shows something else", box)
			}
		}
		v, err := s.app.OpenCase(ctx, agent, c)
		must(t, err)
		var x erasure.Contact
		read := func() {
			must(t, s.store.View(ctx, func(tx app.Tx) (err error) {
				x, _, err = tx.KeptContactOf(ctx, v.Plan.Case.Customer)
				return err
			}))
		}
		read()
		if !x.Told || !x.Back || !strings.Contains(x.Wording, "Faro puede guardar mi correo") {
			t.Errorf("what was said is kept as %+v", x)
		}
		// Taking back the letter takes back what the address is kept for.
		_, _, _ = s.body(s.visitor().PostForm(page+"/disallow?lang=es", nil))
		if read(); !x.Told || x.Back {
			t.Errorf("the letter was taken back: %+v", x)
		}
		must(t, s.store.Tx(ctx, func(tx app.Tx) error {
			if _, err := tx.EraseCustomer(ctx, v.Plan.Case.Customer, v.Plan.Case.Code); err != nil {
				return err
			}
			if err := tx.PutErasure(ctx, app.Erasure{Case: c, Customer: v.Plan.Case.Customer, ErasedAt: tx.Now(), KeyID: "key_1"}); err != nil {
				return err
			}
			now, _, err := tx.KeptContactOf(ctx, v.Plan.Case.Customer)
			if err != nil {
				return err
			}
			today := when.DateOf(tx.Now(), time.UTC)
			if !now.Keep(string(c), tx.Now(), today, today.AddDays(900)) {
				t.Error("it was not kept")
			}
			return tx.PutKeptContact(ctx, now)
		}))
		body := see()
		if !strings.Contains(body, `data-testid="address-forget"`) || !strings.Contains(body, "Guardamos tu correo para escribirte una vez") || strings.Contains(body, `data-testid="address-save"`) {
			t.Error("the page of somebody erased does not say that their address is kept")
		}
		_, _, _ = s.body(s.visitor().PostForm(page+"/address/forget?lang=es", nil))
		if body := see(); strings.Contains(body, `data-testid="address-forget"`) || !strings.Contains(body, "Ya no guardamos tu correo") {
			t.Error("the page does not say that it was forgotten")
		}
		if read(); x.Why != erasure.Revoked || customer.ID(x.Customer) != v.Plan.Case.Customer {
			t.Errorf("it ended as %+v", x)
		}
	})
}
