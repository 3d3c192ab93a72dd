package console

import (
	"net/http"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// winbackView lists who left and allowed one letter, and writes it.
type winbackView struct {
	Lang       string
	Rows       []leaverRow
	Reach      int // of them, who may be written to
	Others     string
	Shown      string // that the list is longer than what is shown
	Filters    []control
	Reasons    choiceView
	Chosen     [][2]string // the filter, as the form of the letter carries it
	Fields     []letterFields
	Letters    []letterShown
	Sent       string
	May        bool
	Who        string
	Previewing bool
}

// leaversShown is how many rows the list shows; the letter goes to all.
const leaversShown = 200

type leaverRow struct {
	ID, Name, Code, Case, Left, Reason, Monthly string
	State                                       badge
}

// letterFields are the words of the letter in one language.
type letterFields struct {
	Lang          string
	Name          string
	Subject, Text control
}

// letterShown is the letter as its reader sees it.
type letterShown struct{ Lang, Name, HTML string }

func (v winbackView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.winback."+code, args...)
}

// filterFields are the names of the filter in the address and in the form.
var filterFields = []string{"reason", "least", "from", "to"}

// winbackFilter reads the filter; what cannot be read is told beside its field.
func winbackFilter(get func(string) string) (f winback.Filter, l fault.List) {
	f.Reason = get("reason")
	if s := strings.TrimSpace(get("least")); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 || n > 1_000_000_000_000 {
			l = append(l, fault.New(fault.Invalid, "winback.least").On("least"))
		}
		f.Least = n
	}
	for name, into := range map[string]*when.Date{"from": &f.From, "to": &f.To} {
		if s := strings.TrimSpace(get(name)); s != "" {
			d, err := when.ParseDate(s)
			if err != nil {
				l = append(l, fault.New(fault.Invalid, "date.unreadable").On(name))
			}
			*into = d
		}
	}
	return f, l
}

func (v *visit) winback() error {
	if err := v.actor.CanRead("winback"); err != nil {
		return err
	}
	q := v.r.URL.Query()
	f, wrong := winbackFilter(q.Get)
	if len(wrong) > 0 {
		return v.winbackPage(http.StatusUnprocessableEntity, text.Error(v.lang, wrong), winback.Filter{}, q.Get, nil, wrong, nil)
	}
	return v.winbackPage(http.StatusOK, "", f, q.Get, nil, nil, nil)
}

func (v *visit) winbackPage(status int, problem string, f winback.Filter, get func(string) string, words map[string]winback.Words, wrong error, letters map[string]app.Paper) error {
	p, err := v.App.OpenWinback(v.r.Context(), v.actor, f)
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	wv := winbackView{Lang: v.lang, May: v.actor.May("winback"), Who: whoMay(v.lang, "winback"), Previewing: letters != nil}
	if n := get("sent"); n != "" {
		if i, err := strconv.Atoi(n); err == nil {
			wv.Sent = wv.word("sent", "n", i)
		}
	}
	wv.Others = wv.word("others", "n", p.Others)
	for _, l := range p.Leavers {
		if l.Reachable() {
			wv.Reach++
		}
		if len(wv.Rows) < leaversShown {
			wv.Rows = append(wv.Rows, wv.row(l))
		}
	}
	if all := len(p.Leavers); all > leaversShown {
		wv.Shown = wv.word("shown", "shown", leaversShown, "all", all)
	}
	wv.filters(get, errs)
	wv.fields(words, errs)
	for _, lang := range text.CustomerLangs() {
		if paper, ok := letters[lang]; ok && v.o.Letter != nil {
			wv.Letters = append(wv.Letters, letterShown{lang, text.Say(v.lang, "lang."+lang), v.o.Letter(paper, lang)})
		}
	}
	v.show(status, "winback", wv.word("title"), problem, winbackPage(wv))
	return nil
}

