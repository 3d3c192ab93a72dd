package portal_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web"
	"hastaluego/internal/web/assets"
	"hastaluego/internal/web/portal"
	"hastaluego/internal/when"
)

// A flow is refused for what the portal has no control for, and for nothing that
// it has one for: what is said of the portal is what the portal draws.
func TestWhatAFlowMayAskForIsWhatThePortalDraws(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	files, err := assets.Open()
	must(t, err)
	kit := &web.Kit{Assets: files, App: s.app}
	for _, asks := range strings.Fields("name company contract line date email postal_address contact identity kind ground proof reason comment id_document password code phone survey marketing payment") {
		f, err := flow.Load("t.yaml", []byte(`flow: t
languages: [es]
nodes:
  - {id: home, kind: entry, actions: [{id: go, role: exit, does: cancel, to: form, label: {es: "Baja"}}]}
  - {id: form, kind: form, texts: {title: {es: "Baja"}}, fields: [{id: f, asks: `+asks+`, label: {es: "Lo que se pide"}}], actions: [{id: confirm, role: exit, does: cancel, to: done, label: {es: "Confirmar"}}]}
  - {id: done, kind: receipt}
`))
		must(t, err)
		page, ok := portal.Preview(kit, plain{}, f.Compile(flow.Law{}, flow.Variant{Language: "es", Device: "desktop"}), "form", when.Machine{}.Now())
		if !ok {
			t.Fatal("no page")
		}
		var html strings.Builder
		must(t, page.Render(t.Context(), &html))
		drawn := strings.Contains(html.String(), "Lo que se pide")
		if served := slices.Contains(flow.ServedAsks(), asks); served != drawn || served != (f.Unserved() == nil) {
			t.Errorf("%s: said to be served %v, drawn %v, found %v", asks, served, drawn, f.Unserved())
		}
	}
}
