package app_test

import (
	"bytes"
	"slices"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/theme"
	"hastaluego/internal/when"
)

// groups does the work of a night: learns, and groups all texts.
func (w *world) groups(t *testing.T) {
	t.Helper()
	job := offboarding.Work{ID: "work_night", Kind: app.ThemesKind}
	for {
		r, err := w.RunThemes(t.Context(), job)
		if fault.KindOf(err) == fault.Transient && err != nil { // the engine was at it too
			job.Evidence = ""
			continue
		}
		must(t, err)
		if job.Evidence = r.Evidence; r.Verdict == app.Accomplished {
			return
		}
	}
}

func (w *world) themes(t *testing.T, by app.Actor) (r app.ThemeReport, of map[string]int) {
	t.Helper()
	r, err := w.Themes(t.Context(), by, when.Date{}, when.Date{})
	must(t, err)
	of = map[string]int{}
	for _, x := range r.Tallies {
		of[x.Label] += x.Texts
	}
	return r, of
}

// What a customer wrote is grouped by itself and seen by whoever may read it; what a
// person says of it stands, is in the log, and is learned.
func TestWhatTheyWroteIsGroupedAndACorrectionTeaches(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		must(t, w.TellReason(ctx, page, "price", "Es demasiado caro para lo que lo uso"))
		eventually(t, "grouped by itself", func() bool { r, of := w.themes(t, finance); return of["price"] == 1 && !r.Grouped.IsZero() })
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		text := string(v.Reasons[0].ID)
		if got := v.Themes[text]; got.Label() != "price" || got.Said != "" || !slices.Contains(got.Why, "caro") || got.Permille < 500 {
			t.Errorf("on the page: %+v", got)
		}
		if v, err := w.OpenCase(ctx, finance, c); err != nil || len(v.Themes) > 0 {
			t.Errorf("who may not read the words sees what they are about: %v %+v", err, v.Themes)
		}
		code(t, w.CorrectTheme(ctx, finance, text, "service"), "forbidden.role")
		code(t, w.CorrectTheme(ctx, agent, text, "other"), "field.choice")
		code(t, w.CorrectTheme(ctx, agent, "rsn_none", "service"), "not_found")
		_, _, err = w.ThemeTexts(ctx, finance, when.Date{}, when.Date{}, app.ThemePick{}, app.Place{Limit: 10})
		code(t, err, "forbidden.role")

		before, _ := w.themes(t, agent)
		if before.Model.Number != 1 || before.Model.Texts != 0 {
			t.Errorf("learned from %+v", before.Model)
		}
		must(t, w.CorrectTheme(ctx, agent, text, "service"))
		must(t, w.CorrectTheme(ctx, agent, text, "service"))
		if n := w.logged(t, "theme.corrected"); n != 1 {
			t.Errorf("%d corrections are in the log", n)
		}
		w.groups(t)
		after, of := w.themes(t, agent)
		if of["service"] != 1 || of["price"] != 0 || after.Model.Number != 2 || after.Model.Texts != 1 || after.Model.Customers != 1 {
			t.Errorf("corrected: %v, learned from %+v", of, after.Model)
		}
		if x := after.Tallies[0]; x.Said != 1 || x.Named != 1 || x.Right != 0 {
			t.Errorf("it was wrong, and that is told: %+v", x)
		}
		w.groups(t)
		if again, _ := w.themes(t, agent); again.Model.Number != 2 {
			t.Error("it learned from the same twice")
		}
		service, none := "service", ""
		for label, n := range map[*string]int{&service: 1, &none: 0, nil: 1} {
			list, next, err := w.ThemeTexts(ctx, agent, when.Date{}, when.Date{}, app.ThemePick{Label: label}, app.Place{Limit: 10})
			must(t, err)
			if len(list) != n || next != "" || n == 1 && (list[0].Words != "Es demasiado caro para lo que lo uso" || list[0].Case != c || list[0].SaidBy != agent.ID) {
				t.Errorf("texts: %+v", list)
			}
		}

		// What they add belongs to what they said: it counts once, and is read anew.
		must(t, w.TellMore(ctx, page, app.MoreInput{More: "Subió dos veces este año"}))
		w.groups(t)
		if _, of := w.themes(t, agent); of["price"]+of["service"]+of[""] != 1 {
			t.Errorf("said once, and counted as %v", of)
		}
		w.verifyLog(t)
	})
}

// Of whoever is erased the model keeps nothing: it is made again of what is there.
func TestTheModelForgetsWhoWasErased(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		cid := w.lent(t)
		_, c, page := w.request(t, "period_end")
		must(t, w.TellReason(ctx, page, "service", "Etxebarrieta me desespera"))
		w.groups(t)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		must(t, w.CorrectTheme(ctx, agent, string(v.Reasons[0].ID), "service"))
		w.groups(t)
		model := func() (m app.ThemeModel) {
			must(t, w.store.View(ctx, func(tx app.Tx) (err error) { m, err = tx.ThemeModel(ctx); return err }))
			return m
		}
		if m := model(); m.Texts != 1 {
			t.Fatalf("learned from %d texts", m.Texts)
		}
		w.clear(t, cid)
		w.erased(t, c)
		eventually(t, "made again", func() bool { return model().Texts == 0 })
		shipped, err := theme.Shipped()
		must(t, err)
		want, err := shipped.MarshalBinary()
		must(t, err)
		if !bytes.Equal(model().Body, want) {
			t.Error("something of it is left in the model")
		}
		if _, of := w.themes(t, agent); len(of) > 0 {
			t.Errorf("what they wrote still counts: %v", of)
		}
	})
}
