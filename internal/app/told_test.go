package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// person adds somebody who signs in with an address and is told there.
func (w *world) person(t *testing.T, name string, roles ...string) app.Actor {
	t.Helper()
	u, err := w.AddUser(t.Context(), "", app.UserInput{Login: name + "@faro.example", Name: name, Password: "una frase muy larga y rara", Roles: roles})
	must(t, err)
	return app.Actor{ID: u.ID, Name: name, Roles: roles}
}

// toldOf returns what an address was told of a kind, by the key of its title.
func (l *letters) toldOf(to string, kind notification.Kind) (titles []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.sent {
		if x.to != to || x.paper.Told == nil {
			continue
		}
		for _, p := range x.paper.Told.Parts {
			for _, line := range p.Lines {
				if p.Name == string(kind) {
					titles = append(titles, line.Title)
				}
			}
		}
	}
	return titles
}

// days moves business time, and waits until everything that is due happened.
func (w *world) days(t *testing.T, d time.Duration) {
	t.Helper()
	now, _, err := w.Now(t.Context())
	must(t, err)
	must(t, w.PushClock(t.Context(), "", now.Add(d)))
	must(t, w.UntilQuiet(t.Context()))
}

// preference is what somebody says who wants everything at any hour.
func preference(name string) notification.Preference {
	return notification.Default(name+"@faro.example", "es", "Europe/Madrid")
}

var langs = []string{"es", "en"}

// The team hears of a step once; when somebody takes it the others hear no more
// of it; when it is late whoever is asked then hears of it, at night too.
func TestPeopleAreToldOfWhatIsTheirs(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, strings.ReplaceAll(listening, "to: admin", "to: success"))
		ctx := t.Context()
		ines, bea, noa := w.person(t, "ines", "agent"), w.person(t, "bea", "agent"), w.person(t, "noa", "success")
		w.person(t, "tomas", "finance")
		p := preference("noa")
		p.From, p.To = 0, notification.Day-1
		must(t, w.SetTold(ctx, noa, p, langs))
		_, c, _ := w.request(t, "period_end")
		for _, to := range []string{"ines@faro.example", "bea@faro.example"} {
			got := w.mail.wait(t, "told", to)
			line := got.Told.Parts[0].Lines[0]
			if got.Told.Parts[0].Name != "task" || line.Title != "Antes" || !strings.Contains(line.Customer, "Almena") || !strings.HasPrefix(line.Code, "HL-") || !strings.HasSuffix(line.Link, string(c)+"#first") {
				t.Fatalf("%s is told %+v", to, got.Told)
			}
		}
		must(t, w.AssignStep(ctx, ines, c, "first", ines.ID))
		w.days(t, 9*24*time.Hour)
		eventually(t, "who took it hears that it is late", func() bool { return len(w.mail.toldOf("ines@faro.example", notification.Overdue)) == 1 })
		eventually(t, "who is asked because it is late hears of it, whatever the hour", func() bool { return len(w.mail.toldOf("noa@faro.example", notification.Escalation)) == 1 })
		w.days(t, time.Minute)
		if got := w.mail.toldOf("bea@faro.example", notification.Overdue); len(got) != 0 {
			t.Errorf("somebody took it, and others are told %v", got)
		}
		if got := append(w.mail.toldOf("tomas@faro.example", notification.Task), w.mail.toldOf("noa@faro.example", notification.Task)...); len(got) != 0 {
			t.Errorf("people of other roles are told %v", got)
		}
		must(t, w.AssignStep(ctx, ines, c, "first", bea.ID))
		w.days(t, time.Minute)
		if got := w.mail.toldOf("bea@faro.example", notification.Task); len(got) != 2 {
			t.Errorf("it was given to her, and she was told %d times of something to do", len(got))
		}
		w.verifyLog(t)
	})
}

