package bundle

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // pages, style and script
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"path"
	"strings"
)

// View makes the pages with which a person browses a bundle offline: index.html
// at the root of the bag, the rest below view/. They are tag files. Each stands
// alone: no network, no other program, no script needed. What is shown is text
// and never runs: names and cells are escaped by html/template, and the policy of
// each page allows its own style and script only.
type View struct {
	Package    Package
	Identifier string // of the case
	// Open reads the file of a resource, by its number in the package, from its
	// beginning. Only the first rows of tables are read.
	Open func(resource int) (io.Reader, error)
	// MostRows is how many rows of each table are shown; 0 is 10 000.
	MostRows int64
}

// Limits of pages. None of them holds more than a page in memory.
const (
	mostRows      = 10_000
	rowsOfPage    = 500
	bytesOfPage   = 512 << 10 // of text: wide tables have fewer rows a page
	filesOfPage   = 200
	lettersOfCell = 1000
	bytesOfSearch = 4 << 20 // of text, of all tables together
	hitsShown     = 200
)

var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/page.js
	pageJS string

	pages = template.Must(template.New("").Parse(pageHTML))

	// policy lets a page show its own style, its own script and the pictures
	// beside it. A folder has no origin of its own: file: is said besides.
	policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src 'self' file:; base-uri 'none'; form-action 'none'", hashOf(pageCSS), hashOf(pageJS))
)

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// common is what every page has.
type common struct {
	Lang, Title, Policy, Source, Made string
	About, Caption, Rest              string
	Style                             template.CSS
	Script                            template.JS
	W                                 words
	Find                              *find
}

// find is the search of a page.
type find struct {
	Label, Said, Many string
	Least, Most       int
}

// turning is the way to the pages before and after.
type turning struct {
	W                    words
	Label, Before, After string
}

type tablePage struct {
	common
	Pages, PagesBelow turning
	Columns           []column
	Rows              []shownRow
}

type column struct {
	Title, Name, About string
	Right              bool
}

type shownRow struct {
	N     int64
	Cells []shownCell
}

type shownCell struct {
	Text, More  string
	Null, Right bool
}

type filesPage struct {
	common
	Pages, PagesBelow turning
	Files             []shownFile
}

type shownFile struct {
	Path, Title, Href, Original, Size, Sum, Alt string
	Picture                                     bool
}

type searchPage struct {
	common
	Rest []string
	Hits []hit
}

type hit struct{ Href, Where, Text string }

type shownTable struct{ Title, About, Page, Href, Path, Rows, Size, Sum string }

type shownMissing struct{ Name, Why string }

type indexPage struct {
	common
	Identifier, Holds, Search, FilesHref, FilesLink string
	Missing                                         []shownMissing
	Tables                                          []shownTable
	How                                             []string
}

// viewer is a View at work.
type viewer struct {
	View
	w      words
	keep   func(File) error
	tables []int // numbers of resources
	files  []int
	search searchPage
}

// Pages makes the pages and hands one after another to keep. The same package
// makes the same pages.
func (v View) Pages(keep func(File) error) error {
	if v.MostRows == 0 {
		v.MostRows = mostRows
	}
	w := &viewer{View: v, w: wordsOf(v.Package.Lang), keep: keep}
	for i, r := range v.Package.Resources {
		if len(r.Fields) > 0 {
			w.tables = append(w.tables, i)
		} else {
			w.files = append(w.files, i)
		}
	}
	w.search.common = w.common(w.w.Say("search"))
	for n := range w.tables {
		if err := w.table(n); err != nil {
			return err
		}
	}
	for at := 0; at < len(w.files); at += filesOfPage {
		if err := w.filePage(at); err != nil {
			return err
		}
	}
	if len(w.search.Hits) > 0 {
		w.search.Find = w.finder("search", 2, hitsShown)
		if err := w.page("view/search.html", "search", w.search); err != nil {
			return err
		}
	}
	return w.index()
}

func (v *viewer) page(name, kind string, data any) error {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, kind, data); err != nil {
		return fmt.Errorf("bundle: %s: %w", name, err)
	}
	return v.keep(File{name, out.Bytes()})
}

func (v *viewer) common(title string) common {
	return common{
		Lang: v.w.lang, Title: title, Policy: policy, Source: visible(v.Package.Source), Made: v.w.instant(v.Package.Created),
		Style: template.CSS(pageCSS), Script: template.JS(pageJS), W: v.w,
	}
}

func (v *viewer) finder(label string, least, most int) *find {
	return &find{Label: v.w.Say(label), Said: v.w.Say("find.said"), Many: v.w.Say("find.many"), Least: least, Most: most}
}

// title is what a resource is called.
func (v *viewer) title(r Resource) string {
	if t := in(v.w.lang, r.Titles); t != "" {
		return visible(t)
	}
	return visible(strings.TrimPrefix(r.File.Name, "data/"))
}

func tableName(n, page int) string { return fmt.Sprintf("table-%d-%d.html", n+1, page) }

