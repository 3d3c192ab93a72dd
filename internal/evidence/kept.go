package evidence

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/audit"
)

// listForm is a list as it is published: audit reads lists, and takes more than
// that.
type listForm struct {
	Format string              `json:"format"`
	Code   string              `json:"code"`
	List   json.RawMessage     `json:"list"`
	Note   string              `json:"note"`
	Proofs []audit.ReceiptFile `json:"proofs"`
}

// wellReceipt reports whether the values can be those of a receipt.
func wellReceipt(f audit.ReceiptFile) bool {
	_, ok := hashes(append([]string{f.Leaf, f.Root}, f.Path...))
	return ok && f.Format == audit.ReceiptFormat && oneLine(f.Code) && f.Index >= 0 && f.Size >= 1
}

func (f listForm) well() bool {
	return f.Format == audit.ListFormat && oneLine(f.Code) && !slices.ContainsFunc(f.Proofs, func(r audit.ReceiptFile) bool { return !wellReceipt(r) })
}

// oneLine reports whether a text is a line, without controls.
func oneLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
}

var errForm = errors.New("it has not the form that is published")

// parseReceipt reads a receipt and checks that it is one, signed with the key.
func parseReceipt(src []byte, v note.Verifier) (audit.Receipt, error) {
	var f audit.ReceiptFile
	if decode(src, &f) != nil || !wellReceipt(f) || !fits(f.Checkpoint, v) {
		return audit.Receipt{}, errForm
	}
	return audit.ParseReceipt(src, v)
}

// parseList reads a signed list and checks that it is one, with all its proofs.
func parseList(src []byte, v note.Verifier) (audit.List, error) {
	var f listForm
	if decode(src, &f) != nil || !f.well() || !fits(f.Note, v) || slices.ContainsFunc(f.Proofs, func(r audit.ReceiptFile) bool { return !fits(r.Checkpoint, v) }) {
		return audit.List{}, errForm
	}
	return audit.ParseList(src, v)
}

// openCheckpoint opens a checkpoint that the key signed, in each line that bears
// its name.
func openCheckpoint(text string, v note.Verifier) (audit.Checkpoint, error) {
	if !fits(text, v) {
		return audit.Checkpoint{}, errForm
	}
	return audit.OpenCheckpoint(text, v)
}

// fits reports whether each line of a signed note that has name and hash of the
// key is its signature, in the one form that base64 has. note.Open looks at the
// first of them only.
func fits(signed string, v note.Verifier) bool {
	cut := strings.LastIndex(signed, "\n\n")
	if cut < 0 {
		return false
	}
	for line := range strings.Lines(signed[cut+2:]) {
		name, sig, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "— "), " ")
		raw, err := base64.StdEncoding.DecodeString(sig)
		if err != nil || len(raw) < 5 {
			return false
		}
		if name != v.Name() || binary.BigEndian.Uint32(raw) != v.KeyHash() {
			continue
		}
		if base64.StdEncoding.EncodeToString(raw) != sig || !v.Verify([]byte(signed[:cut+1]), raw[4:]) {
			return false
		}
	}
	return true
}

// checkpointWell reports whether a text has the form of a signed checkpoint, by
// whomever.
func checkpointWell(text string) bool {
	_, err := note.Open([]byte(text), note.VerifierList())
	unknown := (*note.UnverifiedNoteError)(nil)
	if !errors.As(err, &unknown) {
		return false
	}
	lines := strings.SplitN(unknown.Note.Text, "\n", 4)
	if len(lines) < 4 || lines[0] == "" || lines[1] == "" || strings.Trim(lines[1], "0123456789") != "" {
		return false
	}
	_, ok := hash(lines[2])
	return ok
}
