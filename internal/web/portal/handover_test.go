package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
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

func TestToSayThatAPasswordWasChangedLosesNothingTyped(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
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