// What was told once is not told again: not after a mail system that was away,
// not by a worker that had lost its job, and not by the same event.
func TestNobodyIsToldTwice(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), listening)
	ctx := t.Context()
	w.person(t, "ines", "agent")
	w.mail.stop("told")
	_, c, _ := w.request(t, "period_end")
	eventually(t, "the mail system is away", func() bool {
		w.mail.mu.Lock()
		defer w.mail.mu.Unlock()
		return len(w.mail.tried) > 0
	})
	w.mail.stop("")
	w.mail.wait(t, "told", "ines@faro.example")
	must(t, w.UntilQuiet(ctx))
	told := 0
	must(t, w.store.View(ctx, func(tx app.Tx) error {
		entries, err := tx.Entries(ctx, 1000)
		for _, x := range entries {
			if x.Type == "staff.told" {
				told++
			}
		}
		return err
	}))
	if told != 1 {
		t.Errorf("the log says %d times that somebody was told", told)
	}
	items := w.mail.toldIDs(t)
	var found []app.ToldItem
	must(t, w.store.View(ctx, func(tx app.Tx) (err error) { found, err = tx.ToldBy(ctx, items[0]); return err }))
	if len(found) != 1 {
		t.Fatalf("%d things went by the letter", len(found))
	}
	for _, it := range found {
		r, err := w.Tell(ctx, offboarding.Work{Item: it.ID})
		if err != nil || r.Verdict != app.Accomplished {
			t.Errorf("again: %+v %v", r, err)
		}
		fresh := true
		must(t, w.store.Tx(ctx, func(tx app.Tx) (err error) {
			it.ID = "tld_other"
			fresh, err = tx.InsertTold(ctx, it)
			return err
		}))
		if fresh {
			t.Error("the same event tells again")
		}
	}
	if n := len(w.mail.toldOf("ines@faro.example", notification.Task)); n != 1 {
		t.Errorf("told %d times of %s", n, c)
	}
}

// toldIDs are the Message-IDs, without their end, of what people were told.
func (l *letters) toldIDs(t *testing.T) (ids []string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.sent {
		if x.paper.Told != nil {
			ids = append(ids, strings.TrimSuffix(x.id, "@hasta"))
		}
	}
	return ids
}

// What happens in quick succession comes in one letter, and what is over before
// it goes is not told.
func TestWhatHappensInQuickSuccessionComesInOneLetter(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), listening)
	ctx := t.Context()
	w.person(t, "ines", "agent")
	_, c, _ := w.request(t, "period_end")
	w.mail.wait(t, "told", "ines@faro.example")
	before := w.mail.count("told")
	boss := w.person(t, "boss", "admin")
	bea := w.person(t, "bea", "agent")
	must(t, w.AssignStep(ctx, boss, c, "first", bea.ID))
	w.mail.wait(t, "told", "bea@faro.example")
	must(t, w.UntilQuiet(ctx))
	for _, user := range []string{"", bea.ID, "", bea.ID} {
		must(t, w.AssignStep(ctx, boss, c, "first", user))
	}
	must(t, w.UntilQuiet(ctx))
	w.days(t, time.Minute)
	if n, last := w.mail.count("told")-before, w.mail.last(t, "told").Told.Parts[0]; n != 2 || len(last.Lines) != 2 {
		t.Errorf("%d letters, the last of %d things: one at once, and one for what followed", n, len(last.Lines))
	}
}

// Whoever is away is stood in for, by whoever may do it.
func TestWhoeverIsAwayIsStoodInFor(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), listening)
	ctx := t.Context()
	ines, bea := w.person(t, "ines", "agent"), w.person(t, "bea", "agent")
	boss := w.person(t, "boss", "admin")
	p := preference("bea")
	p.Off = []notification.Kind{notification.DueSoon}
	p.Away, p.Back, p.Stands = w.today(t), w.today(t).AddDays(3), ines.ID
	must(t, w.SetTold(ctx, bea, p, langs))
	_, c, _ := w.request(t, "period_end")
	must(t, w.AssignStep(ctx, boss, c, "first", bea.ID))
	w.days(t, time.Minute)
	if got := w.mail.toldOf("ines@faro.example", notification.Task); len(got) != 2 { // of the team, and in her place
		t.Errorf("who stands in is told %v", got)
	}
	if got := w.mail.toldOf("bea@faro.example", notification.Task); len(got) != 0 {
		t.Errorf("who is away is told %v", got)
	}
	code(t, w.SetTold(ctx, bea, func() notification.Preference { p.Stands = bea.ID; return p }(), langs), "field.choice")
	seen := bea
	seen.RealID = ines.ID
	code(t, w.SetTold(ctx, seen, preference("bea"), langs), "told.own_only")
}

