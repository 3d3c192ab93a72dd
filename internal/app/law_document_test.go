package app_test

import (
	"slices"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/notification"
	"hastaluego/internal/testkit"
)

// A letter that lacks something goes out all the same; what it lacks stands with
// its departure and in the log, somebody is told, and says how they made up for it.
func TestALetterThatLacksSomethingGoesOutAndIsPutRight(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		w.person(t, "rosa", "agent")
		somewhere := func(_ int, in *app.CustomerInput) { in.Consumer, in.Country = true, "" }
		list := w.mini(t, 3, somewhere)
		whole, lacks, other := list[0], list[1], list[2]

		w.host(t, whole)
		eventually(t, "the receipt", func() bool { return w.mail.count("receipt") == 1 })
		papers := func(id customer.ID) map[string]app.CheckedDocument {
			out := map[string]app.CheckedDocument{}
			v, err := w.OpenCase(ctx, agent, w.caseOf(t, id).ID)
			must(t, err)
			for _, d := range v.Documents {
				out[d.Paper] = d
			}
			return out
		}
		eventually(t, "it was judged", func() bool { return len(papers(whole)) > 0 })
		d := papers(whole)["receipt"]
		if len(d.Checks) == 0 || d.Lacking != 0 || d.Open() || d.Checks[0].Rule != "safe.ack-contents" || d.Checks[0].Message["es"] == "" || d.Checks[0].Cite == "" {
			t.Errorf("a whole letter stands %+v", d)
		}

		w.mail.lack("receipt")
		w.host(t, lacks)
		eventually(t, "the receipt that lacks something", func() bool { return w.mail.count("receipt") == 2 })
		eventually(t, "it was judged", func() bool { return papers(lacks)["receipt"].Lacking == 1 })
		d = papers(lacks)["receipt"]
		if c := d.Checks[0]; c.Result != jurisdiction.Fail || !c.Blocks() || !slices.Equal(c.Lacks, []string{"adr"}) || !d.Open() {
			t.Errorf("it stands %+v", d)
		}
		w.host(t, other)
		eventually(t, "another", func() bool { return w.logged(t, "document.lacks") == 2 })
		waits := func() ([]app.LackingDocument, int) {
			list, count, err := w.OpenLacking(ctx, agent, 50, 0)
			must(t, err)
			return list, count.Lacking
		}
		if list, n := waits(); n != 2 || len(list) != 2 || list[0].Name == "" || list[0].Code == "" || list[0].Case == "" {
			t.Errorf("%d wait: %+v", n, list)
		}
		w.days(t, time.Hour) // what is no emergency is told together
		eventually(t, "somebody is told once of both", func() bool {
			n := 0
			for _, title := range w.mail.toldOf("rosa@faro.example", notification.Task) {
				if title == d.Checks[0].Message["es"] {
					n++
				}
			}
			return n == 1
		})

		if err := w.MendDocument(ctx, finance, d.Message, "Se lo dijimos"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("whoever may not: %v", err)
		}
		if err := w.MendDocument(ctx, agent, d.Message, " "); len(fault.Fields(err)) != 1 {
			t.Errorf("without a word: %v", err)
		}
		must(t, w.MendDocument(ctx, agent, d.Message, "Se lo dijimos por teléfono"))
		if err := w.MendDocument(ctx, agent, d.Message, "Otra vez"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("twice: %v", err)
		}
		if list, n := waits(); n != 1 || len(list) != 1 || w.logged(t, "document.mended") != 1 {
			t.Errorf("%d wait: %+v", n, list)
		}
		d = papers(lacks)["receipt"]
		if d.Open() || d.MendedBy != agent.ID || d.MendedAt.IsZero() || d.Lacking != 1 {
			t.Errorf("put right, it stands %+v", d)
		}
		w.verifyLog(t)
	})
}

// What a company says in its own words keeps what the law wants said.
func TestOwnWordsThatLeaveOutWhatTheLawWantsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	bad := []app.Wording{{"es", "document.complain.adr", "Adiós"}, {"en", "document.complain.adr", "Or the consumer authority."}}
	err := w.SetWords(ctx, admin, bad)
	if list := fault.Fields(err); len(list) != 1 || list[0].Code != "words.lacks" || list[0].Field != "es" || w.logged(t, "words.changed") != 0 {
		t.Errorf("words without it: %v", err)
	}
	must(t, w.SetWords(ctx, admin, []app.Wording{{"es", "portal.undo.title", "Adiós"}})) // on no letter
	must(t, w.SetWords(ctx, admin, bad[1:]))
	if w.logged(t, "words.changed") != 2 {
		t.Error("good words were not kept")
	}
}
