package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/engine"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// once reports whether nobody had used the id.
func (f *figured) once(name string, lives time.Duration) (fresh bool) {
	f.tx(func(ctx context.Context, tx app.Tx) (err error) {
		fresh, err = tx.UseOnce(ctx, name, tx.Wall().Add(lives))
		return err
	})
	return fresh
}

func (f *figured) remembers() (n int) {
	ctx := f.t.Context()
	back := errors.New("taken back: it only counts")
	err := f.db.Tx(ctx, func(tx app.Tx) (err error) {
		if n, err = tx.ForgetUsed(ctx, tx.Wall().AddDate(100, 0, 0), 10_000); err != nil {
			return err
		}
		return back
	})
	if !errors.Is(err, back) {
		f.t.Fatal(err)
	}
	return n
}

// What was used once is refused for as long as it could be used again, and a
// day longer; then it is forgotten.
func TestWhatWasUsedOnceIsForgottenWhenNobodyCouldUseItAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		f := newFigured(t, e)
		ctx := t.Context()
		f.tx(func(ctx context.Context, tx app.Tx) error {
			for i := range 1200 {
				if _, err := tx.UseOnce(ctx, fmt.Sprint("ack.", i), tx.Wall().Add(time.Hour)); err != nil {
					return err
				}
			}
			return nil
		})
		f.once("link", time.Hour)
		f.once("long", 72*time.Hour)
		f.clock.Advance(24 * time.Hour)
		must(t, f.nodes[0].TidyUp(ctx))
		if n := f.remembers(); n != 1202 {
			t.Fatalf("an hour's ids are remembered for a day: %d of 1202", n)
		}
		if f.once("link", time.Hour) {
			t.Error("what was used is used again")
		}
		f.clock.Advance(90 * time.Minute)
		must(t, f.nodes[0].TidyUp(ctx))
		if n := f.remembers(); n != 1 || f.once("long", time.Hour) {
			t.Errorf("%d remembered, one can still be used", n)
		}
	})
}

func TestTheEngineTidiesUp(t *testing.T) {
	t.Parallel()
	f := newFigured(t, testkit.SQLite(t))
	f.once("link", time.Hour)
	f.clock.Advance(48 * time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error)
	go func() {
		over <- engine.New(engine.Config{App: f.nodes[0], Store: f.db, Name: "one", Tidy: 10 * time.Millisecond}).Run(ctx)
	}()
	eventually(t, "forgotten", func() bool { return f.remembers() == 0 })
	stop()
	must(t, <-over)
}

// survey keeps that somebody answered to the survey, with an idea or without.
func (f *figured) survey(idea string) {
	f.n++
	f.clock.Advance(time.Minute)
	f.tx(func(ctx context.Context, tx app.Tx) error {
		c, err := tx.FindCase(ctx, f.cases[0])
		if err != nil {
			return err
		}
		x := app.Answer{ID: id.New("ans"), Case: c.ID, Step: offboarding.StepID(id.New("step")), Form: "exit_survey@1", SavedAt: tx.Now(), DoneAt: tx.Now(), Idea: idea != ""}
		body, err := json.Marshal(map[string]string{"nps": "7", "idea": idea})
		if err != nil {
			return err
		}
		if x.KeyID, err = f.keys.KeyFor(ctx, string(c.Customer), "account"); err != nil {
			return err
		}
		if x.Body, err = f.keys.Seal(ctx, x.KeyID, body, []byte(x.ID)); err != nil {
			return err
		}
		return tx.PutAnswer(ctx, x)
	})
}

// A page of ideas is full of ideas, however many answers without one lie
// between them; also of answers from before it was stored which hold one, once
// somebody has looked.
func TestAPageOfIdeasIsFullOfIdeas(t *testing.T) {
	t.Parallel()
	engine := testkit.SQLite(t)
	f := newFigured(t, engine)
	f.customerWith(1000, "EUR", 3)
	f.departure(f.subs[0], true)
	for i := range 5 {
		f.survey(fmt.Sprint("idea ", i))
		for range 3 {
			f.survey("")
		}
	}
	pages := func() {
		t.Helper()
		for at, want := range map[int][]string{0: {"idea 4", "idea 3"}, 2: {"idea 2", "idea 1"}, 4: {"idea 0"}} {
			list, err := f.nodes[0].ListVoices(t.Context(), agent, "ideas", 2, at)
			must(t, err)
			if len(list.Rows) != len(want) || list.More != (at < 4) {
				t.Fatalf("at %d: %d ideas, more: %v", at, len(list.Rows), list.More)
			}
			for i, w := range want {
				if got := list.Rows[i].Answers["idea"]; got != w {
					t.Errorf("at %d: %q, want %q", at, got, w)
				}
			}
		}
	}
	pages()
	if all, err := f.nodes[0].ListVoices(t.Context(), agent, "answers", 50, 0); err != nil || len(all.Rows) != 20 {
		t.Errorf("%d answers of 20: %v", len(all.Rows), err)
	}
	db, err := sql.Open("sqlite", "file:"+engine.URL+"?_pragma=busy_timeout(10000)")
	must(t, err)
	_, err = db.ExecContext(t.Context(), "UPDATE answer SET idea = -1")
	must(t, err)
	must(t, db.Close())
	must(t, f.nodes[0].TidyUp(t.Context()))
	pages()
}