// Once a day somebody hears what is due, late and waits for others, and of
// nothing when there is nothing.
func TestTheDigestComesOnceADayIfThereIsSomething(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), listening)
	ctx := t.Context()
	ines := w.person(t, "ines", "agent")
	idle := w.person(t, "idle", "finance")
	must(t, w.SetTold(ctx, idle, preference("idle"), langs))
	w.request(t, "period_end")
	w.mail.wait(t, "told", "ines@faro.example")
	for range 20 {
		w.days(t, 6*time.Hour)
	}
	got := w.mail.digests("ines@faro.example")
	seen := map[string]bool{}
	for _, d := range got {
		if seen[d[:10]] {
			t.Errorf("two digests of %s", d[:10])
		}
		seen[d[:10]] = true
	}
	if len(got) < 3 || !strings.HasSuffix(got[0], "today") || !strings.HasSuffix(got[len(got)-1], "late") {
		t.Errorf("digests of %s: %v", ines.Name, got)
	}
	if got := w.mail.digests("idle@faro.example"); len(got) != 0 {
		t.Errorf("whoever has nothing to do hears %v", got)
	}
	// A clock that jumps over days leaves out those, not the one on which it lands.
	now, wall, err := w.Now(ctx)
	must(t, err)
	zone, err := time.LoadLocation("Europe/Madrid")
	must(t, err)
	lands := when.DateOf(now, zone).AddDays(4)
	at := time.Date(lands.Year, lands.Month, lands.Day, 15, 0, 0, 0, zone)
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		return tx.PutSetting(ctx, app.OffsetSetting, fmt.Sprint(at.Sub(wall).Microseconds()))
	}))
	must(t, w.UntilQuiet(ctx))
	eventually(t, "the digest of the day on which the clock lands", func() bool {
		list := w.mail.digests("ines@faro.example")
		return strings.HasPrefix(list[len(list)-1], lands.String())
	})
	if all := w.mail.digests("ines@faro.example"); len(all) != len(got)+1 {
		t.Errorf("after a jump: %v", all[len(got):])
	}
}

// However much waits, a digest lists the first and counts all of the rest.
func TestADigestCountsAllThatItDoesNotList(t *testing.T) {
	t.Parallel()
	const steps = 230
	source := &strings.Builder{}
	source.WriteString("playbook: long\ntitle: {es: \"Largo\", en: \"Long\"}\nsteps:\n  - {id: confirm, kind: confirm, title: {es: \"Uno\", en: \"One\"}}\n")
	for i := range steps {
		fmt.Fprintf(source, "  - {id: t%d, kind: task, title: {es: \"Tarea\", en: \"Task\"}, after: [confirm], role: agent, due: {d: 1, from: ready}, escalate: {d: 90, to: admin}}\n", i)
	}
	w := newWorldWith(t, sqlite(t), source.String())
	w.request(t, "period_end")
	must(t, w.UntilQuiet(t.Context()))
	ines := w.person(t, "ines", "agent")
	must(t, w.SetTold(t.Context(), ines, preference("ines"), langs))
	for range 3 {
		w.days(t, 24*time.Hour)
	}
	var last app.ToldPart
	w.mail.mu.Lock()
	for _, x := range w.mail.sent {
		if x.paper.Told != nil && !x.paper.Told.Digest.IsZero() {
			last = x.paper.Told.Parts[0]
		}
	}
	w.mail.mu.Unlock()
	if last.Name != "late" || len(last.Lines)+last.More != steps || len(last.Lines) != 20 {
		t.Errorf("%d of %d are listed as %s, and %d more", len(last.Lines), steps, last.Name, last.More)
	}
}

// digests are the days of which an address had one, each with its first part.
func (l *letters) digests(to string) (days []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.sent {
		if x.to == to && x.paper.Told != nil && !x.paper.Told.Digest.IsZero() {
			days = append(days, x.paper.Told.Digest.String()+" "+x.paper.Told.Parts[0].Name)
		}
	}
	return days
}

