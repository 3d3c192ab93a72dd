package app_test

import (
	"os"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
)

// What people write on steps is sealed where it is stored, and read by those
// who may until the customer's key is destroyed.
func TestWhatIsWrittenOnStepsIsStoredSealed(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	w := newWorldWith(t, db, careful)
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
		raw, err := os.ReadFile(db.URL + part)
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

// A store of keys that does not answer for a moment is not a key that was
// destroyed: nothing is read as empty, so nothing is stored back empty.
func TestAKeyStoreThatDoesNotAnswerLosesNoWords(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, in, page, today := proposed(t, e)
		ctx := t.Context()
		cid := w.customerOf(t, almena).ID
		must(t, w.MakeOffer(ctx, agent, in))
		_, err := w.AddNote(ctx, agent, in.Case, "Prefiere que la llamen")
		must(t, err)
		complaint, err := w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: cid, Received: today, What: "Los avisos no llegan"})
		must(t, err)
		must(t, w.AnswerComplaint(ctx, agent, app.ComplaintAnswer{Complaint: complaint, State: relationship.Promised, Answer: "Los arreglamos", By: today.AddDays(9)}))
		v, err := w.OpenCase(ctx, agent, in.Case)
		must(t, err)
		promise := v.Between.Commitments[0].ID
		must(t, w.UntilQuiet(ctx))

		w.deaf.Store(true)
		for verb, err := range map[string]error{
			"answer the offer":  w.AnswerOffer(ctx, page, false),
			"accept the offer":  w.AnswerOffer(ctx, page, true),
			"let it lapse":      w.OfferDue(ctx, v.Offer.ID),
			"fix the complaint": w.AnswerComplaint(ctx, agent, app.ComplaintAnswer{Complaint: complaint, State: relationship.Fixed, Answer: "Hecho"}),
			"keep the promise":  w.EndCommitment(ctx, agent, app.CommitmentEnd{Commitment: promise, State: relationship.Kept, Evidence: "Hecho"}),
			"read the case":     func() error { _, err := w.OpenCase(ctx, agent, in.Case); return err }(),
		} {
			if fault.CodeOf(err) != "store.unavailable" {
				t.Errorf("%s: %v", verb, err)
			}
		}
		w.deaf.Store(false)

		v, err = w.OpenCase(ctx, agent, in.Case)
		must(t, err)
		if o := v.Offer; o.State != offer.Offered || o.What != in.What || o.Heard != in.Heard || o.Changes != in.Changes {
			t.Errorf("the offer says %+v", o)
		}
		if c := v.Between.Complaints[0]; c.What != "Los avisos no llegan" || c.Answer != "Los arreglamos" {
			t.Errorf("the complaint says %+v", c)
		}
		if c := v.Between.Commitments[0]; c.What != "Los arreglamos" || c.State != relationship.Pending {
			t.Errorf("the promise says %+v", c)
		}
		if len(v.Notes) != 1 || v.Notes[0].Text != "Prefiere que la llamen" {
			t.Errorf("the note says %+v", v.Notes)
		}
	})
}
