package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/text"
)

type importCmd struct {
	Customers  importCustomersCmd  `cmd:"" help:"Import customers, and what they have, from a CSV file by a map."`
	Departures importDeparturesCmd `cmd:"" help:"Import customers who left before, with when and why, from a CSV file by a map: churn of the past is known from the first day."`
	Readings   importReadingsCmd   `cmd:"" help:"Import what customers use and spend, and what went wrong for them, from a CSV file of three columns: customer, date, and use, spend or incidents; or metric, whose cells name one per event."`
	List       importListCmd       `cmd:"" help:"List the imports, the newest first: who, when, which file, how many rows."`
	Undo       importUndoCmd       `cmd:"" help:"Take back what an import made and nobody touched since; with --dry-run, only say what."`
}

// importFile is an import of one file, whatever is in it.
type importFile struct {
	common
	File   string `arg:"" help:"The CSV file; - is standard input."`
	Reject string `help:"Where rows that were refused go, with why. Default: FILE.rejected.csv, made only if there are any." type:"path"`
	Lang   string `help:"Language of what is said about rows: es or en. Default: that of the terminal, else company.locale."`
	DryRun bool   `help:"Check everything, store nothing."`
	JSON   bool   `help:"Answer as JSON."`
}

// importMapped is one of a file whose columns a map explains.
type importMapped struct {
	importFile
	Map string `required:"" type:"existingfile" help:"The map: which column is what."`
}

func (c *importMapped) run(ctx context.Context, o out, read func(m *ingest.Map) importer) error {
	src, err := os.ReadFile(c.Map)
	if err != nil {
		return err
	}
	m, err := ingest.LoadMap(c.Map, src)
	if err != nil {
		return err
	}
	return c.importFile.run(ctx, o, read(m))
}

type importCustomersCmd struct{ importMapped }

func (c *importCustomersCmd) Run(ctx context.Context, o out) error {
	return c.run(ctx, o, func(m *ingest.Map) importer {
		return func(h *house, in io.Reader, reject func(ingest.RowError) error, progress func(app.ImportReport)) (app.ImportReport, error) {
			return h.app.ImportCustomers(ctx, app.ImportInput{File: filepath.Base(c.File), Source: in, Map: m, DryRun: c.DryRun, Reject: reject, Progress: progress})
		}
	})
}

type importDeparturesCmd struct{ importMapped }

func (c *importDeparturesCmd) Run(ctx context.Context, o out) error {
	return c.run(ctx, o, func(m *ingest.Map) importer {
		return func(h *house, in io.Reader, reject func(ingest.RowError) error, progress func(app.ImportReport)) (app.ImportReport, error) {
			return h.app.ImportDepartures(ctx, app.DepartureImport{
				File: filepath.Base(c.File), Source: in, Map: m, DryRun: c.DryRun, Reject: reject, Progress: progress,
			})
		}
	})
}

type importReadingsCmd struct {
	importFile
	Dates   string `default:"yyyy-mm-dd" enum:"yyyy-mm-dd,yyyy/mm/dd,yyyymmdd,dd/mm/yyyy,mm/dd/yyyy,dd-mm-yyyy,dd.mm.yyyy" help:"How dates are written: ${enum}."`
	Decimal string `default:"" enum:",es,en" help:"Language that writes numbers like the file. Default: es where semicolons part columns, else en."`
}

func (c *importReadingsCmd) Run(ctx context.Context, o out) error {
	return c.run(ctx, o, func(h *house, in io.Reader, reject func(ingest.RowError) error, progress func(app.ImportReport)) (app.ImportReport, error) {
		return h.app.ImportReadings(ctx, app.ReadingImport{
			File: filepath.Base(c.File), Source: in, Dates: c.Dates, Decimal: c.Decimal, DryRun: c.DryRun, Reject: reject, Progress: progress,
		})
	})
}

// importAnswer is what --json says.
type importAnswer struct {
	Rows       int    `json:"rows"`
	Changed    int    `json:"changed"`
	Unchanged  int    `json:"unchanged"`
	Rejected   int    `json:"rejected"`
	RejectFile string `json:"reject_file,omitempty"`
	DryRun     bool   `json:"dry_run"`
	Stopped    bool   `json:"stopped"`
}

type importer func(h *house, in io.Reader, reject func(ingest.RowError) error, progress func(app.ImportReport)) (app.ImportReport, error)

func (c *importFile) run(ctx context.Context, o out, read importer) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	lang, err := rowLanguage(c.Lang, cfg.Company.Locale)
	if err != nil {
		return err
	}
	in, size, err := openSource(ctx, c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	rejects := &rejectFile{path: c.Reject, lang: lang, out: o}
	if rejects.path == "" {
		if rejects.path = c.File + ".rejected.csv"; c.File == "-" {
			rejects.path = "import.rejected.csv"
		}
	}
	if same(rejects.path, c.File) {
		return fault.New(fault.Invalid, "import.same_file", "file", rejects.path)
	}
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	bar := newMeter(o.stderr, lang, size)
	rejects.bar = bar
	rep, err := read(h, in, rejects.add, func(r app.ImportReport) { bar.show(r, in.read) })
	bar.clear()
	if e := rejects.close(); err == nil {
		err = e
	}
	if err != nil {
		fmt.Fprintln(o.stderr, text.Say(lang, "import.broken", "rows", rep.Rows))
		return err
	}
	return c.tell(o, lang, rep, rejects)
}

