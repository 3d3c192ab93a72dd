package app_test

import (
	"slices"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/notification"
	"hastaluego/internal/testkit"
)

// What is renewed while things are handed over is told a month before its day, once, to
// whoever pays it; what the client has and accepted is theirs to look after.
func TestARenewalIsToldOnceBeforeItsDayToWhoeverPaysIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		w.person(t, "ines", "agent")
		client := w.lent(t, "site", "domain")
		today := w.opened(t, client).Today
		renews := func(reference, name string, days int, payer customer.Payer) {
			t.Helper()
			_, err := w.AddAsset(ctx, agent, customer.Asset{
				Customer: client, Reference: reference, Kind: "licence", Name: name, RenewsOn: today.AddDays(days), Payer: payer, Renewal: money.Amount{Minor: 4900, Currency: "EUR"},
			})
			must(t, err)
		}
		renews("L-1", "Tipografía", 20, customer.PayerClient)
		renews("L-2", "Alojamiento", 40, customer.PayerHouse)
		renews("L-3", "Certificado", 41, "")
		renews("L-4", "Seguro", 300, customer.PayerClient)
		day := today.AddDays(45)
		for _, x := range w.opened(t, client).Assets {
			if x.Kind == "domain" || x.Kind == "site" {
				must(t, w.EditAsset(ctx, agent, app.AssetPatch{Customer: client, Asset: x.ID, RenewsOn: &day}))
			}
		}
		_, c, page := w.request(t, "period_end")
		letter := func(n int) []string {
			t.Helper()
			eventually(t, "the letter about renewals", func() bool { return w.mail.count(app.RenewalPaper) == n })
			var names []string
			for _, x := range w.mail.last(t, app.RenewalPaper).Renewals {
				names = append(names, x.Name)
			}
			return names
		}
		if got := letter(1); !slices.Equal(got, []string{"Tipografía"}) {
			t.Fatalf("at once: %v", got)
		}
		// The domain is theirs before its turn comes.
		domain := w.handed(t, c, "domain")
		must(t, w.GiveItem(ctx, agent, app.GiveInput{Case: c, Step: "give", Item: domain.ID, Way: handover.Transfer, How: "A su nombre"}))
		must(t, w.AnswerHandover(ctx, page, right(domain)))
		// It is told in the morning: a day more, so that it is due at whatever hour this runs.
		w.push(t, 12)
		if got := letter(2); !slices.Equal(got, []string{"Certificado"}) {
			t.Fatalf("after twelve days: %v", got)
		}
		eventually(t, "whoever hands over is told of what we pay", func() bool { return slices.Contains(w.mail.toldOf("ines@faro.example", notification.Task), "Dos") })
		w.push(t, 4)
		if got := letter(3); len(got) != 1 || got[0] == domain.Name {
			t.Fatalf("after sixteen: %v", got)
		}
		w.push(t, 10)
		if n, m := w.mail.count(app.RenewalPaper), w.logged(t, "renewal.told"); n != 3 || m != 4 {
			t.Errorf("%d letters, told %d times", n, m)
		}
		paper, err := w.OpenRenewals(ctx, page, "en")
		if must(t, err); len(paper.Renewals) != 6 || paper.Language != "en" {
			t.Errorf("in the calendar: %+v", paper.Renewals)
		}
		_, err = w.OpenRenewals(ctx, "nothing", "")
		code(t, err, "link.unknown")
		w.verifyLog(t)
	})
}

// What is written down after the letter of a day went out is told on the next.
func TestARenewalThatIsWrittenDownAfterTheLetterIsToldTheNextDay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		client := w.lent(t, "site")
		today := w.today(t)
		renews := func(name string, days int) {
			t.Helper()
			_, err := w.AddAsset(t.Context(), agent, customer.Asset{Customer: client, Reference: name, Kind: "licence", Name: name, RenewsOn: today.AddDays(days), Payer: customer.PayerClient})
			must(t, err)
		}
		renews("Tipografía", 20)
		_, _, _ = w.request(t, "period_end")
		eventually(t, "the letter", func() bool { return w.mail.count(app.RenewalPaper) == 1 })
		renews("Certificado", 12)
		w.push(t, 2)
		eventually(t, "the letter about the other", func() bool { return w.mail.count(app.RenewalPaper) == 2 })
		if list := w.mail.last(t, app.RenewalPaper).Renewals; len(list) != 1 || list[0].Name != "Certificado" {
			t.Errorf("it tells of %+v", list)
		}
		// So is what another system brings meanwhile.
		must(t, w.PutRows(t.Context(), []ingest.Row{{
			Existing: true, Customer: customer.Customer{Reference: "FE-20418"}, Only: map[string]bool{"asset.kind": true, "asset.renews_on": true, "asset.payer": true},
			Asset: customer.Asset{Reference: "L-9", Name: "Alojamiento", Kind: "licence", RenewsOn: today.AddDays(25), Payer: customer.PayerClient},
		}}))
		w.push(t, 2)
		eventually(t, "the letter about what was brought", func() bool { return w.mail.count(app.RenewalPaper) == 3 })
		if n := w.logged(t, "renewal.told"); n != 3 {
			t.Errorf("told %d times", n)
		}
		w.verifyLog(t)
	})
}
