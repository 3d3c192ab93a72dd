package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/testkit"
)

// Renewals and other prices are told by the fewest letters that satisfy the law,
// each once; whoever leaves is left in peace, and whoever has no address is
// written down.
func TestWhatComesForAContractIsToldInTime(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		renews := w.today(t).AddDays(60)
		list := w.mini(t, 3, func(i int, in *app.CustomerInput) {
			in.Consumer, in.Language = true, []string{"es", "en", "es"}[i]
			in.Subscriptions[0].RenewsOn, in.Subscriptions[0].Interval = renews, customer.Yearly
			if i == 2 {
				in.Contacts[0].Role = customer.User
			}
		})
		must(t, w.UntilQuiet(ctx))
		told := func() (n int) { return w.mail.count(app.NoticePaper) }
		if told() != 0 {
			t.Fatalf("%d letters before any is due", told())
		}
		w.days(t, 24*24*time.Hour+12*time.Hour) // to the last day but 35
		eventually(t, "the first letters", func() bool { return told() == 2 })
		p := w.mail.wait(t, app.NoticePaper, "mi-01@mini.example")
		if p.Language != "en" || p.Coming == nil || p.Coming.Kind != limit.Renewal || p.Coming.Day != renews || p.Coming.Deadline != renews.AddDays(-1) ||
			len(p.Lines) != 1 || p.Coming.Leave != "http://faro.test/?lang=en" {
			t.Errorf("it says %+v", p)
		}
		w.days(t, 3*24*time.Hour)
		w.host(t, list[1]) // leaves meanwhile
		w.days(t, 14*24*time.Hour)
		eventually(t, "the second letter", func() bool { return told() == 3 })
		w.days(t, 20*24*time.Hour)
		if n := told(); n != 3 {
			t.Errorf("%d letters, want two to the one and one to the other", n)
		}
		if sent, passed := w.logged(t, "notice.sent"), w.logged(t, "notice.passed"); sent != 3 || passed != 2 {
			t.Errorf("%d were told and %d could not be", sent, passed)
		}

		// Another price, too soon and in time.
		s := w.opened(t, list[0]).Lines[0]
		next := app.Announced{Subscription: s.ID, Kind: limit.PriceChange, Day: w.today(t), Price: eur(1100)}
		if err := w.Announce(ctx, agent, next); fault.CodeOf(err) != "announced.day" {
			t.Errorf("a price of today is announced: %v", err)
		}
		next.Day = w.today(t).AddDays(30)
		must(t, w.Announce(ctx, agent, next))
		w.days(t, 10*24*time.Hour)
		eventually(t, "the new price", func() bool {
			p := w.mail.last(t, app.NoticePaper)
			return p.Coming.Kind == limit.PriceChange && p.Coming.Price == eur(1100) && p.Coming.Day == next.Day
		})
		w.verifyLog(t)
	})
}
