// Package bundle writes what a customer takes along as one ZIP file that holds
// a BagIt bag (RFC 8493) with SHA-256 and SHA-512 manifests, and checks such a
// file. It knows no database and no case: what goes in is given to it.
package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// File is one file of the payload. Name is its path below data/, with slashes.
type File struct {
	Name string
	Body []byte
}

// Table writes rows as CSV (RFC 4180, UTF-8) with a header. A cell that a
// spreadsheet would take for a formula is given as it is: the bundle is for
// programs too.
func Table(name string, header []string, rows [][]string) (File, error) {
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

// Info is what bag-info.txt says.
type Info struct {
	Source     string // organisation
	Identifier string // of the case: HL-7K4M-29QX
	About      string
	Date       time.Time
}

// Write writes the bag below a folder with the name root. The same input makes
// the same bytes.
func Write(out io.Writer, root string, info Info, files []File) error {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	var octets int
	payload := make([]File, len(files))
	for i, f := range files {
		if !safe(f.Name) {
			return fmt.Errorf("bundle: %q is not a path below data/", f.Name)
		}
		if i > 0 && files[i-1].Name == f.Name {
			return fmt.Errorf("bundle: %q stands twice", f.Name)
		}
		octets += len(f.Body)
		payload[i] = File{"data/" + f.Name, f.Body}
	}
	tags := []File{
		{"bagit.txt", []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")},
		{"bag-info.txt", []byte(fmt.Sprintf("Source-Organization: %s\nExternal-Identifier: %s\nExternal-Description: %s\nBagging-Date: %s\nPayload-Oxum: %d.%d\n",
			line(info.Source), line(info.Identifier), line(info.About), info.Date.UTC().Format(time.DateOnly), octets, len(files)))},
		{"manifest-sha256.txt", manifest(payload, sum256)},
		{"manifest-sha512.txt", manifest(payload, sum512)},
	}
	tags = append(tags, File{"tagmanifest-sha256.txt", manifest(tags, sum256)}, File{"tagmanifest-sha512.txt", manifest(tags, sum512)})
	z := zip.NewWriter(out)
	for _, f := range append(tags, payload...) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: root + "/" + f.Name, Method: zip.Deflate, Modified: info.Date.UTC().Truncate(time.Second)})
		if err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
		if _, err := w.Write(f.Body); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

// line is text on one line of a tag file.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

func safe(name string) bool {
	return name != "" && name == path.Clean(name) && !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "..") && !strings.ContainsAny(name, "\r\n\\")
}

func sum256(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
func sum512(b []byte) string { s := sha512.Sum512(b); return hex.EncodeToString(s[:]) }

// manifest lists files with their checksums; RFC 8493 §2.1.3 writes % as %25.
func manifest(files []File, sum func([]byte) string) []byte {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "%s  %s\n", sum(f.Body), strings.ReplaceAll(f.Name, "%", "%25"))
	}
	return []byte(b.String())
}

// ErrBroken says that a bundle is not what its manifests say.
var ErrBroken = errors.New("bundle: broken")

// Limit is the most that Check reads of one file, in bytes.
const Limit = 1 << 30

// Check opens a bundle and compares every file with every manifest: nothing
// missing, nothing added, nothing changed. It returns how many payload files
// there are; what is wrong is an ErrBroken that names the file.
func Check(r io.ReaderAt, size int64) (int, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	bodies := map[string][]byte{}
	for _, f := range z.File {
		_, name, ok := strings.Cut(f.Name, "/")
		if _, twice := bodies[name]; !ok || twice {
			return 0, fmt.Errorf("%w: %s", ErrBroken, f.Name)
		}
		in, err := f.Open()
		if err != nil {
			return 0, fmt.Errorf("%w: %s: %w", ErrBroken, f.Name, err)
		}
		body, err := io.ReadAll(io.LimitReader(in, Limit))
		if e := in.Close(); err == nil {
			err = e
		}
		if err != nil {
			return 0, fmt.Errorf("%w: %s: %w", ErrBroken, f.Name, err)
		}
		bodies[name] = body
	}
	payload := 0
	for name := range bodies {
		if strings.HasPrefix(name, "data/") {
			payload++
		}
	}
	for _, m := range []struct {
		name string
		sum  func([]byte) string
	}{{"manifest-sha256.txt", sum256}, {"manifest-sha512.txt", sum512}, {"tagmanifest-sha256.txt", sum256}, {"tagmanifest-sha512.txt", sum512}} {
		n, err := compare(m.name, bodies, m.sum)
		if err != nil {
			return 0, err
		}
		if !strings.HasPrefix(m.name, "tag") && n != payload {
			return 0, fmt.Errorf("%w: %s lists %d of %d files", ErrBroken, m.name, n, payload)
		}
	}
	return payload, nil
}

// compare checks the files that one manifest lists and returns how many.
func compare(name string, bodies map[string][]byte, sum func([]byte) string) (int, error) {
	text, ok := bodies[name]
	if !ok {
		return 0, fmt.Errorf("%w: %s is missing", ErrBroken, name)
	}
	n := 0
	for l := range strings.Lines(string(text)) {
		want, file, ok := strings.Cut(strings.TrimSuffix(l, "\n"), "  ")
		file = strings.ReplaceAll(file, "%25", "%")
		body, there := bodies[file]
		if !ok || !there || sum(body) != want {
			return 0, fmt.Errorf("%w: %s", ErrBroken, file)
		}
		n++
	}
	return n, nil
}
