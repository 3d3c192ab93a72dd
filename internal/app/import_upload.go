package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/reason"
	"hastaluego/internal/when"
)

// UploadMost is how large a file may be that is imported from a browser or by the
// API, in bytes; a larger one is imported where the server is.
const UploadMost = 8 << 20

// uploadFor is how long a file waits for somebody to say what its columns are.
const uploadFor = 24 * time.Hour

// UploadKinds are the kinds of file.
var UploadKinds = []string{"customers", "departures", "readings"}

// Upload is a file that waits to be imported. It is sealed, and forgotten when it
// was imported, or a day later.
type Upload struct {
	ID    string // upl_…
	Kind  string
	File  string
	By    string
	At    time.Time
	KeyID string
	Body  []byte // sealed
}

// UploadTx keeps them.
type UploadTx interface {
	InsertUpload(ctx context.Context, u Upload) error
	FindUpload(ctx context.Context, id string) (Upload, error)
	DropUpload(ctx context.Context, id string) error
	ForgetUploads(ctx context.Context, before time.Time, limit int) (int, error)
}

// FileInput is a file to be imported, and how to read it.
type FileInput struct {
	Kind string // one of UploadKinds
	File string // its name, for the list of imports
	Body []byte
	Map  string // of customers and departures: as hasta import takes it; empty: by Columns
	UploadChoice
	DryRun bool                        // decide everything, store nothing
	Reject func(ingest.RowError) error // is told every refused row, not only the first of them; nil: nobody
}

// UploadChoice is what somebody says of a file instead of writing a map.
type UploadChoice struct {
	Who     customer.Kind     // who they are where no column says it
	Dates   string            // one of when.DateForms; empty: 2026-03-31
	Decimal string            // "," or "."; empty: "."
	Columns map[string]string // column, by field
	// Reasons are codes by what the file calls why somebody left. What it leaves
	// out and no name of a reason says is another reason, in the words of the file.
	Reasons map[string]string
}

// UploadView is a file with what is known of its columns.
type UploadView struct {
	Upload
	Header []string
	First  [][]string        // its first lines
	Fields []string          // that a column may be
	Guess  map[string]string // column, by field
	Comma  bool              // its numbers may have a comma before the decimals
}

// refusedMost is how many refused rows are told one by one.
const refusedMost = 100

// RowError is why a row of a file was refused.
type RowError = ingest.RowError

// Imported is what became of a file: the refused rows are the first of them.
type Imported struct {
	ImportReport
	Refused []RowError
}

// KeepUpload keeps a file until somebody says what its columns are.
func (a *App) KeepUpload(ctx context.Context, by Actor, kind, file string, body []byte) (string, error) {
	if err := by.may("import"); err != nil {
		return "", err
	}
	if err := checkUpload(kind, file, body); err != nil {
		return "", err
	}
	if _, _, err := ingest.Look(bytes.NewReader(body)); err != nil {
		return "", ofTheFile(err)
	}
	u := Upload{ID: id.New("upl"), Kind: kind, File: fileName(file), By: by.ID}
	var err error
	if u.KeyID, u.Body, err = a.sealFor(ctx, house, u.ID, body); err != nil {
		return "", err
	}
	return u.ID, a.tx(ctx, func(tx Tx) error {
		u.At = tx.Now()
		return tx.InsertUpload(ctx, u)
	})
}

func checkUpload(kind, file string, body []byte) error {
	switch {
	case !slices.Contains(UploadKinds, kind):
		return fault.New(fault.Invalid, "field.choice").On("kind")
	case len(body) == 0:
		return fault.New(fault.Invalid, "field.required").On("file")
	case len(body) > UploadMost:
		return fault.New(fault.TooLarge, "upload.too_large", "max", UploadMost>>20).On("file")
	}
	if _, wrong := customer.CheckText("file", file, 200, false); wrong != nil {
		return wrong
	}
	return nil
}

