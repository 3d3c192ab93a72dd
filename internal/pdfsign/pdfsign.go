// Package pdfsign signs the PDFs that the house prints, so that any reader that
// checks signatures shows who made them and that not a byte was changed since:
// an invisible signature field in an incremental update (ISO 32000-1 §12.8) that
// holds a detached CMS with the signing certificate bound in (PAdES baseline B-B,
// ETSI EN 319 142-1).
//
// It reads no PDF of others: only the form that our own writer gives them, with a
// table of references and every object on its own. It knows neither where the key
// is kept nor whether anybody trusts it. The same paper, key and instant give the
// same bytes where the key signs deterministically.
package pdfsign

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/fault"
)

// Identity is who signs: a key with its certificate.
type Identity struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
}

// Signature is what a signature says beside the certificate.
type Signature struct {
	Name   string // of whoever signs
	Reason string
	At     time.Time
}

// room is how many bytes the signature may take; what it does not is filled up.
const room = 4096

// Sign appends a signature that covers the whole of the paper but itself. It
// fails only with fault.Internal: a paper of another form, or a key that does not
// sign.
func Sign(paper []byte, who Identity, s Signature) ([]byte, error) {
	const op = "pdfsign.Sign"
	f, err := read(paper)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	out, err := f.update(s)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := fill(out, who); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return out, nil
}

// file is a PDF as far as signing it needs.
type file struct {
	body        []byte
	start       int // of its table of references
	offsets     map[int]int
	size        int // one above the highest object
	root, first int // the catalog, and the first page
	info        string
}

