package app_test

import (
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
)

func TestOwnWordsStandInThePlaceOfOursAndGoBackWithOneAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	own := func(lang, key string) string { return w.Company().Words[lang][key] }
	list := []app.Wording{{"es", "portal.undo.title", "  ¿Te   quedas? "}, {"en", "portal.undo.title", "Staying?"}}
	if err := w.SetWords(ctx, finance, list); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("whoever may not: %v", err)
	}
	must(t, w.SetWords(ctx, admin, list))
	if own("es", "portal.undo.title") != "¿Te quedas?" || own("en", "portal.undo.title") != "Staying?" {
		t.Fatalf("now said: %v", w.Company().Words)
	}
	must(t, w.SetWords(ctx, admin, list)) // as it stands already
	bad := []app.Wording{{"es", "portal.undo.title", "Otra cosa"}, {"es", "portal.undo.until", "Hasta luego"}}
	if err := w.SetWords(ctx, admin, bad); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Field != "es" || own("es", "portal.undo.title") != "¿Te quedas?" {
		t.Errorf("all or none: %v", err)
	}
	must(t, w.SetWords(ctx, admin, []app.Wording{{"es", "portal.undo.title", ""}}))
	if own("es", "portal.undo.title") != "" || own("en", "portal.undo.title") == "" {
		t.Errorf("now said: %v", w.Company().Words)
	}
	_, versions, err := w.OpenWords(ctx, admin, "portal.undo.title")
	must(t, err)
	if len(versions) != 3 || versions[0].Text != "" || versions[2].Text != "¿Te quedas?" || w.logged(t, "words.changed") != 3 {
		t.Errorf("versions %+v", versions)
	}
}

// A test goes by the road of all letters, says that it is one, belongs to nobody
// and is counted nowhere.
func TestATestLetterGoesByTheOutboxAndIsNobodys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	for _, bad := range [][3]string{{"letter", "es", "noa@faro.example"}, {"receipt", "it", "noa@faro.example"}, {"receipt", "es", "noa"}} {
		if _, err := w.SendTest(ctx, admin, bad[0], bad[1], bad[2]); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v: %v", bad, err)
		}
	}
	id, err := w.SendTest(ctx, admin, "receipt", "es", "noa@faro.example")
	must(t, err)
	var m app.Message
	eventually(t, "the test is sent", func() bool {
		must(t, w.store.View(ctx, func(tx app.Tx) (err error) { m, err = tx.FindMessage(ctx, id); return err }))
		return m.State == "sent"
	})
	if m.Request != "" || m.Case != "" || !strings.HasPrefix(m.Paper, app.TestPaper) || w.logged(t, "words.tested") != 1 || w.logged(t, "message.sent") != 0 {
		t.Errorf("%+v", m)
	}
	if _, said, err := w.OpenLetter(ctx, agent, id, false); err != nil || said == "" {
		t.Errorf("what it said: %q %v", said, err)
	}
	for range 29 {
		_, err = w.SendTest(ctx, admin, "receipt", "es", "noa@faro.example")
		must(t, err)
	}
	if _, err := w.SendTest(ctx, admin, "receipt", "es", "noa@faro.example"); fault.KindOf(err) != fault.TooMany {
		t.Errorf("without an end: %v", err)
	}
}