func (v winbackView) row(l winback.Leaver) leaverRow {
	var monthly []string
	for _, m := range l.Monthly {
		monthly = append(monthly, text.Money(v.Lang, m))
	}
	r := leaverRow{
		ID: string(l.Customer.ID), Name: l.Customer.Name, Code: l.Case.Code, Case: string(l.Case.ID), Left: text.Date(v.Lang, l.Case.Effective),
		Reason: v.word("reason.unknown"), Monthly: strings.Join(monthly, ", "), State: badge{"mail", "info", v.word("state.reachable")},
	}
	if x, ok := reason.Builtin().Find(l.Reason); ok {
		r.Reason = x.Label[v.Lang]
	}
	switch {
	case l.Back:
		r.State = badge{"check", "ok", v.word("state.back")}
	case l.Silent:
		r.State = badge{"pause", "", v.word("state.silent")}
	case l.Early:
		r.State = badge{"clock", "", v.word("state.early")}
	case l.Quiet:
		r.State = badge{"pause", "", v.word("state.quiet")}
	case l.Barred:
		r.State = badge{"pause", "", v.word("state.barred")}
	case l.Written:
		r.State = badge{"dash", "", v.word("state.written")}
	}
	return r
}

func (v *winbackView) filters(get func(string) string, errs map[string]string) {
	options := []option{{"", v.word("reason.any")}}
	for _, r := range reason.Builtin().Reasons {
		options = append(options, option{r.Code, r.Label[v.Lang]})
	}
	v.Reasons = choiceView{control{ID: "reason", Label: v.word("reason"), Value: get("reason")}, options}
	for _, name := range filterFields[1:] {
		c := control{ID: name, Label: v.word(name), Value: get(name), Error: errs[name]}
		if name != "least" {
			c.Kind = "date"
		}
		v.Filters = append(v.Filters, c)
	}
	for _, name := range filterFields {
		v.Chosen = append(v.Chosen, [2]string{name, get(name)})
	}
}

func (v *winbackView) fields(words map[string]winback.Words, errs map[string]string) {
	for _, lang := range text.CustomerLangs() {
		w := words[lang]
		v.Fields = append(v.Fields, letterFields{
			Lang: lang, Name: text.Say(v.Lang, "lang."+lang),
			Subject: control{ID: "subject_" + lang, Label: v.word("subject"), Value: w.Subject, Error: errs["subject_"+lang], Required: text.Has(lang)},
			Text:    control{ID: "text_" + lang, Label: v.word("words"), Hint: v.word("words.hint"), Value: w.Text, Error: errs["text_"+lang], Required: text.Has(lang)},
		})
	}
}

// typedLetter is the letter as the form says it.
func (v *visit) typedLetter() (app.WinbackInput, fault.List) {
	f, wrong := winbackFilter(v.form.Get)
	in := app.WinbackInput{Filter: f, Words: map[string]winback.Words{}}
	for _, lang := range text.CustomerLangs() {
		in.Words[lang] = winback.Words{Subject: v.form.Get("subject_" + lang), Text: v.form.Get("text_" + lang)}
	}
	return in, wrong
}

func (v *visit) previewWinback() error {
	in, wrong := v.typedLetter()
	letters, reach, err := map[string]app.Paper(nil), 0, wrong.Or()
	if err == nil {
		letters, reach, err = v.App.PreviewWinback(v.r.Context(), v.actor, in)
	}
	if err == nil && reach == 0 {
		err = fault.New(fault.Blocked, "winback.nobody")
	}
	if err != nil {
		return v.winbackRefused(err, in)
	}
	return v.winbackPage(http.StatusOK, "", in.Filter, v.form.Get, in.Words, nil, letters)
}

func (v *visit) sendWinback() error {
	in, wrong := v.typedLetter()
	n, err := 0, wrong.Or()
	if err == nil {
		n, err = v.App.SendWinback(v.r.Context(), v.actor, in)
	}
	if err != nil {
		return v.winbackRefused(err, in)
	}
	v.to(query("/console/winback", "sent", strconv.Itoa(n)))
	return nil
}

// winbackRefused shows the page with what was typed and what is wrong with it.
func (v *visit) winbackRefused(err error, in app.WinbackInput) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Blocked:
	default:
		return err
	}
	return v.winbackPage(web.Status(err), v.worded(err), in.Filter, v.form.Get, in.Words, err, nil)
}
