package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
)

// What is given carries its version, its format and the sum of its bytes; what
// the client misses is said of the version that they had.
func TestWhatIsGivenSaysWhichOneItIs(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		client := w.lent(t, "document", "credential")
		work, err := w.AddSubscription(ctx, agent, app.SubscriptionInput{
			Customer: client, Product: "Web nueva", Amount: money.Amount{Minor: 180000, Currency: "EUR"}, Start: w.opened(t, client).Today.AddMonths(-3),
			Engagement: customer.Engagement{Kind: customer.Project}, Promised: []customer.Deliverable{{Title: "Manual"}},
		})
		must(t, err)
		_, c, page := w.request(t, "period_end")
		manual := w.handed(t, c, handover.Deliverable)
		if manual.Owner != customer.OwnerHouse || w.handed(t, c, "document").Owner != "" {
			t.Fatalf("whose: %+v", manual)
		}
		give := app.GiveInput{Case: c, Step: "give", Item: manual.ID, Way: handover.Transfer, How: "El manual", Piece: customer.Piece{Version: "1", SHA256: "abc"}}
		code(t, w.GiveItem(ctx, agent, give), "piece.sha256")
		give.Name, give.File, give.Piece.SHA256 = "../manual.PDF", []byte("%PDF-1.7 uno"), strings.Repeat("0", 64) // whoever typed it was wrong
		must(t, w.GiveItem(ctx, agent, give))
		sum := sha256.Sum256(give.File)
		first := customer.Piece{Version: "1", Format: "pdf", SHA256: hex.EncodeToString(sum[:])}
		if x := w.handed(t, c, handover.Deliverable); x.Piece != first {
			t.Fatalf("%+v", x.Piece)
		}
		b, plain, err := w.OpenGiven(ctx, page, manual.ID)
		if must(t, err); b.Name != "manual.PDF" || !bytes.Equal(plain, give.File) {
			t.Errorf("%s: %q", b.Name, plain)
		}
		_, _, err = w.OpenGiven(ctx, page, w.handed(t, c, "document").ID)
		code(t, err, "not_found")
		must(t, w.AnswerHandover(ctx, page, []app.HandoverAnswer{{Item: manual.ID, Lacks: "El índice"}}))
		give.File, give.Name, give.Piece = nil, "", customer.Piece{Version: "2", Format: "pdf"}
		must(t, w.GiveItem(ctx, agent, give))
		x := w.handed(t, c, handover.Deliverable)
		if len(x.Refusals) != 1 || x.Refusals[0].Piece != first || x.Refusals[0].Lacks != "El índice" || x.File != "" || x.Lacks != "" {
			t.Fatalf("of the version before: %+v", x)
		}
		must(t, w.AnswerHandover(ctx, page, right(x)))
		for _, d := range w.opened(t, client).Promised {
			if d.Subscription == work && (d.Delivered.IsZero() || d.Piece.Version != "2") {
				t.Errorf("delivered: %+v", d)
			}
		}
		key := app.GiveInput{Case: c, Step: "give", Item: w.handed(t, c, "credential").ID, Way: handover.InPerson, How: "En mano", Name: "clave.txt", File: []byte("x")}
		code(t, w.GiveItem(ctx, agent, key), "handover.no_file")
		w.verifyLog(t)
	})
}

// A work of ours may wait for the contract; a site that the client brought, or
// pays for elsewhere, may not, and what waits holds nothing else.
func TestOnlyAWorkOfOursWaitsForTheContract(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		client := w.lent(t, "site", "document", "domain")
		owners := map[string]customer.Ownership{"site": customer.OwnerThird, "document": customer.OwnerHouse, "domain": customer.OwnerHouse}
		for _, x := range w.opened(t, client).Assets {
			owner := owners[x.Kind]
			must(t, w.EditAsset(ctx, agent, app.AssetPatch{Customer: client, Asset: x.ID, Owner: &owner}))
		}
		_, c, page := w.request(t, "period_end")
		for _, k := range []string{"site", "domain"} {
			code(t, w.HoldItem(ctx, agent, c, "give", w.handed(t, c, k).ID, "Hasta el último pago"), "handover.never_waits")
		}
		manual := w.handed(t, c, "document")
		code(t, w.HoldItem(ctx, agent, c, "give", manual.ID, " "), "field.required")
		code(t, w.HoldItem(ctx, finance, c, "give", manual.ID, "Hasta el último pago"), "forbidden.role")
		must(t, w.HoldItem(ctx, agent, c, "give", manual.ID, "Hasta el último pago (cláusula 7)"))
		w.give(t, c, "site", "domain")
		w.mail.wait(t, "handover", firstMail) // what waits does not keep the client from being asked
		must(t, w.AnswerHandover(ctx, page, right(w.handed(t, c, "site"), w.handed(t, c, "domain"))))
		if x := w.handed(t, c, "document"); x.State != handover.Held || x.Held == "" {
			t.Fatalf("%+v", x)
		}
		today := w.opened(t, client).Today
		paid := app.PaidInput{Case: c, Step: "give", Item: manual.ID, On: today.AddDays(1), With: "F-2026-9"}
		code(t, w.PayItem(ctx, agent, paid), "handover.paid_ahead")
		paid.On = today
		code(t, w.PayItem(ctx, finance, paid), "forbidden.role")
		other := paid
		other.Item = w.handed(t, c, "site").ID
		code(t, w.PayItem(ctx, agent, other), "handover.never_paid")
		must(t, w.PayItem(ctx, agent, paid))
		must(t, w.PayItem(ctx, agent, paid)) // sent twice
		if x := w.handed(t, c, "document"); x.State != handover.Open || x.Owner != customer.OwnerClient || x.PaidOn != today || x.PaidBy != "F-2026-9" {
			t.Fatalf("paid: %+v", x)
		}
		for _, x := range w.opened(t, client).Assets {
			if x.Kind == "document" && x.Owner != customer.OwnerClient {
				t.Errorf("the inventory still says %q", x.Owner)
			}
		}
		code(t, w.HoldItem(ctx, agent, c, "give", manual.ID, "Hasta el último pago"), "handover.never_waits")
		w.give(t, c, "document")
		must(t, w.AnswerHandover(ctx, page, right(w.handed(t, c, "document"))))
		if st := w.stepState(t, c, "give"); st != "done" {
			t.Errorf("the step is %s", st)
		}
		w.verifyLog(t)
	})
}
