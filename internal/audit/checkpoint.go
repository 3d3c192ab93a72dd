package audit

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/fault"
)

// originPrefix begins the origin line of every log of this program.
const originPrefix = "hasta-luego/"

// Origin returns the first line of the checkpoints of a log, which is also the
// name of its signing key.
func Origin(logID string) string { return originPrefix + logID }

// Checkpoint is what a signed note says: at Size entries the tree had Root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// Text returns the three lines that are signed.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// Sign returns the signed checkpoint of a tree, in C2SP tlog-checkpoint form.
// The origin is the signer's name. There is no time in it: the same tree gives
// the same bytes, so signing twice after a crash does no harm.
func Sign(signer note.Signer, size int64, root tlog.Hash) (string, error) {
	if size < 0 || !strings.HasPrefix(signer.Name(), originPrefix) {
		return "", fault.New(fault.Internal, "audit.checkpoint_unfit", "origin", signer.Name(), "size", strconv.FormatInt(size, 10)).At("audit.Sign", nil)
	}
	c := Checkpoint{Origin: signer.Name(), Size: size, Root: root}
	msg, err := note.Sign(&note.Note{Text: c.Text()}, signer)
	if err != nil {
		return "", fault.Wrap("audit.Sign", err)
	}
	return string(msg), nil
}

// OpenCheckpoint checks the signature and returns what was signed. One of the
// verifiers must have signed, and its name must be the origin; signatures of
// others (witnesses) are allowed and not judged. Further lines of the text are
// allowed and ignored. Errors: fault.Invalid with code
// audit.checkpoint_malformed or audit.checkpoint_signature.
func OpenCheckpoint(text string, verifiers ...note.Verifier) (Checkpoint, error) {
	n, err := note.Open([]byte(text), note.VerifierList(verifiers...))
	if err != nil {
		code := "audit.checkpoint_malformed"
		var wrong *note.InvalidSignatureError
		var unknown *note.UnverifiedNoteError
		if errors.As(err, &wrong) || errors.As(err, &unknown) {
			code = "audit.checkpoint_signature"
		}
		return Checkpoint{}, fault.New(fault.Invalid, code).At("audit.OpenCheckpoint", err)
	}
	malformed := fault.New(fault.Invalid, "audit.checkpoint_malformed").At("audit.OpenCheckpoint", nil)
	c, ok := parseCheckpoint(n.Text)
	if !ok {
		return Checkpoint{}, malformed
	}
	signed := false
	for _, s := range n.Sigs {
		// Decoding is lenient about the last bits; one text has one form here.
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return Checkpoint{}, malformed
		}
		signed = signed || s.Name == c.Origin
	}
	if !signed {
		return Checkpoint{}, fault.New(fault.Invalid, "audit.checkpoint_signature").At("audit.OpenCheckpoint", nil)
	}
	return c, nil
}

func parseCheckpoint(text string) (Checkpoint, bool) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || !strings.HasPrefix(lines[0], originPrefix) {
		return Checkpoint{}, false
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, false
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, false
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}, true
}
