package console

import (
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// TestEveryEventIsToldInWordsWhateverItSays tells each type of event with all
// its arguments, and with all but each one of them: it must come out in words,
// with every slot filled.
func TestEveryEventIsToldInWordsWhateverItSays(t *testing.T) {
	t.Parallel()
	kit := &web.Kit{App: app.New(app.Config{})}
	for _, lang := range text.Langs() {
		v := &visit{console: &console{Kit: kit}, lang: lang}
		for _, e := range app.EventTypes {
			for without := -1; without < len(e.Args); without++ {
				args := map[string]any{}
				for i, a := range e.Args {
					if i != without {
						args[a] = "x"
					}
				}
				ev := v.viewEvent(app.TimelineEntry{LogEntry: app.LogEntry{Entry: audit.Entry{Type: e.Type}}, Args: args}, eventWords{})
				said := strings.TrimSpace(ev.Text)
				cut := without < 0 && (strings.HasSuffix(said, ",") || strings.HasSuffix(said, ":"))
				if cut || ev.Text == e.Type || ev.Text == "" || strings.ContainsAny(ev.Text, "{}") {
					t.Errorf("%s in %s with %v is told as %q", e.Type, lang, args, ev.Text)
				}
			}
		}
	}
}

func TestALegalTimeLimitIsToldByWhatItsRuleSays(t *testing.T) {
	t.Parallel()
	v := &visit{console: &console{Kit: &web.Kit{App: app.New(app.Config{})}}, lang: "es"}
	entry := app.TimelineEntry{LogEntry: app.LogEntry{Entry: audit.Entry{Type: "limit.met"}}, Args: map[string]any{"limit": "lim_1", "param": "complaint.max", "rule": "es.lgdcu.21-3.answer"}}
	if got := v.viewEvent(entry, eventWords{}).Text; got != "Plazo legal cumplido: Una queja recibe respuesta en 15 días" {
		t.Errorf("told as %q", got)
	}
	entry.Args["rule"] = "a rule that no pack has"
	if got := v.viewEvent(entry, eventWords{}).Text; got != "Plazo legal cumplido: a rule that no pack has" {
		t.Errorf("told as %q", got)
	}
}
