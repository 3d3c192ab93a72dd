package console

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/reply"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// receivedView lists what came by mail and nobody decided about, and takes
// more.
type receivedView struct {
	Lang string
	Rows []receivedRow
	Text control
	Err  string // what is wrong with the file
	May  bool
	Who  string
}

type receivedRow struct {
	ID, From, Subject, About, At string
	Test                         bool
}

// letterIn is one letter that was read in.
type letterIn struct {
	Lang, ID string
	Title    string
	Facts    []factView
	Checks   []checkView
	Own      []string
	Files    []string
	Choices  []meaningView
	Proof    control
	Whose    control // of a letter that nobody was found for
	Error    string  // of the choice
	Open     bool
	Case     string
	Request  string
	Over     string // what became of it
	May      bool
	Who      string
}

// checkView is one thing that was, or was not, checked about who wrote.
type checkView struct {
	Good bool
	Text string
}

type meaningView struct {
	Value, Label, About string
	Checked             bool
}

func (v letterIn) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.received."+code, args...)
}

func (v receivedView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.received."+code, args...)
}

func (v *visit) received() error { return v.showReceived(http.StatusOK, "", nil) }

func (v *visit) showReceived(status int, typed string, wrong error) error {
	list, err := v.App.ListReceived(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	rv := receivedView{Lang: v.lang, May: v.actor.May("note"), Who: whoMay(v.lang, "note"), Err: errs["file"]}
	rv.Text = control{ID: "text", Label: rv.word("text"), Hint: rv.word("text.hint"), Value: typed, Error: errs["text"]}
	for _, x := range list {
		rv.Rows = append(rv.Rows, receivedRow{
			ID: x.ID, From: sender(x), Subject: x.Reply.Subject, About: strings.TrimSpace(x.Name + " " + x.Code), At: text.ShortInstant(v.lang, x.ReadAt, v.zone()), Test: x.Test,
		})
	}
	v.show(status, "inbox", rv.word("title"), v.problem(wrong), receivedPage(rv))
	return nil
}

func sender(x app.ReceivedView) string {
	if x.Reply.From == "" {
		return "–"
	}
	return strings.TrimSpace(x.Reply.FromName + " <" + x.Reply.From + ">")
}

// readIn takes a file, or else what was pasted.
func (v *visit) readIn() error {
	raw, typed, err := v.fileOrText()
	var id string
	if err == nil {
		id, err = v.App.ReadIn(v.r.Context(), v.actor, raw)
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooLarge:
		return v.showReceived(web.Status(err), typed, err)
	}
	if err != nil {
		return err
	}
	v.to("/console/received/" + id)
	return nil
}

// fileOrText returns the file, or what was typed where there is none; typed is
// what goes back into the form.
func (v *visit) fileOrText() (raw []byte, typed string, err error) {
	if v.form != nil {
		return []byte(v.form.Get("text")), v.form.Get("text"), nil
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, reply.Most+1<<20)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return nil, "", fault.New(fault.Invalid, "field.required").On("text").At("console.fileOrText", err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return []byte(typed), typed, nil
		}
		if err != nil {
			return nil, typed, tooLarge(err)
		}
		_, body, err := readPart(part)
		if err != nil {
			return nil, typed, err
		}
		if part.FormName() == "file" && len(body) > 0 {
			return body, typed, nil
		}
		if part.FormName() == "text" {
			typed = string(body)
		}
	}
}

func (v *visit) receivedOne() error { return v.showLetterIn(http.StatusOK, nil) }

