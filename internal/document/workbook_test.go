package document_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"hastaluego/internal/document"
	"hastaluego/internal/when"
)

func bookOf(cells ...document.Cell) document.Book {
	columns := make([]document.Column, len(cells))
	for i := range columns {
		columns[i] = document.Column{Title: "=HYPERLINK(\"x\")", Width: 12}
	}
	return document.Book{Title: "Bajas", Creator: "Faro", Lang: "es", Sheets: []document.Sheet{
		{Name: "Bajas", Notes: []string{"@nota"}, Tables: []document.Grid{{Columns: columns, Rows: [][]document.Cell{cells}, Frozen: 1}}},
		{Name: "Resumen [por] motivo: y segmento, con un nombre larguísimo", Tables: []document.Grid{{Title: "-tabla", Columns: columns, Rows: [][]document.Cell{cells}, Total: cells}}},
	}}
}

func open(t require, raw []byte) *excelize.File {
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return f
}

type require interface {
	Fatalf(format string, args ...any)
}

// wellFormed reads every part of the file as XML.
func wellFormed(t require, raw []byte) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			t.Fatalf("%s: %v", part.Name, err)
		}
		for d := xml.NewDecoder(r); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", part.Name, err)
			}
		}
		_ = r.Close()
	}
}

// Whatever people wrote, every text of a workbook is text: nothing that a
// spreadsheet would compute, and a file that opens.
func TestNoTextOfAWorkbookIsAFormula(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.SampledFrom([]string{"=", "+", "-", "@", "\t=", "'=", "", "<b>", "\u202e"}).Draw(t, "begins") + rapid.StringN(0, 60, 400).Draw(t, "goes on")
		raw, err := document.Workbook(bookOf(document.Cell{Text: "x"}, document.Cell{Text: said}))
		if err != nil {
			t.Fatalf("%v", err)
		}
		wellFormed(t, raw)
		f := open(t, raw)
		for _, sheet := range f.GetSheetList() {
			rows, err := f.GetRows(sheet)
			if err != nil {
				t.Fatalf("%v", err)
			}
			for r, row := range rows {
				for c := range row {
					at, _ := excelize.CoordinatesToCellName(c+1, r+1)
					if formula, err := f.GetCellFormula(sheet, at); err != nil || formula != "" {
						t.Fatalf("%s of %s computes %q (%v)", at, sheet, formula, err)
					}
					if kind, err := f.GetCellType(sheet, at); err != nil || row[c] != "" && kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString {
						t.Fatalf("%s of %s, %q, is no text: %v %v", at, sheet, row[c], kind, err)
					}
				}
			}
		}
		_ = f.Close()
	})
}

func TestDaysAndSumsAreCellsThatCompute(t *testing.T) {
	t.Parallel()
	raw, err := document.Workbook(bookOf(document.Cell{Text: "HL-1"}, document.Cell{Day: when.Date{Year: 2026, Month: 11, Day: 30}}, document.Cell{Number: "1152.10"}, document.Cell{Number: "-3"}))
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, raw)
	f := open(t, raw)
	defer f.Close()
	if list := f.GetSheetList(); len(list) != 2 || strings.ContainsAny(list[1], "[]:") || len([]rune(list[1])) > 31 {
		t.Errorf("sheets: %q", list)
	}
	for at, want := range map[string]string{"B4": "46356", "C4": "1152.10", "D4": "-3"} {
		kind, err := f.GetCellType("Bajas", at)
		got, _ := f.GetCellValue("Bajas", at, excelize.Options{RawCellValue: true})
		if err != nil || got != want || kind == excelize.CellTypeSharedString {
			t.Errorf("%s is %q (%v), want %q", at, got, kind, want)
		}
	}
	if got, _ := f.GetCellValue("Bajas", "B4"); got != "2026-11-30" {
		t.Errorf("the day reads %q", got)
	}
}
