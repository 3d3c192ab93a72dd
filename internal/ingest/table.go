package ingest

import (
	"errors"
	"io"

	"hastaluego/internal/fault"
)

// mostBroken is how many lines that are no CSV are told of at once.
const mostBroken = 20

// ReadTable streams a file of any columns, whose encoding and delimiter it finds out: first
// the names of its columns, then each line with its number in the file. The record is good
// until the next. A file with lines that are no CSV is refused with their places.
func ReadTable(r io.Reader, header func(names []string, delimiter rune) error, row func(line int, record []string) error) error {
	t, err := (&Map{Encoding: "auto"}).open(r)
	if err != nil {
		return err
	}
	if err := header(t.header, t.Comma); err != nil {
		return err
	}
	var wrong fault.List
	for {
		record, broken, err := t.next()
		switch {
		case errors.Is(err, io.EOF):
			return wrong.Or()
		case err != nil:
			return err
		case broken != nil:
			if wrong = append(wrong, brokenLine(broken)); len(wrong) == mostBroken {
				return wrong
			}
			continue
		case blank(record):
			continue
		}
		if len(wrong) == 0 {
			if err := row(t.line, record); err != nil {
				return err
			}
		}
	}
}
