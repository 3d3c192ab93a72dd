package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// The act is what the client reads, byte by byte; only they accept it, once, and
// only the newest; both papers are in the evidence.
func TestTheClientAcceptsTheActThatTheyRead(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		client := w.lent(t, "site")
		day := w.opened(t, client).Today.AddDays(90)
		_, err := w.AddAsset(ctx, agent, customer.Asset{
			Customer: client, Reference: "LIC-1", Kind: "licence", Name: "Tipografía", Owner: customer.OwnerThird, RenewsOn: day, Renewal: money.Amount{Minor: 4900, Currency: "EUR"},
			Payer: customer.PayerClient,
		})
		must(t, err)
		work, err := w.AddSubscription(ctx, agent, app.SubscriptionInput{
			Customer: client, Product: "Web nueva", Amount: money.Amount{Minor: 180000, Currency: "EUR"}, Start: w.opened(t, client).Today.AddMonths(-3),
			Engagement: customer.Engagement{Kind: customer.Project}, Promised: []customer.Deliverable{{Title: "Inicio"}, {Title: "Textos"}},
		})
		must(t, err)
		for _, d := range w.opened(t, client).Promised {
			if today := w.opened(t, client).Today; d.Subscription == work && d.Title == "Inicio" {
				must(t, w.EditDeliverable(ctx, agent, app.DeliverablePatch{Customer: client, Deliverable: d.ID, Delivered: &today, Piece: &customer.Piece{Version: "3"}}))
			}
		}
		_, c, page := w.request(t, "period_end")
		_, _, err = w.OpenAct(ctx, page, 0, false)
		code(t, err, "not_found")
		_, err = w.DrawAct(ctx, finance, c)
		code(t, err, "forbidden.role")
		_, err = w.DrawAct(ctx, agent, c)
		must(t, err)
		w.mail.wait(t, "handover", firstMail)

		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		h := v.Handover
		if len(h.Promised) != 2 || !h.Promised[0].Gap() || h.Promised[0].Title != "Textos" || h.Promised[1].Piece.Version != "3" || len(h.Renewals) != 1 || h.Renewals[0].RenewsOn != day {
			t.Fatalf("promised %+v, renewed %+v", h.Promised, h.Renewals)
		}
		first, _ := h.Act()
		b, pdf, err := w.OpenAct(ctx, page, 0, false)
		if must(t, err); b.ID != first.File || hexSum(pdf) != first.SHA256 || first.Number != 1 {
			t.Fatalf("%+v is not what the client reads", first)
		}
		says := app.ActAcceptance{Act: first.ID, SHA256: first.SHA256, Name: "Ana Ruiz"}
		code(t, w.AcceptAct(ctx, page, says), "act.agree")
		says.Name, says.Agrees = " ", true
		code(t, w.AcceptAct(ctx, page, says), "field.required")
		says.Name = "Ana Ruiz"
		code(t, w.AcceptAct(ctx, "nothing", says), "link.unknown")
		_, err = w.DrawAct(ctx, agent, c)
		must(t, err)
		code(t, w.AcceptAct(ctx, page, says), "act.newer")
		v, err = w.OpenCase(ctx, agent, c)
		must(t, err)
		second, _ := v.Handover.Act()
		says.Act = second.ID
		code(t, w.AcceptAct(ctx, page, says), "act.newer") // with the sum of the other one
		says.SHA256 = second.SHA256

		var all sync.WaitGroup // pressed many times at once, it is accepted once
		for range 4 {
			all.Go(func() {
				if err := w.AcceptAct(ctx, page, says); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		must(t, w.AcceptAct(ctx, page, says))
		if n := w.logged(t, "act.accepted"); n != 1 {
			t.Errorf("accepted %d times", n)
		}
		v, err = w.OpenCase(ctx, agent, c)
		must(t, err)
		x, _ := v.Handover.Act()
		_, proof, err := w.OpenAct(ctx, page, 0, true)
		if must(t, err); x.AcceptedBy != "Ana Ruiz" || !x.Accepted() || hexSum(proof) != x.ProofSum || len(v.Handover.Acts) != 2 || v.Handover.Acts[0].Accepted() {
			t.Fatalf("%+v", v.Handover.Acts)
		}
		must(t, w.UntilQuiet(ctx))
		raw := w.packed(t, c, app.PackInput{})
		w.proved(t, raw)
		for _, paper := range []string{"act", "act_accepted"} {
			if !bytes.Contains(raw, fmt.Appendf(nil, "%%PDF-1.7 %s %s 2", paper, v.Plan.Case.Code)) {
				t.Errorf("%s is not in the evidence", paper)
			}
		}
		w.verifyLog(t)
	})
}

// What was promised and is not there is a gap, whatever becomes of its item, until
// the client accepts it.
func TestAPromiseIsAGapUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		client := w.lent(t, "site")
		_, err := w.AddSubscription(ctx, agent, app.SubscriptionInput{
			Customer: client, Product: "Web nueva", Amount: money.Amount{Minor: 180000, Currency: "EUR"}, Start: w.opened(t, client).Today.AddMonths(-3),
			Engagement: customer.Engagement{Kind: customer.Project}, Promised: []customer.Deliverable{{Title: "Textos"}},
		})
		must(t, err)
		_, c, page := w.request(t, "period_end")
		item := w.handed(t, c, handover.Deliverable)
		give := app.GiveInput{Case: c, Step: "give", Item: item.ID, Way: handover.Transfer, How: "Los textos", Piece: customer.Piece{Version: "1"}}
		for _, turn := range []struct {
			act   func() error
			state handover.State
			gap   bool
		}{
			{func() error { return nil }, handover.Open, true},
			{func() error { return w.HoldItem(ctx, agent, c, "give", item.ID, "Cláusula 7") }, handover.Held, true},
			{func() error { return w.GiveItem(ctx, agent, give) }, handover.Given, true},
			{func() error {
				return w.AnswerHandover(ctx, page, []app.HandoverAnswer{{Item: item.ID, Lacks: "El inglés"}})
			}, handover.Missing, true},
			{func() error { return w.GiveItem(ctx, agent, give) }, handover.Given, true},
			{func() error { return w.AnswerHandover(ctx, page, right(item)) }, handover.Accepted, false},
		} {
			must(t, turn.act())
			v, err := w.OpenCasePage(ctx, page, "case", "")
			must(t, err)
			if p := v.Handover.Promised; len(p) != 1 || p[0].State != turn.state || p[0].Gap() != turn.gap || (p[0].Lacks != "") != (turn.state == handover.Missing) {
				t.Fatalf("at %s: %+v", turn.state, p)
			}
		}
	})
}