// tell says what became of the rows.
func (c *importFile) tell(o out, lang string, rep app.ImportReport, rejects *rejectFile) error {
	if c.JSON {
		answer := importAnswer{Rows: rep.Rows, Changed: rep.Changed, Unchanged: rep.Unchanged, Rejected: rep.Rejected, DryRun: c.DryRun, Stopped: rep.Stopped}
		if rep.Rejected > 0 {
			answer.RejectFile = rejects.path
		}
		if err := json.NewEncoder(o.stdout).Encode(answer); err != nil {
			return err
		}
	} else {
		code := "import.done"
		if c.DryRun {
			code = "import.dry"
		}
		fmt.Fprintln(o.stdout, text.Say(lang, code, "n", rep.Rows, "changed", rep.Changed, "unchanged", rep.Unchanged, "rejected", rep.Rejected))
		if rep.Rejected > 0 {
			fmt.Fprintln(o.stdout, text.Say(lang, "import.rejects", "file", rejects.path))
		}
		if rep.Stopped {
			fmt.Fprintln(o.stdout, text.Say(lang, "import.stopped", "rows", rep.Rows))
		}
	}
	if rep.Rejected > 0 || rep.Stopped {
		return errCheck
	}
	return nil
}

// rowLanguage is what was asked for, else what the terminal is set to, else
// that of the company.
func rowLanguage(asked, company string) (string, error) {
	switch {
	case asked == "" && cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")) == "" && text.Has(company):
		return company, nil
	case asked == "":
		return terminalLanguage(os.Getenv), nil
	case !text.Has(asked):
		return "", fault.New(fault.Invalid, "field.choice").On("--lang")
	}
	return asked, nil
}

func same(a, b string) bool {
	x, errX := filepath.Abs(a)
	y, errY := filepath.Abs(b)
	return errX == nil && errY == nil && x == y
}

// source is a file that counts what was read of it.
type source struct {
	*os.File
	read int64
	over <-chan struct{} // of a pipe: nil where reading does not wait for others
}

func (s *source) Read(p []byte) (n int, err error) {
	if s.over == nil {
		n, err = s.File.Read(p)
		s.read += int64(n)
		return n, err
	}
	type got struct {
		n   int
		err error
	}
	own, done := make([]byte, len(p)), make(chan got, 1) // p is the caller's again once this returns
	go func() {
		n, err := s.File.Read(own)
		done <- got{n, err}
	}()
	select {
	case g := <-done:
		return copy(p, own[:g.n]), g.err
	case <-s.over:
		return 0, context.Canceled
	}
}

func (s *source) Seek(offset int64, whence int) (int64, error) {
	at, err := s.File.Seek(offset, whence)
	if err == nil {
		s.read = at
	}
	return at, err
}

// openSource opens the file and says how long it is; 0 where that is not known.
// A pipe that nobody writes to is left when ctx ends.
func openSource(ctx context.Context, name string) (*source, int64, error) {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, 0, fault.New(fault.Invalid, "file.unreadable", "file", name).At("import", err)
		}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, fault.New(fault.Invalid, "file.unreadable", "file", name)
	}
	if info.Mode().IsRegular() {
		return &source{File: f}, info.Size(), nil
	}
	return &source{File: f, over: ctx.Done()}, 0, nil
}

// rejectFile is made with the first refused row.
type rejectFile struct {
	path, lang string
	out        out
	bar        *meter
	file       *os.File
	csv        *csv.Writer
	told       int
}

// rejectsTold is how many refused rows the terminal is told one by one.
const rejectsTold = 20

func (r *rejectFile) add(e ingest.RowError) error {
	r.bar.clear()
	switch r.told++; {
	case r.told <= rejectsTold:
		fmt.Fprintln(r.out.stderr, text.Say(r.lang, "import.row", "row", e.Row, "column", e.Column, "why", e.Why(r.lang)))
	case r.told == rejectsTold+1:
		fmt.Fprintln(r.out.stderr, text.Say(r.lang, "import.more_rows", "file", r.path))
	}
	if r.file == nil {
		f, err := os.OpenFile(r.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		r.file, r.csv = f, csv.NewWriter(f)
		if err := r.csv.Write(append(e.Header[:len(e.Header):len(e.Header)], ingest.RejectColumns...)); err != nil {
			return err
		}
	}
	return r.csv.Write(e.Record(r.lang))
}

func (r *rejectFile) close() error {
	if r.file == nil {
		return nil
	}
	r.csv.Flush()
	if err := r.csv.Error(); err != nil {
		return err
	}
	return r.file.Close()
}

// meter is one line at the foot of a terminal; elsewhere it is nothing.
type meter struct {
	w     io.Writer
	lang  string
	size  int64
	beat  *time.Ticker // nil: no terminal
	drawn bool
}

func newMeter(w io.Writer, lang string, size int64) *meter {
	p := &meter{w: w, lang: lang, size: size}
	if terminal(w) {
		p.beat = time.NewTicker(200 * time.Millisecond)
	}
	return p
}

func (p *meter) show(r app.ImportReport, read int64) {
	if p.beat == nil {
		return
	}
	select {
	case <-p.beat.C:
	default:
		return
	}
	rows := r.Changed + r.Unchanged + r.Rejected
	line := text.Say(p.lang, "import.progress", "rows", rows, "rejected", r.Rejected)
	if p.size > 0 {
		line = text.Say(p.lang, "import.progress.of", "rows", rows, "rejected", r.Rejected, "percent", int(min(read*100/p.size, 100)))
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
	p.drawn = true
}

func (p *meter) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
