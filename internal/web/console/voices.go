package console

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/text"
	"hastaluego/internal/voice"
)

// voicesView is what leavers said.
type voicesView struct {
	Lang        string
	Tabs        []tab
	What        string
	Rows        []voiceRow
	First, Next string
}

type voiceRow struct {
	Case, Customer, Name, Code, At string
	Facts                          [][2]string // of an answer
	Quote                          []string    // line by line
	As                             string      // how they want to be called
	File, FileName                 string      // id of the case's file
	Link                           string
	State                          badge
	Theme                          *themeMark
}

func (v voicesView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.voices."+code, args...)
}

const voicesPageSize = 50

func (v *visit) voices() error {
	q := v.r.URL.Query()
	what := cmp.Or(q.Get("what"), "answers")
	offset, _ := strconv.Atoi(q.Get("from")) // what is no number is the first page
	offset = max(offset, 0)
	list, err := v.App.ListVoices(v.r.Context(), v.actor, what, voicesPageSize, offset)
	if err != nil {
		return err
	}
	vv := voicesView{Lang: v.lang, What: what}
	for _, w := range []string{"answers", "ideas", string(voice.Testimonial), string(voice.Referral)} {
		vv.Tabs = append(vv.Tabs, tab{Name: vv.word("tab." + w), Href: query("/console/voices", "what", w), Current: w == what})
	}
	if offset > 0 {
		vv.First = query("/console/voices", "what", what)
	}
	if list.More {
		vv.Next = query("/console/voices", "what", what, "from", strconv.Itoa(offset+voicesPageSize))
	}
	for _, x := range list.Rows {
		vv.Rows = append(vv.Rows, v.viewVoice(what, x, list))
	}
	v.show(http.StatusOK, "voices", vv.word("title"), "", voicesPage(vv))
	return nil
}

func (v *visit) viewVoice(what string, x app.VoiceView, list app.VoiceList) voiceRow {
	row := voiceRow{
		Case: string(x.Case), Customer: string(x.Customer.ID), Name: x.Customer.Name, Code: x.Code, At: text.ShortInstant(v.lang, x.At, v.zone()),
		Quote: linesOf(x.Voice.Text), As: x.Voice.Name, Link: x.Voice.Link, File: x.Voice.Blob, FileName: x.File,
	}
	for _, f := range form.Builtin()["exit_survey"].Fields {
		answer := x.Answers[f.ID]
		switch {
		case answer == "":
		case f.Kind == form.Text:
			row.Quote = linesOf(answer)
		case what == "answers":
			row.Facts = append(row.Facts, [2]string{title(v.lang, f.Label, f.ID), f.Say(v.lang, answer)})
		}
	}
	if x.Theme != nil {
		row.Theme = v.markTheme(*x.Theme, v.r.URL.RequestURI())
	}
	if x.Voice.Kind == voice.Testimonial {
		row.State = badge{Icon: "check", Class: "info", Word: v.say("voices.stands", "until", text.Date(v.lang, x.Voice.Until))}
		if !x.Voice.Stands(list.Today) {
			row.State = badge{Icon: "x", Class: "bad", Word: v.say("voices.withdrawn")}
		}
	}
	return row
}

// linesOf are those of a text that are not blank.
func linesOf(s string) (out []string) {
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// recapView is what a team keeps in mind of a departure.
type recapView struct {
	Lang    string
	Lines   [][2]string
	Answers []recapAnswer
}

type recapAnswer struct {
	Label string
	Lines []string
}

func (v *visit) viewRecap(r *app.Recap) *recapView {
	if r == nil {
		return nil
	}
	out := recapView{Lang: v.lang}
	word := func(code string, args ...any) string { return text.Say(v.lang, "console.recap."+code, args...) }
	add := func(code, value string) {
		if value != "" {
			out.Lines = append(out.Lines, [2]string{word(code), value})
		}
	}
	if !r.Since.IsZero() {
		add("since", word("since.is", "date", text.LongDate(v.lang, r.Since), "n", r.Months))
	}
	took := "took.so_far"
	if r.Closed {
		took = "took.closed"
	}
	add("took", word(took, "n", r.Days, "asked", text.LongDate(v.lang, r.Asked), "ended", text.LongDate(v.lang, r.Ended)))
	whose := "unknown"
	switch {
	case r.Blame.Ours:
		whose = "ours"
	case r.Blame.Known:
		whose = "not_ours"
	}
	add("whose", word("whose."+whose))
	add("complaints", word("complaints.are", "n", r.Complaints, "unsolved", r.Unsolved))
	add("ours", word("standing."+r.Ours))
	add("theirs", word("standing."+r.Theirs))
	if r.Rating.Band != "" {
		add("rating", bandBadge(v.lang, r.Rating.Band).Word+". "+RiskReasons(v.lang, r.Rating))
	}
	for _, p := range r.Plays {
		add("play", riskWord(v.lang, "kind."+string(p.Kind))+": "+riskWord(v.lang, "stage."+string(p.Stage)))
	}
	var figures []string
	for _, f := range r.Figures {
		figures = append(figures, text.Number(v.lang, f.Value)+" "+f.Say(v.lang))
	}
	add("achieved", strings.Join(figures, " · "))
	for _, x := range r.Picked {
		out.Answers = append(out.Answers, recapAnswer{title(v.lang, x.Field.Label, x.Field.ID), linesOf(x.Field.Say(v.lang, x.Answer))})
	}
	return &out
}
