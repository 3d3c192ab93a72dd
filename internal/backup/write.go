package backup

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"hastaluego/internal/fault"
)

// Writer makes a backup. It is there whole, once Commit returned nil, or not at
// all.
type Writer struct {
	Manifest Manifest
	path     string
	file     *os.File
	all      *behind
	zip      *zip.Writer
	open     *TableWriter
}

// Create begins a backup at the path, which must not exist: fault.Conflict
// (backup.exists).
func Create(path string) (*Writer, error) {
	f, err := create(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, file: f, all: &behind{to: f, sum: sha256.New()}}
	w.zip = zip.NewWriter(w.all)
	// Rows of a table are much alike: working harder costs time and saves little.
	w.zip.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, flate.BestSpeed) })
	w.Manifest = Manifest{Format: Format, Tables: []Table{}, Files: []File{}, LeftOut: []string{}}
	return w, nil
}

func create(path string) (*os.File, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, exists(path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unwritable", "file", path).At("backup.Create", err)
	}
	return f, nil
}

func exists(path string) error { return fault.New(fault.Conflict, "backup.exists", "file", path) }

// Discard gives up what was not committed.
func (w *Writer) Discard() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}

// TableWriter takes the rows of one table.
type TableWriter struct {
	w     *Writer
	table Table
	sum   hash.Hash
	to    *bufio.Writer
	row   []byte
}

// Table begins the next table; the one before is over.
func (w *Writer) Table(name string, columns []string) (*TableWriter, error) {
	if err := w.end(); err != nil {
		return nil, err
	}
	m, err := w.zip.Create(rowsMember(name))
	if err != nil {
		return nil, fault.Wrap("backup.Table", err)
	}
	t := &TableWriter{w: w, table: Table{Name: name, Columns: columns}, sum: sha256.New()}
	t.to = bufio.NewWriterSize(io.MultiWriter(m, t.sum), 64<<10)
	w.open = t
	return t, nil
}

// Row adds a row: its values are nil, int64, float64, string or []byte.
func (t *TableWriter) Row(values []any) error {
	row, err := appendRow(t.row[:0], values)
	if err != nil {
		return fault.Wrap("backup.Row "+t.table.Name, err)
	}
	t.row = row
	t.table.Rows++
	_, err = t.to.Write(row)
	return fault.Wrap("backup.Row", err)
}

func (w *Writer) end() error {
	t := w.open
	if w.open = nil; t == nil {
		return nil
	}
	if err := t.to.Flush(); err != nil {
		return fault.Wrap("backup.Table", err)
	}
	t.table.SHA256 = sum(t.sum)
	w.Manifest.Tables = append(w.Manifest.Tables, t.table)
	return nil
}

// File adds a file.
func (w *Writer) File(name string, content io.Reader) error {
	if err := w.end(); err != nil {
		return err
	}
	m, err := w.zip.Create(filesFolder + name)
	if err != nil {
		return fault.Wrap("backup.File", err)
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(m, h), content)
	if err != nil {
		return fault.Wrap("backup.File", err)
	}
	w.Manifest.Files = append(w.Manifest.Files, File{name, n, sum(h)})
	return nil
}

// Commit writes the manifest and the sum and gives the file its name. It
// returns the sum, which is the last thing that the file says.
func (w *Writer) Commit() (string, error) {
	const op = "backup.Commit"
	defer w.Discard()
	if err := w.end(); err != nil {
		return "", err
	}
	m, err := w.zip.Create(manifestName)
	if err != nil {
		return "", fault.Wrap(op, err)
	}
	e := json.NewEncoder(m)
	e.SetIndent("", "  ")
	if err := errors.Join(
		e.Encode(w.Manifest), w.zip.SetComment(sealWords+strings.Repeat("0", 64)), w.zip.Close(),
	); err != nil {
		return "", fault.Wrap(op, err)
	}
	whole := sum(w.all.sum)
	_, err = w.file.WriteAt([]byte(sealWords+whole), w.all.size-int64(sealLength))
	if err = errors.Join(err, w.file.Sync(), w.file.Close()); err != nil {
		return "", fault.Wrap(op, err)
	}
	return whole, fault.Wrap(op, giveName(w.file.Name(), w.path))
}

// giveName gives a whole file its name, unless something has it.
func giveName(temp, path string) error {
	// A link, unlike a rename, never replaces what is there.
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return exists(path)
	} else if err != nil {
		return err
	}
	_ = os.Remove(temp)
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// WriteNew makes another file as a backup is made: its owner's alone, whole or
// not at all, and in the place of nothing.
func WriteNew(path string, fill func(*os.File) error) error {
	const op = "backup.WriteNew"
	f, err := create(path)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := fill(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, giveName(f.Name(), path))
}

// behind hashes what is written but for the last bytes, which will hold the
// sum.
type behind struct {
	to   io.Writer
	sum  hash.Hash
	held []byte
	size int64
}

func (b *behind) Write(p []byte) (int, error) {
	n, err := b.to.Write(p)
	b.size += int64(n)
	b.held = append(b.held, p[:n]...)
	if past := len(b.held) - sealLength; past > 0 {
		b.sum.Write(b.held[:past])
		b.held = append(b.held[:0], b.held[past:]...)
	}
	return n, err
}