func fileName(s string) string { return s[strings.LastIndexAny(s, `/\`)+1:] }

// ofTheFile says of a file that cannot be read that it is the file.
func ofTheFile(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Field == "" && f.Kind == fault.Invalid {
		return f.On("file")
	}
	return err
}

// OpenUpload reads a file that waits, with what its columns may be.
func (a *App) OpenUpload(ctx context.Context, by Actor, uid string) (v UploadView, err error) {
	if err := by.may("import"); err != nil {
		return v, err
	}
	body, err := a.upload(ctx, uid, &v.Upload)
	if err != nil {
		return v, err
	}
	if v.Header, v.First, err = ingest.Look(bytes.NewReader(body)); err != nil {
		return v, ofTheFile(err)
	}
	v.Comma = a.Company().Language != "en"
	if v.Kind != "readings" {
		v.Fields = ingest.SimpleFields(v.Kind == "departures")
		v.Guess = ingest.Guess(v.Header, v.Kind == "departures")
	}
	return v, nil
}

func (a *App) upload(ctx context.Context, uid string, u *Upload) (body []byte, err error) {
	err = a.store.View(ctx, func(tx Tx) error { *u, err = tx.FindUpload(ctx, uid); return err })
	if err != nil {
		return nil, err
	}
	if body, err = a.unseal(ctx, u.KeyID, u.ID, u.Body); err == nil && body == nil {
		err = fault.New(fault.NotFound, "not_found")
	}
	return body, err
}

// UnknownReasons are the words of a column of a file that waits which name no
// reason that we know: somebody says what each stands for.
func (a *App) UnknownReasons(ctx context.Context, by Actor, uid, column string) ([]string, error) {
	if err := by.may("import"); err != nil {
		return nil, err
	}
	var u Upload
	body, err := a.upload(ctx, uid, &u)
	if err != nil {
		return nil, err
	}
	words, err := unknownReasons(body, column)
	return words, ofTheFile(err)
}

func unknownReasons(body []byte, column string) ([]string, error) {
	if column == "" {
		return nil, nil
	}
	words, err := ingest.Distinct(bytes.NewReader(body), column)
	var names []string
	for _, r := range reason.Builtin().Reasons {
		names = append(names, namesOf(r.Code)...)
	}
	return slices.DeleteFunc(words, func(w string) bool { return slices.Contains(names, strings.ToLower(w)) }), err
}

// ImportUpload imports a file that waits, by what somebody says of its columns;
// once it is imported it is forgotten.
func (a *App) ImportUpload(ctx context.Context, by Actor, uid string, in FileInput) (out Imported, err error) {
	if err := by.may("import"); err != nil {
		return out, err
	}
	var u Upload
	if in.Body, err = a.upload(ctx, uid, &u); err != nil {
		return out, err
	}
	in.Kind, in.File = u.Kind, u.File
	if out, err = a.ImportFile(ctx, by, in); err != nil || in.DryRun || out.Stopped {
		return out, err
	}
	return out, a.tx(ctx, func(tx Tx) error { return tx.DropUpload(ctx, uid) })
}

// RefusedRows are the rows of a file that waits which would not go in, in the order
// of the file, as the file that hasta import writes of them. Nothing is stored.
func (a *App) RefusedRows(ctx context.Context, by Actor, uid string, in FileInput, lang string) ([]byte, error) {
	var rows []ingest.RowError
	in.DryRun = true
	in.Reject = func(e ingest.RowError) error {
		e.Header, e.Raw = slices.Clone(e.Header), slices.Clone(e.Raw)
		rows = append(rows, e)
		return nil
	}
	if _, err := a.ImportUpload(ctx, by, uid, in); err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(x, y ingest.RowError) int { return cmp.Compare(x.Row, y.Row) })
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for i, e := range rows {
		if i == 0 {
			if err := w.Write(slices.Concat(e.Header, ingest.RejectColumns)); err != nil {
				return nil, err
			}
		}
		if err := w.Write(e.Record(lang)); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// ImportFile imports a file as hasta import does: good rows go in, and bad ones are
// told with why.
func (a *App) ImportFile(ctx context.Context, by Actor, in FileInput) (out Imported, err error) {
	if err := by.may("import"); err != nil {
		return out, err
	}
	if err := checkUpload(in.Kind, in.File, in.Body); err != nil {
		return out, err
	}
	in.File = fileName(in.File)
	reject := func(e ingest.RowError) error {
		if len(out.Refused) < refusedMost {
			e.Header, e.Raw = slices.Clone(e.Header), slices.Clone(e.Raw)
			out.Refused = append(out.Refused, e)
		}
		if in.Reject == nil {
			return nil
		}
		return in.Reject(e)
	}
	defer func() { // what cannot be read is refused at once, the rest with its batch
		slices.SortStableFunc(out.Refused, func(x, y ingest.RowError) int { return cmp.Compare(x.Row, y.Row) })
	}()
	src := bytes.NewReader(in.Body)
	if in.Kind == "readings" {
		form := ReadingImport{By: by.ID, File: in.File, Source: src, Dates: in.Dates, DryRun: in.DryRun, Reject: reject}
		form.Decimal = map[string]string{",": "es", ".": "en"}[in.Decimal]
		out.ImportReport, err = a.ImportReadings(ctx, form)
		return out, ofTheFile(err)
	}
	m, err := a.mapOf(ctx, in)
	if err != nil {
		return out, err
	}
	if in.Kind == "departures" {
		out.ImportReport, err = a.ImportDepartures(ctx, DepartureImport{By: by.ID, File: in.File, Source: src, Map: m, DryRun: in.DryRun, Reject: reject})
	} else {
		out.ImportReport, err = a.ImportCustomers(ctx, ImportInput{By: by.ID, File: in.File, Source: src, Map: m, DryRun: in.DryRun, Reject: reject})
	}
	return out, ofTheFile(err)
}

// mapOf is the map by which a file is read: one that was written, or one made of
// what somebody says of its columns.
func (a *App) mapOf(ctx context.Context, in FileInput) (*ingest.Map, error) {
	if strings.TrimSpace(in.Map) != "" {
		m, err := ingest.LoadMap("map", []byte(in.Map))
		if list := fault.Fields(err); len(list) > 0 { // where in the map, in the words
			return nil, list[0].On("map")
		}
		return m, err
	}
	company := a.Company()
	s := ingest.Simple{
		Departures: in.Kind == "departures", Dates: in.Dates, Decimal: in.Decimal, Kind: in.Who, Country: company.Country, Language: company.Language,
		Product: company.Name, Reasons: map[string]string{}, Columns: in.Columns,
	}
	if s.Dates == "" {
		s.Dates = "yyyy-mm-dd"
	}
	if _, known := when.DateForms[s.Dates]; !known {
		return nil, fault.New(fault.Invalid, "field.choice").On("dates")
	}
	if s.Decimal != "," {
		s.Decimal = "."
	}
	if s.Kind != customer.Organisation {
		s.Kind = customer.Person
	}
	for _, r := range reason.Builtin().Reasons {
		for _, name := range namesOf(r.Code) {
			s.Reasons[name] = r.Code
		}
	}
	words, err := unknownReasons(in.Body, in.Columns["departure.reason"])
	if err != nil {
		return nil, err
	}
	for _, word := range words {
		s.Reasons[word] = reason.Other
		if r, known := reason.Builtin().Find(in.Reasons[word]); known {
			s.Reasons[word] = r.Code
		}
	}
	err = a.store.View(ctx, func(tx Tx) (err error) {
		s.AsOf = a.today(tx)
		s.Currency, err = a.usualCurrency(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if missing := s.Missing(); len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "upload.missing", "columns", strings.Join(missing, ", ")).On("columns")
	}
	return ingest.LoadMap("map", s.YAML())
}