var (
	startAt   = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF\s*$`)
	rootOf    = regexp.MustCompile(`/Root (\d+) 0 R`)
	infoOf    = regexp.MustCompile(`/Info \d+ 0 R`)
	pagesOf   = regexp.MustCompile(`/Pages (\d+) 0 R`)
	firstKid  = regexp.MustCompile(`/Kids \[\s*(\d+) 0 R`)
	annotsOf  = regexp.MustCompile(`/Annots \[`)
	acroForms = []byte("/AcroForm")
)

func read(body []byte) (f file, err error) {
	f.body = body
	m := startAt.FindSubmatch(body)
	if m == nil {
		return f, fmt.Errorf("no end of a PDF")
	}
	if f.start, err = strconv.Atoi(string(m[1])); err != nil || f.start >= len(body) {
		return f, fmt.Errorf("no table of references at %s", m[1])
	}
	table, trailer, found := strings.Cut(string(body[f.start:]), "trailer")
	if !found {
		return f, fmt.Errorf("no trailer")
	}
	if f.offsets, f.size, err = references(table); err != nil {
		return f, err
	}
	f.info = infoOf.FindString(trailer)
	if f.root, err = number(rootOf, trailer); err != nil {
		return f, err
	}
	catalog, err := f.object(f.root)
	if err != nil {
		return f, err
	}
	if bytes.Contains(catalog, acroForms) {
		return f, fmt.Errorf("a form is in it, or a signature already")
	}
	pages, err := number(pagesOf, string(catalog))
	if err != nil {
		return f, err
	}
	tree, err := f.object(pages)
	if err != nil {
		return f, err
	}
	f.first, err = number(firstKid, string(tree))
	return f, err
}

func number(r *regexp.Regexp, in string) (int, error) {
	m := r.FindStringSubmatch(in)
	if m == nil {
		return 0, fmt.Errorf("no %s", r)
	}
	return strconv.Atoi(m[1])
}

// references reads a table with one section that begins at object 0.
func references(table string) (map[int]int, int, error) {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if len(lines) < 3 || strings.TrimSpace(lines[0]) != "xref" {
		return nil, 0, fmt.Errorf("no table of references")
	}
	var from, n int
	if _, err := fmt.Sscanf(lines[1], "%d %d", &from, &n); err != nil || from != 0 || n != len(lines)-2 {
		return nil, 0, fmt.Errorf("a table of references of another form: %q", lines[1])
	}
	at := map[int]int{}
	for i, l := range lines[2:] {
		var offset, generation int
		var kind string
		if _, err := fmt.Sscanf(l, "%d %d %s", &offset, &generation, &kind); err != nil {
			return nil, 0, fmt.Errorf("reference %d: %w", i, err)
		}
		if kind == "n" {
			at[i] = offset
		}
	}
	return at, n, nil
}

// object is the dictionary of an object, without the words around it.
func (f file) object(n int) ([]byte, error) {
	at, ok := f.offsets[n]
	if !ok || at >= len(f.body) {
		return nil, fmt.Errorf("no object %d", n)
	}
	rest, found := bytes.CutPrefix(f.body[at:], fmt.Appendf(nil, "%d 0 obj", n))
	if !found {
		return nil, fmt.Errorf("no object %d at %d", n, at)
	}
	dict, _, found := bytes.Cut(rest, []byte("endobj"))
	if dict = bytes.TrimSpace(dict); !found || !bytes.HasPrefix(dict, []byte("<<")) || !bytes.HasSuffix(dict, []byte(">>")) {
		return nil, fmt.Errorf("object %d is no dictionary", n)
	}
	return dict, nil
}

// with is a dictionary with one thing more.
func with(dict []byte, more string) string {
	return string(bytes.TrimSpace(bytes.TrimSuffix(dict, []byte(">>")))) + "\n" + more + "\n>>"
}

// byteRange is as wide as four numbers may become.
const byteRange = "/ByteRange [0 %010d %010d %010d]"

var (
	noRange  = []byte(fmt.Sprintf(byteRange, 0, 0, 0))
	contents = []byte("/Contents <" + strings.Repeat("0", 2*room) + ">")
)

// update appends the field, with room where the signature will stand.
func (f file) update(s Signature) ([]byte, error) {
	catalog, err := f.object(f.root)
	if err != nil {
		return nil, err
	}
	page, err := f.object(f.first)
	if err != nil {
		return nil, err
	}
	field, value := f.size, f.size+1
	at := s.At.UTC()
	ref := strconv.Itoa(field) + " 0 R"
	first := with(page, "/Annots ["+ref+"]")
	if annotsOf.Match(page) {
		first = string(annotsOf.ReplaceAll(page, []byte("/Annots ["+ref+" ")))
	}
	objects := []struct {
		n    int
		dict string
	}{
		{f.root, with(catalog, "/AcroForm <</Fields ["+ref+"] /SigFlags 3>>")},
		{f.first, first},
		{field, fmt.Sprintf("<</Type /Annot /Subtype /Widget /FT /Sig /T (signature) /F 132 /Rect [0 0 0 0] /P %d 0 R /V %d 0 R>>", f.first, value)},
		{value, "<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached\n" + string(noRange) + "\n" + string(contents) +
			"\n/M (D:" + at.Format("20060102150405") + "Z)\n/Name " + phrase(s.Name) + "\n/Reason " + phrase(s.Reason) + ">>"},
	}
	out := bytes.NewBuffer(append(bytes.Clone(f.body), '\n'))
	var table strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&table, "%d 1\n%010d 00000 n \n", o.n, out.Len())
		fmt.Fprintf(out, "%d 0 obj\n%s\nendobj\n", o.n, o.dict)
	}
	start := out.Len()
	fmt.Fprintf(out, "xref\n%strailer\n<</Size %d /Root %d 0 R %s /Prev %d>>\nstartxref\n%d\n%%%%EOF\n", table.String(), f.size+2, f.root, f.info, f.start, start)
	return out.Bytes(), nil
}

// phrase is a text of a PDF in UTF-16, as any reader shows it.
func phrase(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&b, "%04X%04X", 0xd800+r>>10, 0xdc00+r&0x3ff)
			continue
		}
		fmt.Fprintf(&b, "%04X", r)
	}
	return b.String() + ">"
}

// fill says what the signature covers, and puts it where there is room for it.
func fill(out []byte, who Identity) error {
	at := bytes.LastIndex(out, contents)
	from := at + len("/Contents ")
	to := at + len(contents)
	ranged := bytes.LastIndex(out[:at], noRange)
	copy(out[ranged:], fmt.Sprintf(byteRange, from, to, len(out)-to))
	h := sha256.New()
	h.Write(out[:from])
	h.Write(out[to:])
	sig, err := detached(h.Sum(nil), who)
	if err != nil {
		return err
	}
	if len(sig) > room {
		return fmt.Errorf("a signature of %d bytes", len(sig))
	}
	hex.Encode(out[from+1:], sig)
	return nil
}
