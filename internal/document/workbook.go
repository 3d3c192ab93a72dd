package document

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"hastaluego/internal/when"
)

// Book is a workbook: sheets of tables, already worded.
type Book struct {
	Title, Creator string
	Lang           string
	Sheets         []Sheet
}

// Sheet is one sheet: lines that explain it, then tables below each other.
type Sheet struct {
	Name   string
	Notes  []string
	Tables []Grid
}

// Grid is a table. Groups stand above the columns that they name; Frozen keeps
// so many columns and the header in sight, and filters by every column: for the
// only table of a sheet.
type Grid struct {
	Title   string
	Groups  []Group
	Columns []Column
	Rows    [][]Cell
	Total   []Cell // the last row; may be nil
	Frozen  int
}

// Group names N columns.
type Group struct {
	Name string
	N    int
}

// Column is a column with its width in characters.
type Column struct {
	Title string
	Width float64
}

// Cell is a text, or a day, or a number written with a point; decimals are kept
// as they are written.
type Cell struct {
	Text   string
	Day    when.Date
	Number string
}

// workbook styles.
type bookStyles struct{ title, note, group, head, text, day, whole, number, total, totalNumber int }

// Workbook writes the book as XLSX. Text is text whatever it begins with: no
// cell is a formula.
func Workbook(b Book) (raw []byte, err error) {
	f := excelize.NewFile()
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	styles, err := newBookStyles(f)
	if err != nil {
		return nil, err
	}
	if err := f.SetDocProps(&excelize.DocProperties{Title: b.Title, Creator: b.Creator, Language: b.Lang}); err != nil {
		return nil, err
	}
	for i, s := range b.Sheets {
		name := sheetName(s.Name)
		if i == 0 {
			err = f.SetSheetName("Sheet1", name)
		} else {
			_, err = f.NewSheet(name)
		}
		if err != nil {
			return nil, err
		}
		w := sheetWriter{f: f, sheet: name, styles: styles}
		if err := w.write(s); err != nil {
			return nil, err
		}
	}
	buf, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// sheetName is what may stand on the tab of a sheet.
func sheetName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return ' '
		}
		return r
	}, s)
	for utf8.RuneCountInString(s) > excelize.MaxSheetNameLength {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

func newBookStyles(f *excelize.File) (s bookStyles, err error) {
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	line := []excelize.Border{{Type: "bottom", Color: "D9D4CB", Style: 1}}
	bold := &excelize.Font{Bold: true}
	day, whole, decimal := "yyyy-mm-dd", "#,##0", "#,##0.00##"
	for _, d := range []struct {
		into  *int
		style excelize.Style
	}{
		{&s.title, excelize.Style{Font: &excelize.Font{Bold: true, Size: 13}}},
		{&s.note, excelize.Style{Font: &excelize.Font{Color: "5A5F66"}}},
		{&s.group, excelize.Style{Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"0A5A68"}}}},
		{&s.head, excelize.Style{Font: bold, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F3EFE8"}}, Border: line, Alignment: top}},
		{&s.text, excelize.Style{Alignment: top, Border: line}},
		{&s.day, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}, Border: line, CustomNumFmt: &day}},
		{&s.whole, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}, Border: line, CustomNumFmt: &whole}},
		{&s.number, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}, Border: line, CustomNumFmt: &decimal}},
		{&s.total, excelize.Style{Font: bold, Alignment: top}},
		{&s.totalNumber, excelize.Style{Font: bold, CustomNumFmt: &decimal}},
	} {
		if *d.into, err = f.NewStyle(&d.style); err != nil {
			return s, err
		}
	}
	return s, nil
}

// sheetWriter writes one sheet from the top.
type sheetWriter struct {
	f      *excelize.File
	sheet  string
	styles bookStyles
	row    int
}

