package console

import (
	"net/http"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
)

// importRow is one import in the list.
type importRow struct {
	ID, Kind, File, By, At, Says string
	Undone                       bool
}

type importsView struct {
	Lang string
	Rows []importRow
	May  bool
	Who  string

	New    bool // this person may import a file
	NewWho string
}

// undoImportView is what undoing an import would take back.
type undoImportView struct {
	Lang string
	Row  importRow
	Says string
	Any  bool // something goes
	Stay []stayRow
	Done bool
}

type stayRow struct{ What, Customer, Name, Reference, Why string }

func (v *visit) viewImport(x app.ImportRun, by string) importRow {
	if by == "" {
		by = known(v.lang, "console.actor."+x.By, x.By)
	}
	return importRow{
		ID: string(x.ID), Kind: v.say("imports.kind." + x.Kind), File: x.File, By: by, At: text.ShortInstant(v.lang, x.At, v.zone()),
		Says: text.Say(v.lang, "import.list", "rows", x.Rows, "changed", x.Changed, "rejected", x.Rejected), Undone: !x.UndoneAt.IsZero(),
	}
}

func (v *visit) imports() error {
	list, users, err := v.App.Imports(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	iv := importsView{Lang: v.lang, May: v.actor.May("settings"), Who: whoMay(v.lang, "settings"), New: v.actor.May("import"), NewWho: whoMay(v.lang, "import")}
	for _, x := range list {
		iv.Rows = append(iv.Rows, v.viewImport(x, users[x.By]))
	}
	v.show(http.StatusOK, "customers", v.say("imports.title"), "", importsPage(iv))
	return nil
}

func (v *visit) undoImportForm() error {
	u, err := v.App.UndoImport(v.r.Context(), v.actor, app.ImportID(v.r.PathValue("id")), true)
	if err != nil {
		return err
	}
	v.showUndoing(u, false)
	return nil
}

func (v *visit) undoImport() error {
	u, err := v.App.UndoImport(v.r.Context(), v.actor, app.ImportID(v.r.PathValue("id")), false)
	if err != nil {
		return err
	}
	v.showUndoing(u, true)
	return nil
}

func (v *visit) showUndoing(u app.Undoing, done bool) {
	code := "import.undo.dry"
	if done {
		code = "import.undo.done"
	}
	uv := undoImportView{
		Lang: v.lang, Row: v.viewImport(u.Run, u.User), Done: done, Any: u.Customers+u.Contracts+u.Cases+u.Restored > 0,
		Says: text.Say(v.lang, code, "customers", u.Customers, "contracts", u.Contracts, "cases", u.Cases, "restored", u.Restored, "stay", len(u.Stay)),
	}
	for _, s := range u.Stay {
		uv.Stay = append(uv.Stay, stayRow{text.Say(v.lang, "import.made."+s.Kind), string(s.Customer), s.Name, s.Reference, UndoWhy(v.lang, s.Why)})
	}
	v.show(http.StatusOK, "customers", v.say("imports.undo"), "", undoImportPage(uv))
}

// UndoWhy says in words why something that an import made stays.
func UndoWhy(lang string, why []string) string {
	out := make([]string, len(why))
	for i, w := range why {
		out[i] = known(lang, "import.why."+w, text.Say(lang, "import.why.other"))
	}
	return strings.Join(out, ", ")
}