// table makes the pages of one, each of which is written when it is known
// whether another follows.
func (v *viewer) table(n int) error {
	number := v.tables[n]
	r := v.Package.Resources[number]
	plain, err := v.Open(number)
	if err != nil {
		return fmt.Errorf("bundle: %s: %w", r.File.Name, err)
	}
	rows, err := ReadTable(plain, r.Format, r.Fields)
	if err != nil {
		return fmt.Errorf("%w (%s)", err, r.File.Name)
	}
	most := min(r.Rows, v.MostRows)
	var (
		page      = 1
		at        int64
		wait      []shownRow
		size      int
		searched  int64
		budget    = bytesOfSearch / len(v.tables)
		searching = true
		title     = v.title(r)
	)
	for {
		var row shownRow
		more := at < most
		if more {
			cells, err := rows.Next()
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("bundle: %s has %d rows, not %d", r.File.Name, at, r.Rows)
			}
			if err != nil {
				return fmt.Errorf("%w (%s)", err, r.File.Name)
			}
			at++
			row = v.shown(at, r.Fields, cells)
		}
		if full := len(wait) == rowsOfPage || size >= bytesOfPage; full || !more {
			if err := v.tablePage(n, page, r, title, wait, most, more); err != nil {
				return err
			}
			page, wait, size = page+1, wait[:0], 0
		}
		if !more {
			break
		}
		wait = append(wait, row)
		text := row.text()
		size += len(text) + 16*len(row.Cells)
		if searching = searching && len(text) <= budget; searching {
			budget -= len(text)
			searched = at
			v.search.Hits = append(v.search.Hits, hit{
				fmt.Sprintf("%s#r%d", tableName(n, page), at), title + ", " + strings.ToLower(v.w.Say("row")) + " " + v.w.number(at), text,
			})
		}
	}
	if searched < r.Rows {
		v.search.Rest = append(v.search.Rest, v.w.Say("rest.find", "table", title, "n", v.w.number(searched), "of", v.w.number(r.Rows)))
	}
	return nil
}

func (v *viewer) shown(n int64, fields []Field, cells []Cell) shownRow {
	row := shownRow{N: n, Cells: make([]shownCell, len(cells))}
	for i, c := range cells {
		text, left := short(c.Text, lettersOfCell)
		s := shownCell{Text: visible(text), Null: c.Null, Right: fields[i].right()}
		if left > 0 {
			s.More = v.w.Say("more", "n", v.w.number(int64(left)))
		}
		row.Cells[i] = s
	}
	return row
}

// right says that values of a column stand under one another by their ends.
func (f Field) right() bool { return f.Type == Integer || f.Type == Number }

// text is all that a row shows.
func (r shownRow) text() string {
	var b strings.Builder
	for _, c := range r.Cells {
		if !c.Null && c.Text != "" {
			if b.Len() > 0 {
				b.WriteString(" · ")
			}
			b.WriteString(c.Text)
		}
	}
	return b.String()
}

func (v *viewer) tablePage(n, page int, r Resource, title string, rows []shownRow, most int64, more bool) error {
	p := tablePage{common: v.common(title), Rows: rows}
	p.About = visible(in(v.w.lang, r.Descriptions))
	p.Find = v.finder("find.page", 0, rowsOfPage)
	p.Caption = v.w.Say("shown.no")
	if len(rows) > 0 {
		p.Caption = v.w.Say("shown", "from", v.w.number(rows[0].N), "to", v.w.number(rows[len(rows)-1].N), "of", v.w.number(r.Rows))
	}
	if most < r.Rows {
		p.Rest = v.w.Say("rest", "n", v.w.number(most), "of", v.w.number(r.Rows), "path", visible(r.File.Name))
	}
	for _, f := range r.Fields {
		c := column{Title: visible(in(v.w.lang, f.Titles)), Name: visible(f.Name), About: visible(in(v.w.lang, f.Descriptions)), Right: f.right()}
		if c.Title == "" || c.Title == c.Name {
			c.Title, c.Name = c.Name, ""
		}
		p.Columns = append(p.Columns, c)
	}
	before, after := "", ""
	if page > 1 {
		before = tableName(n, page-1)
	}
	if more {
		after = tableName(n, page+1)
	}
	p.Pages, p.PagesBelow = v.turnings(before, after)
	return v.page("view/"+tableName(n, page), "table", p)
}

func (v *viewer) turnings(before, after string) (above, below turning) {
	above = turning{v.w, v.w.Say("pages"), before, after}
	below = turning{v.w, v.w.Say("pages.2"), before, after}
	return above, below
}

func filesName(at int) string { return fmt.Sprintf("files-%d.html", at/filesOfPage+1) }

