package console

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// importNewView takes a file.
type importNewView struct {
	Lang  string
	Kinds []meaningView
	Error map[string]string
}

// importFileView says what the columns of a file are, and what would become of it.
type importFileView struct {
	Lang, ID, File, Kind string
	Mapped               bool // its columns are said here
	Columns              []columnView
	ColumnsError         string
	Fields               []option
	Choices              []choiceView
	Reasons              []reasonWord // that no name of a reason says
	ReasonsMore          int          // that are not shown: another reason, in their words
	ReasonOptions        []option
	Map                  control
	Result               *importResultView
}

// reasonWord is what a file calls why somebody left.
type reasonWord struct{ ID, Word, Code string }

// reasonWordsMost is how many words of a file are asked about one by one.
const reasonWordsMost = 60

type columnView struct {
	ID, Name, Sample, Value string
}

// importResultView is what became of the rows, or would.
type importResultView struct {
	Says          string
	Done, Stopped bool
	Any           bool // something would go in
	Rows          []refusedView
	More          int
}

type refusedView struct {
	Row                int64
	Column, Value, Why string
}

func (v importNewView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.upload."+code, args...)
}

func (v importFileView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.upload."+code, args...)
}

func (v *visit) mayImport() error {
	if v.actor.May("import") {
		return nil
	}
	return fault.New(fault.Forbidden, "forbidden.role", "who", whoMay(v.lang, "import"))
}

func (v *visit) newImport() error { return v.showNewImport(http.StatusOK, app.UploadKinds[0], nil) }

func (v *visit) showNewImport(status int, kind string, wrong error) error {
	if err := v.mayImport(); err != nil {
		return err
	}
	nv := importNewView{Lang: v.lang, Error: text.FieldErrors(v.lang, wrong)}
	for _, k := range app.UploadKinds {
		nv.Kinds = append(nv.Kinds, meaningView{k, nv.word("kind." + k), nv.word("kind." + k + ".text"), k == kind})
	}
	v.show(status, "customers", nv.word("title"), v.problem(wrong), importNewPage(nv))
	return nil
}

// keepImport keeps the file and goes on to its columns.
func (v *visit) keepImport() error {
	if err := v.mayImport(); err != nil {
		return err
	}
	kind, name, body, err := v.kindAndFile()
	var id string
	if err == nil {
		id, err = v.App.KeepUpload(v.r.Context(), v.actor, kind, name, body)
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooLarge:
		if err != nil {
			return v.showNewImport(web.Status(err), kind, err)
		}
	}
	if err != nil {
		return err
	}
	v.to("/console/imports/files/" + id)
	return nil
}

func (v *visit) kindAndFile() (kind, name string, body []byte, err error) {
	if v.form != nil {
		return v.form.Get("kind"), "", nil, nil
	}
	said, name, body, err := v.sentFile()
	return said["kind"], name, body, err
}

// sentFile reads a form that was sent with a file: what its other fields say, and
// the file.
func (v *visit) sentFile() (said map[string]string, name string, body []byte, err error) {
	said = map[string]string{}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, app.UploadMost+64<<10)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return said, "", nil, fault.New(fault.Invalid, "field.required").On("file").At("console.sentFile", err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return said, name, body, nil
		}
		if err != nil {
			return said, "", nil, uploadTooLarge(err)
		}
		raw, err := io.ReadAll(part)
		if err != nil {
			return said, "", nil, uploadTooLarge(err)
		}
		if part.FormName() == "file" {
			name, body = part.FileName(), raw
			continue
		}
		said[part.FormName()] = string(raw)
	}
}

func uploadTooLarge(err error) error {
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return fault.New(fault.TooLarge, "upload.too_large", "max", app.UploadMost>>20).On("file")
	}
	return fault.New(fault.Invalid, "field.invalid").On("file").At("console.sentFile", err)
}

func (v *visit) importColumns() error {
	u, err := v.App.OpenUpload(v.r.Context(), v.actor, v.r.PathValue("file"))
	if err != nil {
		return err
	}
	in := app.FileInput{UploadChoice: app.UploadChoice{Columns: u.Guess, Dates: "yyyy-mm-dd", Decimal: ".", Who: customer.Person}}
	if u.Comma {
		in.Dates, in.Decimal = "dd/mm/yyyy", ","
	}
	return v.showImportColumns(http.StatusOK, u, in, nil, nil)
}

// runImport tries the file, or imports it.
func (v *visit) runImport() error {
	id := v.r.PathValue("file")
	u, err := v.App.OpenUpload(v.r.Context(), v.actor, id)
	if err != nil {
		return err
	}
	in := app.FileInput{Map: v.form.Get("map"), DryRun: v.form.Get("do") != "import"}
	in.Dates, in.Decimal, in.Who, in.Columns = v.form.Get("dates"), v.form.Get("decimal"), customer.Kind(v.form.Get("who")), map[string]string{}
	for i, name := range u.Header {
		if field := v.form.Get(fmt.Sprint("c", i)); slices.Contains(u.Fields, field) {
			if in.Columns[field] != "" {
				err = fault.New(fault.Invalid, "upload.twice", "column", label(v.lang, field)).On("columns")
			}
			in.Columns[field] = name
		}
	}
	in.Reasons = map[string]string{}
	for i := range reasonWordsMost {
		if word := v.form.Get(fmt.Sprint("word", i)); word != "" {
			in.Reasons[word] = v.form.Get(fmt.Sprint("why", i))
		}
	}
	if err == nil && v.form.Get("do") == "refused" {
		return v.refusedRows(u, in)
	}
	var out app.Imported
	if err == nil {
		out, err = v.App.ImportUpload(v.r.Context(), v.actor, id, in)
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict:
		if err != nil {
			return v.showImportColumns(web.Status(err), u, in, nil, err)
		}
	}
	if err != nil {
		return err
	}
	return v.showImportColumns(http.StatusOK, u, in, &out, nil)
}

