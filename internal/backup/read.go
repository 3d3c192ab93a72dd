package backup

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"hastaluego/internal/fault"
)

// Reader is an open backup, every byte of which is as it was written.
type Reader struct {
	Manifest Manifest
	Sum      string // of the whole
	file     *os.File
	zip      *zip.Reader
}

// Open reads the whole file and compares every sum before anything of it is
// used. Errors: fault.Invalid with code backup.none (no backup), backup.cut
// (its end is missing), backup.format (of a newer program), or a fault.List
// of backup.damaged, one for each member that was changed.
func Open(path string) (*Reader, error) {
	const op = "backup.Open"
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", path).At(op, err)
	}
	r := &Reader{file: f}
	if err := r.check(path); err != nil {
		_ = f.Close()
		return nil, err
	}
	return r, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

func (r *Reader) check(path string) error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, 4)
	if n, _ := r.file.ReadAt(head, 0); n < len(head) || !bytes.Equal(head[:2], []byte("PK")) {
		return fault.New(fault.Invalid, "backup.none", "file", path)
	}
	end := make([]byte, sealLength)
	if _, err := r.file.ReadAt(end, max(0, info.Size()-int64(sealLength))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	said, whole := strings.CutPrefix(string(end), sealWords)
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r.file, 0, max(0, info.Size()-int64(sealLength)))); err != nil {
		return err
	}
	r.Sum = sum(h)
	same := whole && said == r.Sum
	r.zip, err = zip.NewReader(r.file, info.Size())
	if err != nil && !whole {
		return fault.New(fault.Invalid, "backup.cut", "file", path)
	}
	damaged := func(member string) *fault.Error {
		return fault.New(fault.Invalid, "backup.damaged", "file", path, "member", member)
	}
	if err != nil {
		return fault.List{damaged("index")}
	}
	raw, err := r.read(manifestName)
	if err == nil {
		err = json.Unmarshal(raw, &r.Manifest)
	}
	if err != nil {
		return fault.List{damaged(manifestName)}
	}
	if r.Manifest.Format > Format {
		return fault.New(fault.Invalid, "backup.format", "file", path, "program", r.Manifest.Program)
	}
	var found fault.List
	for _, m := range r.Manifest.members() {
		if got, err := r.sumOf(m.name); err != nil || got != m.sum {
			found = append(found, damaged(m.name))
		}
	}
	if len(found) == 0 && !same { // between the members, or the sum itself
		found = append(found, damaged("index"))
	}
	return found.Or()
}

type member struct{ name, sum string }

func (m Manifest) members() (list []member) {
	for _, t := range m.Tables {
		list = append(list, member{rowsMember(t.Name), t.SHA256})
	}
	for _, f := range m.Files {
		list = append(list, member{filesFolder + f.Name, f.SHA256})
	}
	return list
}

func (r *Reader) read(name string) ([]byte, error) {
	f, err := r.zip.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (r *Reader) sumOf(name string) (string, error) {
	f, err := r.zip.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return sum(h), err
}

// File returns the content of a file; nil if the backup has none of that name.
func (r *Reader) File(name string) ([]byte, error) {
	for _, f := range r.Manifest.Files {
		if f.Name == name {
			b, err := r.read(filesFolder + name)
			return b, fault.Wrap("backup.File", err)
		}
	}
	return nil, nil
}

// Rows returns the rows of a table one by one: nil and io.EOF after the last.
func (r *Reader) Rows(t Table) (next func() ([]any, error), close func(), err error) {
	f, err := r.zip.Open(rowsMember(t.Name))
	if err != nil {
		return nil, nil, fault.Wrap("backup.Rows", err)
	}
	lines := bufio.NewReaderSize(f, 64<<10)
	next = func() ([]any, error) {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil, io.EOF
		}
		if err != nil {
			return nil, fault.Wrap("backup.Rows "+t.Name, err)
		}
		row, err := parseRow(line)
		return row, fault.Wrap("backup.Rows "+t.Name, err)
	}
	return next, func() { _ = f.Close() }, nil
}
