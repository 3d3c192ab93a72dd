package evidence

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/fault"
)

// Witness verifies cosignatures of checkpoints (C2SP tlog-cosignature): somebody
// else saw this log at this size, and signs none that contradicts it.
type Witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// algCosignature is what the key of a witness begins with; that of a log begins
// with 1.
const algCosignature = 4

// NewWitness reads the verifier key of a witness: name+hash+key, of a
// cosignature. Error: fault.Invalid with code evidence.witness (arg key).
func NewWitness(vkey string) (Witness, error) {
	bad := fault.New(fault.Invalid, "evidence.witness", "key", vkey)
	name, rest, _ := strings.Cut(strings.TrimSpace(vkey), "+")
	hash, key, ok := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.Strict().DecodeString(key)
	n, wrong := strconv.ParseUint(hash, 16, 32)
	if !ok || err != nil || wrong != nil || len(hash) != 8 || len(raw) != 1+ed25519.PublicKeySize || raw[0] != algCosignature || name == "" || strings.ContainsAny(name, " \t\n") {
		return Witness{}, bad
	}
	w := Witness{name, uint32(n), raw[1:]}
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	if binary.BigEndian.Uint32(sum[:]) != w.hash {
		return Witness{}, bad
	}
	return w, nil
}

// Name of the witness.
func (w Witness) Name() string { return w.name }

// KeyHash of its key.
func (w Witness) KeyHash() uint32 { return w.hash }

// Verify implements note.Verifier: the signature is the instant in seconds (8
// bytes) and Ed25519 over it and the text.
func (w Witness) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(w.key, cosigned(int64(binary.BigEndian.Uint64(sig)), text), sig[8:])
}

func cosigned(seconds int64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", seconds), text...)
}

// Saw says when the witness cosigned a checkpoint; false: it did not, or what
// bears its name is not its signature. The log's own signature is not judged.
func (w Witness) Saw(checkpoint string) (at time.Time, ok bool) {
	n, err := note.Open([]byte(checkpoint), note.VerifierList(w))
	if err != nil || !fits(checkpoint, w) {
		return at, false
	}
	for _, s := range n.Sigs {
		raw, err := base64.StdEncoding.Strict().DecodeString(s.Base64)
		if err != nil || len(raw) < 12 || s.Name != w.name || s.Hash != w.hash {
			continue
		}
		return time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC(), true
	}
	return at, false
}

// AddCosignature returns the checkpoint with the witness's line beside those that
// it has. signed is the same checkpoint as the witness signed it, or its line
// alone. One that the witness signed already stays as it is. Error: fault.Invalid
// with code evidence.cosignature where it is of another checkpoint, or not signed
// by the witness.
func AddCosignature(checkpoint, signed string, w Witness) (string, error) {
	const op = "evidence.AddCosignature"
	bad := fault.New(fault.Invalid, "evidence.cosignature", "name", w.name)
	body, _, ok := strings.Cut(checkpoint, "\n\n")
	if !ok {
		return "", bad.At(op, nil)
	}
	if strings.HasPrefix(signed, "— ") {
		signed = body + "\n\n" + strings.TrimSuffix(signed, "\n") + "\n"
	}
	if other, _, _ := strings.Cut(signed, "\n\n"); other != body {
		return "", bad.At(op, nil)
	}
	if _, done := w.Saw(checkpoint); done {
		return checkpoint, nil
	}
	n, err := note.Open([]byte(signed), note.VerifierList(w))
	if err != nil {
		return "", bad.At(op, err)
	}
	line := "— " + n.Sigs[0].Name + " " + n.Sigs[0].Base64 + "\n"
	if _, ok := w.Saw(checkpoint + line); !ok {
		return "", bad.At(op, nil)
	}
	return checkpoint + line, nil
}

// witnessed judges what witnesses signed: the checkpoint of the pack or an older
// one, which is proved to be its beginning.
func (j *judgement) witnessed(list []Witness) {
	if len(list) == 0 {
		return
	}
	var growth []Growth
	if decode(j.files[growthName], &growth) != nil {
		return
	}
	growth = append(growth, Growth{Size: j.Manifest.Size, Checkpoint: string(j.files[checkpointName])})
	for _, w := range list {
		seen := false
		for i := len(growth) - 1; i >= 0 && !seen; i-- {
			if at, ok := w.Saw(growth[i].Checkpoint); ok {
				j.say("witness", OK, checkpointName, "name", w.name, "size", growth[i].Size, "at", at.Format(time.RFC3339))
				seen = true
			}
		}
		if !seen {
			j.say("witness.none", Unknown, checkpointName, "name", w.name)
		}
	}
}
