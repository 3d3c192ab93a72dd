package app_test

import (
	"slices"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// A week before nobody can fetch it any longer, what a customer takes along is made
// once more by itself, and a letter says what is other than in the first file: once,
// and only if anything is.
func TestABundleIsMadeOnceMoreBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, changed := range []bool{true, false} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldWith(t, e, takesAlong)
			w.keeps.owner, w.keeps.rows, w.keeps.files = "FE-20418", 3, map[string]string{"plano 1.bin": "uno", "planta/ático.txt": "dos"}
			_, c, page := w.request(t, "period_end")
			eventually(t, "the bundle", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
			first := w.bundleID(t, c)
			if changed {
				w.keeps.mu.Lock()
				w.keeps.files = map[string]string{"plano 1.bin": "uno", "zz enlace": "tres"}
				w.keeps.mu.Unlock()
			}
			data, err := w.OpenDataPage(t.Context(), page, "", "es")
			must(t, err)
			end, zone := data.Taking.Last, data.Taking.Zone
			must(t, w.PushClock(t.Context(), "", end.AddDays(-8).Start(zone)))
			if n := w.logged(t, "bundle.due"); n != 0 {
				t.Errorf("made %d times before its time", n)
			}
			must(t, w.PushClock(t.Context(), "", end.AddDays(-6).Start(zone)))
			eventually(t, "another bundle", func() bool { return w.bundleID(t, c) != first })
			eventually(t, "the making", func() bool {
				data, err := w.OpenDataPage(t.Context(), page, "", "es")
				must(t, err)
				return len(data.Blobs) == 1 && !data.Remaking
			})
			if n := w.logged(t, "bundle.due"); n != 1 {
				t.Errorf("made %d times", n)
			}
			if !changed {
				for _, l := range w.mail.papers() {
					if l.Kind == "changes" {
						t.Errorf("a letter says that nothing changed: %+v", l.Changes)
					}
				}
				return
			}
			l := w.mail.wait(t, "changes", firstMail)
			if l.Changes.Added != 1 || l.Changes.Removed != 1 || l.Changes.Changed != 0 ||
				!slices.Equal(l.Changes.Names, []string{"faro/drawings/planta/ático.txt", "faro/drawings/zz enlace"}) {
				t.Errorf("it says %+v", l.Changes)
			}
			if l.Links["data"] == "" {
				t.Error("it does not say where")
			}
			w.verifyLog(t)
		})
	}
}

// bundleID is the newest file of a departure.
func (w *world) bundleID(t *testing.T, c offboarding.CaseID) (id string) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		list, err := tx.BlobsOf(t.Context(), c)
		id = ""
		for _, b := range list {
			if b.Kind == "bundle" {
				id = b.ID
			}
		}
		return err
	}))
	return id
}
