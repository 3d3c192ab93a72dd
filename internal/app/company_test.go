package app_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
)

// aLogo is a small PNG.
func aLogo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 20))))
	return b.Bytes()
}

func TestTheNewestProfileCountsAndNobodyOverwritesAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	page, err := w.OpenCompany(ctx, admin)
	must(t, err)
	if page.Version != 0 || page.Profile.Name == "" || page.Profile.PublicURL != "" {
		t.Fatalf("it begins as %+v", page)
	}
	p := page.Profile
	p.Name, p.Email, p.Colour, p.Zone = "Faro Norte", "bajas@faro.example", "#7a1f3d", "America/Bogota"
	in := app.CompanyInput{Profile: p, Version: 0, Logo: aLogo(t)}
	if _, err := w.SetCompany(ctx, finance, in); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("whoever may not: %v", err)
	}
	version, err := w.SetCompany(ctx, admin, in)
	must(t, err)
	c := w.Company()
	if version != 1 || c.Name != "Faro Norte" || c.Zone.String() != "America/Bogota" || c.Logo == nil || c.PublicURL != page.Start.PublicURL || c.PublicURL == "" {
		t.Fatalf("version %d, %+v", version, c)
	}
	if _, err := w.SetCompany(ctx, admin, in); fault.CodeOf(err) != "company.changed_meanwhile" {
		t.Errorf("a form from before: %v", err)
	}
	in.Logo, in.Version = nil, 1
	if again, err := w.SetCompany(ctx, admin, in); err != nil || again != 1 {
		t.Errorf("nothing differs, and version %d was made (%v)", again, err)
	}
	in.NoLogo, in.Profile.Name = true, " "
	if _, err := w.SetCompany(ctx, admin, in); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Field != "name" {
		t.Errorf("a company without a name: %v", err)
	}
	in.Profile.Name = "Faro Sur"
	version, err = w.SetCompany(ctx, admin, in)
	must(t, err)
	if c := w.Company(); version != 2 || c.Logo != nil || c.Colour != "#7a1f3d" {
		t.Errorf("version %d, %+v", version, c)
	}

	// What another node changed is seen when this one looks.
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		p := w.Company().Profile()
		p.Name = "Faro Oeste"
		return tx.PutCompany(ctx, app.CompanyVersion{Version: 3, Profile: p, At: tx.Now(), By: "system"})
	}))
	must(t, w.Refresh(ctx))
	if c := w.Company(); c.Name != "Faro Oeste" {
		t.Errorf("this node still says %s", c.Name)
	}
	page, err = w.OpenCompany(ctx, admin)
	must(t, err)
	if len(page.Versions) != 3 || page.Versions[0].Changed[0] != "name" || page.Versions[1].By != admin.ID || len(page.Versions[1].Changed) != 2 {
		t.Errorf("versions %+v", page.Versions)
	}
	if _, err := w.Logo(ctx, page.Versions[2].Profile.Logo); err != nil {
		t.Errorf("the logo of an old letter: %v", err)
	}
	if n := w.logged(t, "company.changed"); n != 2 {
		t.Errorf("%d changes are in the log", n)
	}
	if changed := company.Changed(page.Versions[2].Profile, page.Versions[1].Profile); len(changed) != 2 {
		t.Errorf("changed %v", changed)
	}
}
