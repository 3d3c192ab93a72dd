package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/fault"
)

// ListFormat is the first line of what is signed of a list, and the format of
// its file. It is no origin of a log: the text is taken for no checkpoint.
const ListFormat = "hasta-luego/access-list@1"

// List is who did what to the accesses of a departure, signed with the key of
// the log, with the proofs that its entries stand in the log.
type List struct {
	Code   string
	Body   json.RawMessage // compact; what is signed is its hash
	Note   string          // signed
	Proofs []Receipt
}

// listFile is the JSON.
type listFile struct {
	Format string            `json:"format"`
	Code   string            `json:"code"`
	Body   json.RawMessage   `json:"list"`
	Note   string            `json:"note"`
	Proofs []json.RawMessage `json:"proofs"`
}

// listText is what is signed: three lines, the format, whose list it is, and the
// SHA-256 of its body as compact JSON.
func listText(code string, body []byte) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, body); err != nil {
		return "", err
	}
	sum := sha256.Sum256(b.Bytes())
	return ListFormat + "\n" + code + "\n" + hex.EncodeToString(sum[:]) + "\n", nil
}

// SignList returns the signed text of a list.
func SignList(signer note.Signer, code string, body []byte) (string, error) {
	if code == "" || strings.ContainsAny(code, "\r\n") {
		return "", fault.New(fault.Internal, "internal").At("audit.SignList", nil)
	}
	text, err := listText(code, body)
	if err != nil {
		return "", fault.Wrap("audit.SignList", err)
	}
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	return string(msg), fault.Wrap("audit.SignList", err)
}

// JSON writes the list as a file. Its layout may be changed without breaking the
// signature, its values may not.
func (l List) JSON() ([]byte, error) {
	f := listFile{Format: ListFormat, Code: l.Code, Body: l.Body, Note: l.Note, Proofs: []json.RawMessage{}}
	for _, p := range l.Proofs {
		raw, err := p.JSON()
		if err != nil {
			return nil, err
		}
		f.Proofs = append(f.Proofs, raw)
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	return append(raw, '\n'), err
}

// IsList reports whether a file says that it is a list.
func IsList(src []byte) bool {
	var f struct {
		Format string `json:"format"`
	}
	return json.Unmarshal(src, &f) == nil && f.Format == ListFormat
}

// ParseList reads a list and checks that it is one: that one of the verifiers
// signed this body for this code, and that each proof leads from its entry to a
// root that was signed. Errors: fault.Invalid with code audit.receipt where it is no
// list of these keys, and audit.list_changed where it was one and something in it
// is not what was signed.
func ParseList(src []byte, verifiers ...note.Verifier) (List, error) {
	bad := func(err error) (List, error) {
		return List{}, fault.New(fault.Invalid, "audit.receipt").At("audit.ParseList", err)
	}
	var f listFile
	if err := json.Unmarshal(src, &f); err != nil || f.Format != ListFormat {
		return bad(err)
	}
	want, err := listText(f.Code, f.Body)
	if err != nil {
		return bad(err)
	}
	n, err := note.Open([]byte(f.Note), note.VerifierList(verifiers...))
	if err != nil {
		return bad(err)
	}
	changed := func(err error) (List, error) {
		return List{}, fault.New(fault.Invalid, "audit.list_changed").At("audit.ParseList", err)
	}
	if n.Text != want {
		return changed(nil)
	}
	l := List{Code: f.Code, Body: f.Body, Note: f.Note}
	for _, raw := range f.Proofs {
		r, err := ParseReceipt(raw, verifiers...)
		if err != nil {
			return changed(err)
		}
		l.Proofs = append(l.Proofs, r)
	}
	return l, nil
}
