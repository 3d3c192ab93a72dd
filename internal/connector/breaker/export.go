package breaker

import (
	"context"
	"io"

	"hastaluego/internal/connector"
)

type exporter struct {
	connector.Exporter
	b *breaker
}

// sink remembers what whoever takes the rows said: it says nothing of the system.
type sink struct {
	to  connector.TableSink
	err error
}

func (s *sink) Columns(columns []connector.Column) error {
	s.err = s.to.Columns(columns)
	return s.err
}

func (s *sink) Row(r connector.Row) error {
	s.err = s.to.Row(r)
	return s.err
}

func (w exporter) ReadRows(ctx context.Context, collection, owner, after string, to connector.TableSink) error {
	s := &sink{to: to}
	_, err := through(w.b, func() (struct{}, error) {
		err := w.Exporter.ReadRows(ctx, collection, owner, after, s)
		if s.err != nil {
			err = nil // it gave what it has
		}
		return struct{}{}, err
	})
	if s.err != nil {
		return s.err
	}
	return err
}

func (w exporter) ListFiles(ctx context.Context, collection, owner, after string, file func(connector.HeldFile) error) error {
	var theirs error
	_, err := through(w.b, func() (struct{}, error) {
		err := w.Exporter.ListFiles(ctx, collection, owner, after, func(f connector.HeldFile) error {
			theirs = file(f)
			return theirs
		})
		if theirs != nil {
			err = nil // as above
		}
		return struct{}{}, err
	})
	if theirs != nil {
		return theirs
	}
	return err
}

// OpenFile learns whether the file could be opened; a line that breaks while it is
// read is found by whoever opens it again.
func (w exporter) OpenFile(ctx context.Context, collection, owner string, f connector.HeldFile, offset int64) (io.ReadCloser, error) {
	return through(w.b, func() (io.ReadCloser, error) { return w.Exporter.OpenFile(ctx, collection, owner, f, offset) })
}