func (w *sheetWriter) write(s Sheet) error {
	for _, n := range s.Notes {
		w.row++
		if err := w.put(1, Cell{Text: n}, w.styles.note); err != nil {
			return err
		}
	}
	for _, t := range s.Tables {
		if w.row > 0 {
			w.row++ // a line between
		}
		if err := w.table(t); err != nil {
			return err
		}
	}
	return nil
}

func (w *sheetWriter) table(t Grid) error {
	if t.Title != "" {
		w.row++
		if err := w.put(1, Cell{Text: t.Title}, w.styles.title); err != nil {
			return err
		}
	}
	if err := w.groups(t.Groups); err != nil {
		return err
	}
	w.row++
	head := w.row
	for i, c := range t.Columns {
		if err := w.put(i+1, Cell{Text: c.Title}, w.styles.head); err != nil {
			return err
		}
		if name, err := excelize.ColumnNumberToName(i + 1); err != nil {
			return err
		} else if err := w.f.SetColWidth(w.sheet, name, name, c.Width); err != nil {
			return err
		}
	}
	for _, cells := range t.Rows {
		w.row++
		for i, c := range cells {
			if err := w.put(i+1, c, w.style(c)); err != nil {
				return err
			}
		}
	}
	last := w.row
	if t.Total != nil {
		w.row++
		for i, c := range t.Total {
			style := w.styles.total
			if c.Number != "" {
				style = w.styles.totalNumber
			}
			if err := w.put(i+1, c, style); err != nil {
				return err
			}
		}
	}
	if t.Frozen == 0 {
		return nil
	}
	corner, err := excelize.CoordinatesToCellName(t.Frozen+1, head+1)
	if err != nil {
		return err
	}
	if err := w.f.SetPanes(w.sheet, &excelize.Panes{Freeze: true, XSplit: t.Frozen, YSplit: head, TopLeftCell: corner, ActivePane: "bottomRight"}); err != nil {
		return err
	}
	from, err := excelize.CoordinatesToCellName(1, head)
	if err != nil {
		return err
	}
	to, err := excelize.CoordinatesToCellName(len(t.Columns), max(last, head+1))
	if err != nil {
		return err
	}
	return w.f.AutoFilter(w.sheet, from+":"+to, nil)
}

// groups writes the names above the columns.
func (w *sheetWriter) groups(list []Group) error {
	if len(list) == 0 {
		return nil
	}
	w.row++
	at := 1
	for _, g := range list {
		for i := range g.N {
			c := Cell{}
			if i == 0 {
				c.Text = g.Name
			}
			if err := w.put(at+i, c, w.styles.group); err != nil {
				return err
			}
		}
		at += g.N
	}
	return nil
}

func (w *sheetWriter) style(c Cell) int {
	switch {
	case !c.Day.IsZero():
		return w.styles.day
	case strings.Contains(c.Number, "."):
		return w.styles.number
	case c.Number != "":
		return w.styles.whole
	default:
		return w.styles.text
	}
}

func (w *sheetWriter) put(column int, c Cell, style int) error {
	at, err := excelize.CoordinatesToCellName(column, w.row)
	if err != nil {
		return err
	}
	switch {
	case !c.Day.IsZero():
		err = w.f.SetCellValue(w.sheet, at, time.Date(c.Day.Year, c.Day.Month, c.Day.Day, 0, 0, 0, 0, time.UTC))
	case c.Number != "":
		if _, e := strconv.ParseFloat(c.Number, 64); e != nil {
			return e
		}
		err = w.f.SetCellDefault(w.sheet, at, c.Number) // as it is written, without a float in between
	case c.Text != "":
		err = w.f.SetCellStr(w.sheet, at, lines(c.Text))
	}
	if err != nil {
		return err
	}
	return w.f.SetCellStyle(w.sheet, at, at, style)
}

// lines makes text of several lines safe to stand in a cell.
func lines(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = clean(parts[i])
	}
	return strings.Join(parts, "\n")
}