// Whoever wants nothing but the digest has it, also after days on which there
// was nothing to say, and goes on having it when they change its hour.
func TestWhoeverWantsTheDigestAloneKeepsIt(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), listening)
	ines := w.person(t, "ines", "agent")
	p := preference("ines")
	p.Off = []notification.Kind{notification.Task, notification.DueSoon, notification.Overdue, notification.Escalation, notification.Stuck}
	must(t, w.SetTold(t.Context(), ines, p, langs))
	for range 3 {
		w.days(t, 24*time.Hour)
	}
	w.request(t, "period_end")
	must(t, w.UntilQuiet(t.Context()))
	for range 12 {
		w.days(t, 6*time.Hour)
	}
	first := w.mail.digests("ines@faro.example")
	p.Hour = 20
	must(t, w.SetTold(t.Context(), ines, p, langs))
	for range 16 {
		w.days(t, 6*time.Hour)
	}
	got := w.mail.digests("ines@faro.example")
	seen := map[string]bool{}
	for _, d := range got {
		if seen[d[:10]] {
			t.Errorf("two digests of %s", d[:10])
		}
		seen[d[:10]] = true
	}
	if len(first) < 1 || len(got) < len(first)+2 {
		t.Errorf("digests %v, and after the hour was changed %v", first, got)
	}
}

// A team hears in its channel, by the road that checks addresses; while what
// leaves the house is held back nothing is told.
func TestATeamHearsInItsChannelAndNothingLeavesWhileItIsHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), listening)
	ctx := t.Context()
	bodies := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		bodies <- string(raw)
	}))
	t.Cleanup(srv.Close)
	boss := w.person(t, "boss", "admin")
	code(t, w.SetChannel(ctx, boss, "agent", "ftp://x"), "webhook.url")
	code(t, w.SetChannel(ctx, boss, "nobody", srv.URL), "field.choice")
	code(t, w.SetChannel(ctx, w.person(t, "ines", "agent"), "agent", srv.URL), "forbidden.role")
	must(t, w.SetChannel(ctx, boss, "agent", srv.URL+"/services/secret"))
	hosts, err := w.TeamChannels(ctx, boss)
	must(t, err)
	if len(hosts) != 1 || !strings.HasPrefix(hosts["agent"], "127.0.0.1:") {
		t.Errorf("channels: %v", hosts)
	}
	w.request(t, "period_end")
	if got := <-bodies; !strings.Contains(got, "Antes") || !strings.Contains(got, "HL-") {
		t.Errorf("the channel hears %s", got)
	}
	w.mail.wait(t, "told", "ines@faro.example")
	must(t, w.SetHold(ctx, boss, app.HoldOutside, "ensayo"))
	n := w.mail.count("told")
	w.days(t, 4*24*time.Hour)
	if w.mail.count("told") != n || len(bodies) != 0 {
		t.Error("something left the house")
	}
	must(t, w.SetHold(ctx, boss, app.HoldNothing, ""))
	eventually(t, "what waited goes on", func() bool { return len(w.mail.toldOf("ines@faro.example", notification.Overdue)) == 1 })
}

// The calendar opens for whoever has its address, until that is made anew.
func TestACalendarHasTheDatesOfOnesTasks(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), listening)
	ctx := t.Context()
	ines := w.person(t, "ines", "agent")
	old, err := w.RenewFeed(ctx, ines)
	must(t, err)
	_, c, _ := w.request(t, "period_end")
	v, err := w.OpenCase(ctx, agent, c)
	must(t, err)
	f, err := w.OpenFeed(ctx, old)
	must(t, err)
	if len(f.Tasks) != 1 || f.Tasks[0].Title != "Antes" || !f.Tasks[0].Due.Equal(v.Plan.Step("first").Due) || f.Tasks[0].ID != string(v.Plan.Step("first").ID) {
		t.Errorf("the calendar says %+v", f.Tasks)
	}
	fresh, err := w.RenewFeed(ctx, ines)
	must(t, err)
	_, err = w.OpenFeed(ctx, old)
	code(t, err, "not_found")
	_, err = w.OpenFeed(ctx, "")
	code(t, err, "not_found")
	must(t, w.SetActive(ctx, app.Actor{ID: "usr_x", Roles: []string{"admin"}}, w.person(t, "boss", "admin").ID, true))
	must(t, w.SetActive(ctx, app.Actor{ID: "usr_x", Roles: []string{"admin"}}, ines.ID, false))
	_, err = w.OpenFeed(ctx, fresh)
	code(t, err, "not_found")
}