// Whose a thing is follows the inventory until it was accepted: what was wrongly taken
// for ours, and is the client's, waits no longer and cannot be made to.
func TestWhatIsTheirsAfterAllWaitsNoLonger(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		client := w.lent(t, "site")
		site := w.opened(t, client).Assets[0]
		says := func(o customer.Ownership) {
			must(t, w.EditAsset(ctx, agent, app.AssetPatch{Customer: client, Asset: site.ID, Owner: &o, Version: w.opened(t, client).Customer.Version}))
		}
		says(customer.OwnerHouse)
		_, c, page := w.request(t, "period_end")
		item := w.handed(t, c, "site")
		must(t, w.HoldItem(ctx, agent, c, "give", item.ID, "Cláusula 7"))
		says(customer.OwnerClient)
		if x := w.handed(t, c, "site"); x.State != handover.Open || x.Held != "" || x.Owner != customer.OwnerClient {
			t.Fatalf("%+v", x)
		}
		code(t, w.HoldItem(ctx, agent, c, "give", item.ID, "Cláusula 7"), "handover.never_waits")
		must(t, w.GiveItem(ctx, agent, app.GiveInput{Case: c, Step: "give", Item: item.ID, Way: handover.Transfer, How: "El panel"}))
		must(t, w.AnswerHandover(ctx, page, right(item)))
		says(customer.OwnerHouse)
		if x := w.handed(t, c, "site"); x.State != handover.Accepted || x.Owner != customer.OwnerClient {
			t.Errorf("accepted as theirs, and now %+v", x)
		}
	})
}

func TestWhereNothingIsHandedOverThereIsNoAct(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		w.clear(t, w.lent(t))
		_, c, _ := w.request(t, "period_end")
		_, err := w.DrawAct(ctx, agent, c)
		code(t, err, "act.nothing")
		_, err = w.DrawAct(ctx, agent, offboarding.CaseID("cas_none"))
		code(t, err, "not_found")
	})
}
