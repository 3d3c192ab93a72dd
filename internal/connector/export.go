package connector

import (
	"context"
	"io"
	"time"
)

// Collection is one thing that a system keeps of its customers, as it is
// declared: a table, or files.
type Collection struct {
	Name    string            // as it is called in a bundle: "invoices"
	Titles  map[string]string // for people, by language; may be empty
	Table   bool              // rows; otherwise files
	Resumes bool              // of a table: rows can be read on from behind a key
	Others  []string          // columns with personal data of third parties
	Files   []FileRule        // of files: which of them are not a consumer's to have; the first that matches
}

// Column is one of a table, as the system told it with the rows.
type Column struct {
	Name   string
	Type   ColumnType
	Titles map[string]string // for people, by language; may be empty
}

// ColumnType is a type of Frictionless Table Schema.
type ColumnType string

// The types that columns have. What a system calls otherwise is text.
const (
	Text     ColumnType = "string"
	Integer  ColumnType = "integer"
	Number   ColumnType = "number"
	Boolean  ColumnType = "boolean" // true, false
	Day      ColumnType = "date"    // 2026-11-28
	Instant  ColumnType = "datetime"
	AnyValue ColumnType = "any" // JSON
)

// Row is one row of a table: a cell for each column, nil where the system has
// nothing. Numbers are as the system wrote them, with every digit.
type Row struct {
	Key   string // of the row in its table; rows come in the order of it where the collection resumes
	Cells []*string
}

// TableSink takes a table as it is read. Columns is called once, before the first row
// and also when there is none.
type TableSink interface {
	Columns(columns []Column) error
	Row(r Row) error
}

// HeldFile is a file that a system keeps of a customer.
type HeldFile struct {
	Name       string // path below what is the customer's there, with slashes
	Size       int64
	Version    string // changes when the content does
	ModifiedAt time.Time
	Skipped    string // code of why it cannot be taken along: export.symlink, export.not_a_file; empty: it can
}

// Exporter is a system that gives away what it holds of a customer. It changes
// nothing there. The owner is the name by which the systems of the company know
// the customer. What cannot be read whole is an error, never a shorter answer:
// Transient (try again, or code connector.not_all where it changed while it was
// read) or Invalid (connector.no_key, connector.refused, connector.too_large).
type Exporter interface {
	Info() Info
	Collections() []Collection // in the order of the declaration
	// ReadRows gives every row of a table that is the owner's, those behind
	// a key where one is given. It holds a page of rows at most.
	ReadRows(ctx context.Context, collection, owner, after string, to TableSink) error
	// ListFiles gives every file that is the owner's, in the order of their names,
	// those behind a name where one is given.
	ListFiles(ctx context.Context, collection, owner, after string, file func(HeldFile) error) error
	// OpenFile reads a file from an offset. A file that is no longer what was listed
	// is Transient with code connector.not_all.
	OpenFile(ctx context.Context, collection, owner string, f HeldFile, offset int64) (io.ReadCloser, error)
}
