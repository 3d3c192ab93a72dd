// Package bundle is the form of what a customer takes along: a ZIP file that
// holds a BagIt bag (RFC 8493) with SHA-256 and SHA-512 manifests, which holds a
// Frictionless data package and a page to browse it offline. It also checks such
// files. It knows no database and no case, and opens nothing: what goes in is
// given to it.
//
// A bundle is never made as one file. Each file of it is packed in segments
// (Packer), which are kept elsewhere; the ZIP is laid out by their sizes
// (Archive), so that any range of it can be read, and a bundle of any size be
// made in little memory and gone on with after a crash.
package bundle

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
)

// Sheet writes rows as CSV (RFC 4180, UTF-8) with a header. A cell that a
// spreadsheet would take for a formula is given as it is: the bundle is for
// programs too.
func Sheet(name string, header []string, rows [][]string) (File, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(header); err != nil {
		return File{}, err
	}
	if err := w.WriteAll(rows); err != nil {
		return File{}, err
	}
	return File{name, b.Bytes()}, nil
}

// Write writes a small bag of files held in memory, below a folder with the name
// root. The same input makes the same bytes.
func Write(out io.Writer, root string, info Info, files []File) error {
	var (
		bodies          [][]byte
		payload, packed []Packed
	)
	for _, f := range slices.SortedFunc(slices.Values(files), func(a, b File) int { return cmp.Compare(a.Name, b.Name) }) {
		body, p, err := packWhole("data/"+f.Name, f.Body)
		if err != nil {
			return err
		}
		payload, bodies = append(payload, p), append(bodies, body)
	}
	tags, err := Tags(info, payload)
	if err != nil {
		return err
	}
	packed = append(packed, payload...)
	for _, t := range tags {
		body, p, err := packWhole(t.Name, t.Body)
		if err != nil {
			return err
		}
		packed, bodies = append(packed, p), append(bodies, body)
	}
	a, err := NewArchive(root, info.Date, packed, func(file, _ int) ([]byte, error) { return bodies[file], nil })
	if err != nil {
		return err
	}
	if _, err := a.WriteTo(out); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

// packWhole packs a file in one segment.
func packWhole(name string, body []byte) ([]byte, Packed, error) {
	p := NewPacker(name)
	if _, err := p.Write(body); err != nil {
		return nil, Packed{}, err
	}
	return p.Close()
}
