package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/testkit"
)

// While nothing is sent outside a request is registered and matched, and its
// letters wait; let go, they leave. The log tells both.
func TestNothingLeavesWhileItIsHeldBack(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		p := aPlace(t, e)
		h := p.open()
		defer h.close()
		if said := p.must("release"); said != "nothing was held back\n" {
			t.Error(said)
		}
		if said, status := p.hasta("hold", "outside"); status != 2 || !strings.Contains(said, "why") {
			t.Errorf("%d %s", status, said)
		}
		letters := func() int { return len(must(filepath.Glob(filepath.Join(p.dir, "mail", "*.eml")))(t)) }
		p.must("hold", "outside", "--why", "we rehearse")
		ok(t, h.while(t.Context(), func(ctx context.Context) error {
			if err := p.write(ctx, h, "ana"); err != nil {
				return err
			}
			return h.app.UntilQuiet(ctx)
		}))
		held := must(h.app.Held(t.Context()))(t)
		if letters() != 0 || held.Waiting == 0 || held.Why != "we rehearse" {
			t.Errorf("%d letters left, %+v", letters(), held)
		}
		said := p.must("release")
		ok(t, h.while(t.Context(), h.app.UntilQuiet))
		if letters() == 0 || letters() < held.Waiting || !strings.Contains(said, "waited") {
			t.Errorf("%d letters after %q", letters(), said)
		}
		if said := p.must("audit", "verify"); !strings.Contains(said, "nothing differs") {
			t.Error(said)
		}
	})
}