func (v *visit) showLetterIn(status int, wrong error) error {
	x, err := v.App.OpenReceived(v.r.Context(), v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	l := letterIn{
		Lang: v.lang, ID: x.ID, Open: x.State == "read", Own: strings.Split(x.Reply.Own, "\n"), Case: string(x.Case), May: v.actor.May("note"),
		Who: whoMay(v.lang, "note"), Error: errs["meaning"],
	}
	if x.Case == "" {
		l.Request = string(x.Request)
	}
	l.Title = x.Reply.Subject
	if l.Title == "" {
		l.Title = l.word("one")
	}
	fact := func(code, value string) {
		if value != "" {
			l.Facts = append(l.Facts, factView{l.word("fact." + code), value})
		}
	}
	fact("from", sender(x))
	if !x.Reply.Date.IsZero() {
		fact("date", text.ShortInstant(v.lang, x.Reply.Date, v.zone()))
	}
	fact("customer", strings.TrimSpace(x.Name+" "+x.Code))
	fact("read", l.word("by", "who", who(v.lang, x.ReadBy, x.People), "at", text.ShortInstant(v.lang, x.ReadAt, v.zone())))
	for _, f := range x.Reply.Files {
		l.Files = append(l.Files, f.Name)
	}
	switch {
	case x.Keyed != "":
		l.Checks = append(l.Checks, checkView{true, l.word("check.key", "paper", known(v.lang, "console.paper."+x.Keyed, x.Keyed))})
	case x.Customer != "":
		l.Checks = append(l.Checks, checkView{false, l.word("check.no_key")})
	}
	switch {
	case x.OnFile:
		l.Checks = append(l.Checks, checkView{true, l.word("check.on_file")})
	case x.Reply.From != "":
		l.Checks = append(l.Checks, checkView{false, l.word("check.not_on_file")})
	}
	for _, a := range x.Reply.Auth {
		l.Checks = append(l.Checks, checkView{false, l.word("check.auth", "auth", a)})
	}
	chosen := v.form.Get("meaning")
	if chosen == "" {
		chosen = string(x.Guess)
	}
	for _, m := range x.Possible {
		mv := meaningView{Value: string(m), Label: l.word("means." + string(m)), About: l.word("means." + string(m) + ".text"), Checked: string(m) == chosen}
		l.Choices = append(l.Choices, mv)
	}
	l.Proof = control{ID: "proof", Label: l.word("proof"), Hint: l.word("proof.hint"), Value: v.form.Get("proof"), Error: errs["proof"]}
	l.Whose = control{ID: "whose", Label: l.word("whose"), Hint: l.word("whose.hint"), Value: v.form.Get("whose"), Error: errs["whose"]}
	if !l.Open {
		l.Over = l.word("over."+x.State, "means", known(v.lang, "console.received.means."+string(x.Meaning), ""), "who", who(v.lang, x.OverBy, x.People),
			"at", text.ShortInstant(v.lang, x.OverAt, v.zone()))
	}
	v.show(status, "inbox", l.Title, v.problem(wrong), letterInPage(l))
	return nil
}

func (v *visit) meanReceived() error {
	in := app.MeanInput{ID: v.r.PathValue("id"), Meaning: reply.Meaning(v.form.Get("meaning")), Proof: v.form.Get("proof")}
	return v.letterDone(v.App.MeanReceived(v.r.Context(), v.actor, in))
}

func (v *visit) tieReceived() error {
	return v.letterDone(v.App.TieReceived(v.r.Context(), v.actor, v.r.PathValue("id"), v.form.Get("whose")))
}

func (v *visit) setAside() error {
	return v.letterDone(v.App.SetAside(v.r.Context(), v.actor, v.r.PathValue("id")))
}

func (v *visit) letterDone(err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Blocked, fault.Conflict:
		if err != nil {
			return v.showLetterIn(web.Status(err), err)
		}
	}
	if err != nil {
		return err
	}
	v.to("/console/received/" + v.r.PathValue("id"))
	return nil
}

// receivedLetter sends the letter itself, which is never shown in the page.
func (v *visit) receivedLetter() error {
	name, raw, err := v.App.ReceivedLetter(v.r.Context(), v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	if _, err := v.w.Write(raw); err != nil {
		v.Log.Warn("letter not written to its end", "err", err)
	}
	return nil
}

// requestForm sends the form of a request, to be put anywhere or mailed.
func (v *visit) requestForm() error {
	if err := v.actor.CanRead("settings"); err != nil {
		return err
	}
	if v.o.Form == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	name, lang := path.Base(v.r.URL.Path), v.r.URL.Query().Get("for")
	if !text.Speaks(lang) {
		lang = v.lang
	}
	media, file, err := v.o.Form(lang, strings.HasSuffix(name, ".pdf"))
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `attachment; filename="`+text.Say(lang, "document.form.file")+path.Ext(name)+`"`)
	if _, err := v.w.Write(file); err != nil {
		v.Log.Warn("form not written to its end", "err", err)
	}
	return nil
}

func (v *visit) setPortal() error {
	if err := v.App.SetPortal(v.r.Context(), v.actor, v.form.Get("portal") == "none"); err != nil {
		return err
	}
	v.to("/console/settings#portal")
	return nil
}