// refusedRows sends the rows of a file that would not go in, each with where and
// why, as hasta import writes them.
func (v *visit) refusedRows(u app.UploadView, in app.FileInput) error {
	raw, err := v.App.RefusedRows(v.r.Context(), v.actor, u.ID, in, v.lang)
	if err != nil {
		return err
	}
	return v.download(u.File+".rejected.csv", "text/csv; charset=utf-8", raw)
}

// label is what a field is called: the first of the names that its column may
// have.
func label(lang, field string) string {
	name, _, _ := strings.Cut(text.Say(lang, "import.column."+field), ",")
	return name
}

func (v *visit) showImportColumns(status int, u app.UploadView, in app.FileInput, out *app.Imported, wrong error) error {
	if f, ok := errors.AsType[*fault.Error](wrong); ok && f.Code == "upload.missing" {
		var names []string
		for _, field := range missingOf(f) {
			names = append(names, label(v.lang, field))
		}
		wrong = fault.New(fault.Invalid, "upload.missing", "columns", strings.Join(names, ", ")).On("columns")
	}
	errs := text.FieldErrors(v.lang, wrong)
	fv := importFileView{Lang: v.lang, ID: u.ID, File: u.File, Kind: v.say("imports.kind." + u.Kind), Mapped: u.Kind != "readings", ColumnsError: errs["columns"]}
	fv.Fields = []option{{"", fv.word("nothing")}}
	for _, f := range u.Fields {
		fv.Fields = append(fv.Fields, option{f, label(v.lang, f)})
	}
	for i, name := range u.Header {
		c := columnView{ID: fmt.Sprint("c", i), Name: name}
		var samples []string
		for _, row := range u.First {
			if i < len(row) && row[i] != "" {
				samples = append(samples, row[i])
			}
		}
		c.Sample = strings.Join(samples, " · ")
		for field, column := range in.Columns {
			if column == name {
				c.Value = field
			}
		}
		fv.Columns = append(fv.Columns, c)
	}
	if column := in.Columns["departure.reason"]; column != "" && (out == nil || in.DryRun || out.Stopped) {
		words, err := v.App.UnknownReasons(v.r.Context(), v.actor, u.ID, column)
		if err != nil {
			return err
		}
		for i, word := range words[:min(len(words), reasonWordsMost)] {
			fv.Reasons = append(fv.Reasons, reasonWord{fmt.Sprint(i), word, cmp.Or(in.Reasons[word], reason.Other)})
		}
		fv.ReasonsMore = len(words) - len(fv.Reasons)
		for _, r := range reason.Builtin().Offered(v.App.Company().Reasons) {
			fv.ReasonOptions = append(fv.ReasonOptions, option{r.Code, r.Label[v.lang]})
		}
	}
	pick := func(name, value string, options ...option) {
		fv.Choices = append(fv.Choices, choiceView{control{ID: name, Label: fv.word(name), Value: value, Error: errs[name]}, options})
	}
	if fv.Mapped {
		pick("who", string(in.Who), option{"person", fv.word("who.person")}, option{"organisation", fv.word("who.organisation")})
	}
	var dates []option
	for _, form := range []string{"dd/mm/yyyy", "yyyy-mm-dd", "dd-mm-yyyy", "dd.mm.yyyy", "mm/dd/yyyy", "yyyy/mm/dd", "yyyymmdd"} {
		if _, known := when.DateForms[form]; known {
			dates = append(dates, option{form, form})
		}
	}
	pick("dates", in.Dates, dates...)
	pick("decimal", in.Decimal, option{",", "1.234,50"}, option{".", "1,234.50"})
	fv.Map = control{ID: "map", Label: fv.word("map"), Hint: fv.word("map.hint"), Value: in.Map, Error: errs["map"]}
	if out != nil {
		fv.Result = v.viewImported(*out, in.DryRun)
	}
	v.show(status, "customers", fv.word("title"), v.problem(wrong), importFilePage(fv))
	return nil
}

// missingOf are the fields that no column is said to be.
func missingOf(f *fault.Error) []string {
	for i := 0; i+1 < len(f.Args); i += 2 {
		if list, ok := f.Args[i+1].(string); ok && f.Args[i] == "columns" {
			return strings.Split(list, ", ")
		}
	}
	return nil
}

func (v *visit) viewImported(out app.Imported, dry bool) *importResultView {
	code := "import.done"
	if dry {
		code = "import.dry"
	}
	rv := &importResultView{
		Says: text.Say(v.lang, code, "n", out.Rows, "changed", out.Changed, "unchanged", out.Unchanged, "rejected", out.Rejected),
		Done: !dry, Any: dry && out.Changed > 0, More: out.Rejected - len(out.Refused), Stopped: out.Stopped,
	}
	rv.Rows = viewRefused(v.lang, out.Refused)
	return rv
}

func viewRefused(lang string, list []app.RowError) (rows []refusedView) {
	for _, e := range list {
		rows = append(rows, refusedView{e.Row, e.Column, e.Value, e.Why(lang)})
	}
	return rows
}