func (v *viewer) filePage(at int) error {
	end := min(at+filesOfPage, len(v.files))
	p := filesPage{common: v.common(v.w.Say("files"))}
	p.Caption = v.w.files(int64(len(v.files)))
	p.Find = v.finder("find.page", 0, filesOfPage)
	for _, number := range v.files[at:end] {
		r := v.Package.Resources[number]
		f := shownFile{Path: visible(r.File.Name), Title: visible(in(v.w.lang, r.Titles)), Size: v.w.bytes(r.File.Size), Sum: r.File.SHA256}
		if r.Original != "" {
			f.Original = v.w.Say("original", "name", visible(r.Original))
		}
		switch harmless[strings.ToLower(path.Ext(r.File.Name))] {
		case picture:
			f.Picture, f.Alt = true, v.w.Say("picture", "name", f.Path)
			fallthrough
		case linked:
			f.Href = "../" + href(r.File.Name)
		}
		p.Files = append(p.Files, f)
	}
	before, after := "", ""
	if at > 0 {
		before = filesName(at - filesOfPage)
	}
	if end < len(v.files) {
		after = filesName(end)
	}
	p.Pages, p.PagesBelow = v.turnings(before, after)
	return v.page("view/"+filesName(at), "files", p)
}

func (v *viewer) index() error {
	title := in(v.w.lang, v.Package.Titles)
	if title == "" {
		title = v.Package.Name
	}
	p := indexPage{common: v.common(visible(title)), Identifier: visible(v.Identifier), How: v.w.how()}
	p.About = visible(in(v.w.lang, v.Package.Descriptions))
	var size int64
	for _, r := range v.Package.Resources {
		size += r.File.Size
	}
	p.Holds = v.w.tables(int64(len(v.tables))) + ", " + v.w.files(int64(len(v.files))) + ", " + v.w.bytes(size)
	for _, m := range v.Package.Missing {
		name := in(v.w.lang, m.Titles)
		if name == "" {
			name = m.Name
		}
		p.Missing = append(p.Missing, shownMissing{visible(name), visible(in(v.w.lang, m.Why))})
	}
	for n, number := range v.tables {
		r := v.Package.Resources[number]
		p.Tables = append(p.Tables, shownTable{
			Title: v.title(r), About: visible(in(v.w.lang, r.Descriptions)), Page: "view/" + tableName(n, 1), Href: href(r.File.Name), Path: visible(r.File.Name),
			Rows: v.w.number(r.Rows), Size: v.w.bytes(r.File.Size), Sum: r.File.SHA256,
		})
	}
	if len(p.Tables) > 10 {
		p.Find = v.finder("find.page", 0, len(p.Tables))
	}
	if len(v.search.Hits) > 0 {
		p.Search = "view/search.html"
	}
	if len(v.files) > 0 {
		p.FilesHref, p.FilesLink = "view/"+filesName(0), v.w.Say("files.link", "files", v.w.files(int64(len(v.files))))
	}
	return v.page("index.html", "index", p)
}

// What a browser does with a file that is linked.
type harm int

const (
	unlinked harm = iota // it may run it, or guess what it is
	linked
	picture
)

// harmless are endings of files in which no browser runs anything. All others
// stand as a path only: also those that a browser knows not, since it looks into
// them and takes what looks like a page for one, and PDF, which may hold scripts.
var harmless = map[string]harm{
	".png": picture, ".jpg": picture, ".jpeg": picture, ".gif": picture, ".webp": picture,
	".csv": linked, ".txt": linked, ".json": linked, ".zip": linked, ".mp3": linked, ".mp4": linked, ".wav": linked, ".ogg": linked,
	".docx": linked, ".xlsx": linked, ".pptx": linked, ".odt": linked, ".ods": linked, ".odp": linked,
}

// href is the address of a file of the bag, from its root.
func href(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// visible makes what is not seen seen: controls, and what turns the direction of
// writing, so that no name looks like another.
func visible(s string) string {
	if !strings.ContainsFunc(s, unseen) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !unseen(r):
			b.WriteRune(r)
		case r < 0x20:
			b.WriteRune(0x2400 + r)
		default:
			fmt.Fprintf(&b, "[U+%04X]", r)
		}
	}
	return b.String()
}

func unseen(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0xfffd
}

// short is text cut to so many letters, and how many were left out.
func short(s string, limit int) (string, int) {
	if len(s) <= limit {
		return s, 0
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i], len([]rune(s[i:]))
		}
		n++
	}
	return s, 0
}

// Readme is the text file that says what a bundle is to whoever opens no page:
// LEEME.txt, or README.txt in English. It is a tag file.
func Readme(p Package, identifier string) File {
	w := wordsOf(p.Lang)
	name := "README.txt"
	if w.lang == "es" {
		name = "LEEME.txt"
	}
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	say("%s", line(in(w.lang, p.Titles)))
	if about := line(in(w.lang, p.Descriptions)); about != "" {
		say("%s", about)
	}
	say("")
	say("%s: %s", w.Say("by"), line(p.Source))
	say("%s: %s", w.Say("made"), w.instant(p.Created))
	say("%s: %s", w.Say("number"), line(identifier))
	if len(p.Missing) > 0 {
		say("\r\n%s\r\n%s", strings.ToUpper(w.Say("missing")), w.Say("missing.about"))
		for _, m := range p.Missing {
			title := in(w.lang, m.Titles)
			if title == "" {
				title = m.Name
			}
			say("- %s: %s", line(title), line(in(w.lang, m.Why)))
		}
	}
	say("\r\n%s", strings.ToUpper(w.Say("how")))
	for _, h := range w.how() {
		say("%s\r\n", h)
	}
	return File{name, []byte(b.String())}
}
