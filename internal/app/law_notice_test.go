package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/limit"
	"hastaluego/internal/testkit"
)

// Renewals and other prices are told by the fewest letters that satisfy the law,
// each once; whoever leaves is left in peace, and whoever has no address is
// written down.
func TestWhatComesForAContractIsToldInTime(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
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
		next := app.AnnouncementRow{Contract: s.Reference, Kind: "price_change", Day: w.today(t), Price: eur(1100)}
		announced := func(dry bool) app.Announcing {
			out, err := w.Announce(ctx, agent, []app.AnnouncementRow{next}, dry)
			must(t, err)
			return out
		}
		if out := announced(false); out.Kept != 0 || len(out.Refused) != 1 || out.Refused[0].Fault.Code != "announced.day" || out.Refused[0].Column != "day" {
			t.Errorf("a price of today is announced: %+v", out)
		}
		next.Day = w.today(t).AddDays(30)
		tried := announced(true)
		if len(tried.Rows) != 1 || tried.Rows[0].Tells != app.TellsInTime || len(tried.Rows[0].Letters) != 1 || tried.Rows[0].To != "mi-00@mini.example" || tried.Rows[0].Was != eur(900) {
			t.Errorf("a try: %+v", tried)
		}
		if again := announced(true); again.Unchanged != 0 {
			t.Error("a try keeps what it looks at")
		}
		if out := announced(false); out.Kept != 1 || out.Letters != len(tried.Rows[0].Letters) {
			t.Errorf("kept: %+v", out)
		}
		if out := announced(false); out.Kept != 0 || out.Unchanged != 1 {
			t.Errorf("kept twice: %+v", out)
		}
		w.days(t, 10*24*time.Hour)
		eventually(t, "the new price", func() bool {
			p := w.mail.last(t, app.NoticePaper)
			return p.Coming.Kind == limit.PriceChange && p.Coming.Price == eur(1100) && p.Coming.Day == next.Day
		})
		if told := w.today(t); told.Before(tried.Rows[0].Letters[0]) {
			t.Errorf("told by %s, and %s was foreseen", told, tried.Rows[0].Letters[0])
		}
		w.verifyLog(t)
	})
}
