package console

import (
	"net/http"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// notesView is the card of notes, and of files beside them.
type notesView struct {
	Lang, Case string
	Notes      []noteView
	Files      []fileView
	New        control
	FileError  string
	May, See   bool // write, read
	Who, Whose string
}

type noteView struct {
	Who, Initials, At string
	Lines             []string // nil when it cannot be read any more
}

func (v *visit) viewNotes(c app.CaseView, e echo) notesView {
	nv := notesView{
		Lang: v.lang, Case: string(c.Plan.Case.ID), May: v.actor.May("note"), See: v.actor.MayRead("note"),
		Who: whoMay(v.lang, "note"), Whose: whoReads(v.lang, "note"),
		New: control{ID: "note-text", Name: "text", Label: v.say("notes.new"), Hint: v.say("notes.new.hint"), Required: true},
	}
	switch e.Form {
	case "note":
		nv.New.Value, nv.New.Error = e.Typed, e.Error
	case "file":
		nv.FileError = e.Error
	}
	for _, n := range c.Notes {
		out := noteView{Who: who(v.lang, n.CreatedBy, c.Users), At: text.ShortInstant(v.lang, n.CreatedAt, v.zone())}
		out.Initials = initials(out.Who)
		if n.Text != "" {
			out.Lines = strings.Split(strings.ReplaceAll(n.Text, "\r\n", "\n"), "\n")
		}
		nv.Notes = append(nv.Notes, out)
	}
	if v.actor.MayRead("letter") {
		for _, b := range c.Blobs {
			if b.Kind == "evidence" {
				nv.Files = append(nv.Files, v.viewFile(b, c))
			}
		}
	}
	return nv
}

func (v *visit) viewFile(b app.Blob, c app.CaseView) fileView {
	f := fileView{b.ID, b.Name, v.say("item.by", "who", who(v.lang, b.CreatedBy, c.Users), "at", text.ShortInstant(v.lang, b.CreatedAt, v.zone())), ""}
	for _, s := range c.Plan.Steps {
		if s.ID == b.Step {
			f.Step = title(v.lang, s.Title, s.Key)
		}
	}
	return f
}

func (v *visit) addNote() error {
	typed := v.form.Get("text")
	_, err := v.App.AddNote(v.r.Context(), v.actor, v.caseID(), typed)
	return v.after(err, echo{Form: "note", Typed: typed}, "#notes")
}

// addFile keeps a file with the case.
func (v *visit) addFile() error {
	name, body, err := v.upload()
	if err == nil {
		_, err = v.App.AddFile(v.r.Context(), v.actor, v.caseID(), name, body)
	}
	return v.after(err, echo{Form: "file"}, "#notes")
}

// itemsView tells who ticked which item of a case, and unticked it.
type itemsView struct {
	Lang, Case, Code, Customer string
	Rows                       []itemRow
}

type itemRow struct {
	At, Item, Step, Did, Who, Real, Evidence, Index string
	Look                                            badge
	Sealed                                          bool
}

func (v *visit) items() error {
	p, list, err := v.App.OpenItems(v.r.Context(), v.actor, v.caseID())
	if err != nil {
		return err
	}
	iv := itemsView{Lang: v.lang, Case: string(p.Case.ID), Code: p.Case.Code}
	for i := len(list) - 1; i >= 0; i-- { // newest first
		iv.Customer = list[i].Customer
		iv.Rows = append(iv.Rows, v.viewItemRow(p, list[i]))
	}
	v.show(http.StatusOK, "inbox", v.say("items.title"), "", itemsPage(iv))
	return nil
}

func (v *visit) viewItemRow(p offboarding.Plan, e app.ItemEvent) itemRow {
	r := itemRow{
		Item: e.Item, Step: e.Step, Who: e.Name, Real: e.Real, Evidence: e.Evidence, Sealed: e.Index >= 0, Index: v.say("log.unsealed"),
		Look: badge{"x", "", v.say("items.unticked")},
	}
	if e.Ticked {
		r.Look = badge{"check", "", v.say("items.ticked")}
	}
	if r.Who == "" {
		r.Who = who(v.lang, e.By, nil)
	}
	if r.Sealed {
		r.Index = v.say("log.index", "n", e.Index)
	}
	if at, err := time.Parse(time.RFC3339Nano, e.At); err == nil {
		r.At = text.ShortInstant(v.lang, at, v.zone())
	}
	if s := p.Step(e.Step); s != nil {
		r.Step = title(v.lang, s.Title, s.Key)
		for _, it := range s.Items {
			if it.Key == e.Item {
				r.Item = web.ItemName(v.lang, it)
			}
		}
	}
	return r
}
