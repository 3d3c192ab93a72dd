package app_test

import (
	"os"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/testkit"
)

// What people write on steps is sealed where it is stored, and read by those
// who may until the customer's key is destroyed.
func TestWhatIsWrittenOnStepsIsStoredSealed(t *testing.T) {
	t.Parallel()
	db := t.TempDir() + "/hasta.db"
	w := newWorldWith(t, testkit.Engine{Name: "sqlite", URL: db}, careful)
	ctx := t.Context()
	_, c, _ := w.request(t, "period_end")
	const note, evidence = "Lo pactado con Marta", "Lo vi en su contrato"
	must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true, Evidence: evidence}))
	must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "prepare", Note: note}))
	must(t, w.Approve(ctx, second, c, "agree", false, "Falta lo de Marta")) // the plan is stored again
	v, err := w.OpenCase(ctx, agent, c)
	must(t, err)
	s := v.Plan.Step("prepare")
	if s.Note != note || s.Items[0].Evidence != evidence || v.Plan.Step("agree").Note != "Falta lo de Marta" {
		t.Errorf("read back: %q, %q", s.Note, s.Items[0].Evidence)
	}
	for _, part := range []string{"", "-wal"} {
		raw, err := os.ReadFile(db + part)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, words := range []string{note, evidence, "Falta lo de Marta"} {
			if strings.Contains(string(raw), words) {
				t.Errorf("%s%s holds %q in the clear", "hasta.db", part, words)
			}
		}
	}
	key, err := w.keys.KeyFor(ctx, string(v.Customer.ID), "account")
	must(t, err)
	must(t, w.keys.Destroy(ctx, key))
	v, err = w.OpenCase(ctx, agent, c)
	must(t, err)
	if s := v.Plan.Step("prepare"); s.Note != "" || s.Items[0].Evidence != "" {
		t.Errorf("without the key it still says %q", s.Note)
	}
}
