package console

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/text"
)

// letterRow is one letter in a list.
type letterRow struct {
	ID, Paper, To, Subject, At, Case, Why string // of a copy: no case
	Copy                                  bool
	State                                 badge
	Test                                  bool
}

var letterBadges = map[string]badge{
	"queued": {Icon: "clock"}, "sent": {Icon: "mail", Class: "info"}, "written": {Icon: "doc", Class: "warn"}, "refused": {Icon: "x", Class: "bad"}, "withheld": {Icon: "dash"},
}

// paperName is what people call a letter; a test says that it is one.
func paperName(lang, paper string) string {
	if kind, ok := strings.CutPrefix(paper, app.TestPaper); ok {
		return say(lang, "paper.test", "paper", known(lang, "console.paper."+kind, kind))
	}
	return known(lang, "console.paper."+paper, paper)
}

func (v *visit) viewLetter(m app.Message) letterRow {
	at := m.SentAt
	if at.IsZero() {
		at = m.QueuedAt
	}
	b := letterBadges[m.State]
	b.Word = known(v.lang, "console.letter.state."+m.State, m.State)
	of := string(m.Case)
	if retrieval.Is(of) {
		of = ""
	}
	return letterRow{
		ID: string(m.ID), Paper: paperName(v.lang, m.Paper), To: m.To, Subject: m.Subject,
		At: text.ShortInstant(v.lang, at, v.zone()), Case: of, Copy: of != string(m.Case), State: b, Test: m.Test, Why: why(v.lang, m.LastError, "mail"),
	}
}

type outboxView struct {
	Lang    string
	Rows    []letterRow
	May     bool // may read what they say
	To      control
	Filters []choiceView
	Chips   []chip
	Older   string // address of the next page; Newest, of the first
	Newest  string
}

func (v *visit) outbox() error {
	f := v.r.URL.Query()
	q := app.MessageQuery{State: f.Get("state"), Paper: f.Get("paper"), To: strings.TrimSpace(f.Get("to"))}
	for name, value := range map[string]string{"state": q.State, "paper": q.Paper, "to": q.To, "after": f.Get("after")} {
		if _, e := customer.CheckText(name, value, 200, false); e != nil {
			return e
		}
	}
	list, next, err := v.App.PageMessages(v.r.Context(), v.actor, q, app.Place{After: f.Get("after"), Limit: pageSize})
	if err != nil {
		return err
	}
	address := func(state, paper, to, after string) string {
		return query("/console/outbox", "state", state, "paper", paper, "to", to, "after", after)
	}
	ov := outboxView{Lang: v.lang, May: v.actor.MayRead("letter"), To: control{ID: "to", Label: v.say("outbox.col.to"), Value: q.To, Kind: "search"}}
	if next != "" {
		ov.Older = address(q.State, q.Paper, q.To, next)
	}
	if f.Get("after") != "" {
		ov.Newest = address(q.State, q.Paper, q.To, "")
	}
	states, papers := []option{{"", v.say("outbox.any.state")}}, []option{{"", v.say("outbox.any.paper")}}
	for _, s := range []string{"queued", "written", "sent", "refused"} {
		states = append(states, option{s, known(v.lang, "console.letter.state."+s, s)})
	}
	for _, p := range text.Under(v.lang, "console.paper.") {
		if p == "test" {
			continue
		}
		papers = append(papers, option{p, v.say("paper." + p)})
	}
	ov.Filters = []choiceView{
		{control{ID: "state", Label: v.say("outbox.col.state"), Value: q.State}, states}, {control{ID: "paper", Label: v.say("outbox.col.letter"), Value: q.Paper}, papers},
	}
	for _, c := range []chip{
		{q.To, address(q.State, q.Paper, "", "")},
		{known(v.lang, "console.letter.state."+q.State, q.State), address("", q.Paper, q.To, "")},
		{paperName(v.lang, q.Paper), address(q.State, "", q.To, "")},
	} {
		if c.Label != "" {
			ov.Chips = append(ov.Chips, c)
		}
	}
	for _, m := range list {
		ov.Rows = append(ov.Rows, v.viewLetter(m))
	}
	v.show(http.StatusOK, "outbox", v.say("outbox.title"), "", outboxPage(ov))
	return nil
}

// letterView is one letter with what it said, in pieces: words and links.
type letterView struct {
	Lang   string
	Row    letterRow
	Pieces []piece
	Sent   bool
	Masked bool
	// Written says that it is a file that somebody is to send.
	Written, May bool
	File, Who    string
}

type piece struct {
	Text string
	Link bool
}

func (v *visit) letter() error {
	m, body, err := v.App.OpenLetter(v.r.Context(), v.actor, offboarding.MessageID(v.r.PathValue("id")), v.Demo)
	if err != nil {
		return err
	}
	lv := letterView{Lang: v.lang, Row: v.viewLetter(m), Sent: m.State == "sent" || m.State == "written", Written: m.State == "written", File: m.HeaderID + ".eml", May: v.actor.May("note"), Who: whoMay(v.lang, "note"), Masked: !v.Demo, Pieces: []piece{{Text: body}}}
	if v.Demo {
		lv.Pieces = pieces(body)
	}
	v.show(http.StatusOK, "outbox", lv.Row.Paper, "", letterPage(lv))
	return nil
}

func (v *visit) markSent() error {
	id := v.r.PathValue("id")
	if err := v.App.MarkSent(v.r.Context(), v.actor, offboarding.MessageID(id)); err != nil {
		return err
	}
	v.to("/console/outbox/" + id)
	return nil
}

var addresses = regexp.MustCompile(`https?://[^\s<>"]+`)

// pieces cuts a text at its web addresses. A full stop after an address is not
// part of it.
func pieces(s string) []piece {
	var out []piece
	for {
		at := addresses.FindStringIndex(s)
		if at == nil {
			return append(out, piece{Text: s})
		}
		link := strings.TrimRight(s[at[0]:at[1]], ".,;:)!?»")
		out = append(out, piece{Text: s[:at[0]]}, piece{link, true})
		s = s[at[0]+len(link):]
	}
}

// lines parts pieces at their line breaks.
func lines(ps []piece) [][]piece {
	out := [][]piece{nil}
	for _, p := range ps {
		for i, part := range strings.Split(strings.ReplaceAll(p.Text, "\r\n", "\n"), "\n") {
			if i > 0 {
				out = append(out, nil)
			}
			if part != "" {
				out[len(out)-1] = append(out[len(out)-1], piece{part, p.Link})
			}
		}
	}
	return out
}

// written draws a line of a letter as it was sent: a template would put spaces
// between the pieces.
func written(line []piece) templ.Component {
	var b strings.Builder
	for _, p := range line {
		words := templ.EscapeString(p.Text)
		if p.Link { // pieces takes http and https only
			words = `<a href="` + words + `">` + words + `</a>`
		}
		b.WriteString(words)
	}
	return templ.Raw(b.String())
}
