package app_test

import (
	"slices"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
)

// The receipt tells what the page showed of the money before the click, for the choice
// that was made, with its currency and days, whatever is written down since. Where no
// page showed anything it tells none.
func TestTheReceiptTellsTheMoneyThatWasShownBeforeTheClick(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		for country, choice := range map[string]string{"ES": "period_end", "UY": "now"} {
			cus, email := w.buyer(t, "SHOWN"+country, country, 40)
			p := w.preview(t, cus)
			shown := p.Now
			if choice == "period_end" {
				shown = p.End
			}
			_, wall, err := w.Now(ctx)
			must(t, err)
			link, err := app.SignHostLink(w.keys.HMACKey(app.HostLinkKey), app.HostClaim{Customer: cus, Expires: wall.Add(time.Minute), ID: "shown " + choice, Language: "es"})
			must(t, err)
			_, err = w.RequestExit(ctx, app.ExitInput{AccountEmail: email, When: choice, Language: "es", Host: link})
			must(t, err)
			_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "D-" + choice, Kind: customer.Deposit, About: "Fianza", Amount: eur(5000)}) // since then
			must(t, err)
			told := w.mail.wait(t, "receipt", email).Case.Shown
			var want []money.Amount
			for _, s := range shown.Sections {
				want = append(want, s.Total)
			}
			if !slices.Equal(told.Totals, want) || told.RefundOn != shown.RefundOn || told.DueOn != shown.DueOn {
				t.Errorf("%s: the page showed %v by %s, %s, and the receipt says %+v", choice, want, shown.RefundOn, shown.DueOn, told)
			}
			if back, _ := sumOf(shown, settlement.LineRefund, ""); choice == "now" && back <= 0 {
				t.Errorf("nothing comes back: %+v", shown)
			}
		}
		_, email := w.buyer(t, "UNSEEN", "ES", 40)
		w.leaves(t, email, "now")
		if told := w.mail.wait(t, "receipt", email).Case.Shown; len(told.Totals) > 0 {
			t.Errorf("who saw nothing reads %+v", told)
		}
	})
}
