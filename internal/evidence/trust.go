package evidence

import (
	"encoding/base64"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
)

// Anchor is what somebody trusts who judges a pack, and had from elsewhere: the
// key of the log, a receipt or a signed list that they kept, or a checkpoint
// that was published.
type Anchor struct {
	Name string // as whoever trusts it calls it
	key  string // the text of a verifier; else
	note string // a checkpoint, of
	text []byte // a receipt or list
	list bool
}

// NewAnchor reads an anchor. What is signed in it is judged with the key of a
// pack, by Verify. Error: fault.Invalid with code evidence.trust (arg file).
func NewAnchor(name string, src []byte) (Anchor, error) {
	text := strings.TrimSpace(string(src))
	a := Anchor{Name: name}
	var r audit.ReceiptFile
	var l listForm
	switch {
	case keyWell(text):
		a.key = text
		return a, nil
	case decode(src, &r) == nil && wellReceipt(r) && checkpointWell(r.Checkpoint):
		a.text, a.note = src, r.Checkpoint
		return a, nil
	case decode(src, &l) == nil && l.well():
		a.text, a.list = src, true
		return a, nil
	case checkpointWell(string(src)):
		a.note = string(src)
		return a, nil
	}
	return a, fault.New(fault.Invalid, "evidence.trust", "file", name)
}

// keyWell reports whether the text is a verifier in the one form that it has.
func keyWell(text string) bool {
	_, err := note.NewVerifier(text)
	parts := strings.SplitN(text, "+", 3)
	if err != nil || len(parts) < 3 || strings.ToLower(parts[1]) != parts[1] {
		return false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	return err == nil && base64.StdEncoding.EncodeToString(raw) == parts[2]
}

// judgement is a pack being judged.
type judgement struct {
	Report
	files    map[string][]byte
	verifier note.Verifier
	root     tlog.Hash
	entries  []audit.Entry       // headers, as Report.Entries
	at       map[int64]int       // place of an entry in the list, by its index
	grown    map[int64]tlog.Hash // roots of older logs that are proved to be the beginning, by size
}

func (j *judgement) say(check string, result Result, file string, args ...any) {
	j.Lines = append(j.Lines, Line{Check: check, Result: result, File: file, Args: args})
}

// found adds something wrong.
func (j *judgement) found(f *flaw) {
	if len(j.Flaws()) < mostFlaws {
		j.Lines = append(j.Lines, f.Line)
	}
}

// trust compares the key of the pack with what is trusted. Receipts come again
// when the entries were judged.
func (j *judgement) trust(anchors []Anchor) {
	if len(anchors) == 0 {
		j.say("origin", Unknown, keyName, "key", j.Key)
	}
	for _, a := range anchors {
		switch {
		case a.key != "" && a.key == j.Key:
			j.say("key", OK, keyName, "key", j.Key, "from", a.Name)
		case a.key != "":
			j.found(wrong("trust.key", keyName, "key", j.Key, "from", a.Name, "trusted", a.key))
		default:
			j.anchor(a)
		}
	}
}

// anchor judges what was signed long ago: that the key of the pack signed it.
// Ed25519 hashes the key with what is signed, so no other key that somebody
// makes up afterwards fits a signature that was there before.
func (j *judgement) anchor(a Anchor) {
	var receipts []audit.Receipt
	switch {
	case a.list:
		l, err := parseList(a.text, j.verifier)
		if err != nil {
			j.found(wrong("trust.foreign", keyName, "from", a.Name))
			return
		}
		receipts = l.Proofs
	case a.text != nil:
		if _, err := openCheckpoint(a.note, j.verifier); err != nil {
			j.found(wrong("trust.foreign", keyName, "from", a.Name))
			return
		}
		r, err := parseReceipt(a.text, j.verifier)
		if err != nil {
			j.found(wrong("trust.broken", "", "from", a.Name))
			return
		}
		receipts = []audit.Receipt{r}
	default:
		c, err := openCheckpoint(a.note, j.verifier)
		if err != nil {
			j.found(wrong("trust.foreign", keyName, "from", a.Name))
			return
		}
		j.say("signed", OK, keyName, "key", j.Key, "from", a.Name)
		j.continues(a.Name, c.Size, c.Root)
		return
	}
	j.say("signed", OK, keyName, "key", j.Key, "from", a.Name)
	type past struct {
		size int64
		root tlog.Hash
	}
	seen := map[past]bool{}
	for _, r := range receipts {
		if p := (past{r.Size, r.Root}); !seen[p] {
			seen[p] = true
			j.continues(a.Name, r.Size, r.Root)
		}
		if r.Code == j.Manifest.Code {
			j.holds(a.Name, "", r)
		}
	}
}

// continues judges whether the log of the pack begins with one that was signed
// before.
func (j *judgement) continues(from string, size int64, root tlog.Hash) {
	was, proved := j.grown[size]
	switch {
	case size > j.Manifest.Size:
		j.say("trust.younger", Unknown, checkpointName, "from", from, "size", size, "pack", j.Manifest.Size)
	case !proved:
		j.say("trust.ungrown", Unknown, growthName, "from", from, "size", size)
	case was != root:
		j.found(wrong("trust.contradicts", growthName, "from", from, "size", size))
	default:
		j.say("growth", OK, growthName, "from", from, "size", size, "pack", j.Manifest.Size)
	}
}

// holds judges whether an entry that a receipt of this departure vouches for
// stands in the pack where it stood.
func (j *judgement) holds(from, file string, r audit.Receipt) bool {
	i, there := j.at[r.Index]
	switch {
	case !there && r.Index >= j.Manifest.Size:
		return true // younger than the pack, which is said
	case !there:
		j.found(wrong("receipt.omitted", entriesName, "from", from, "entry", r.Entry, "index", r.Index))
	case audit.LeafHash(j.entries[i]) != r.Leaf || j.entries[i].ID != r.Entry:
		j.found(wrong("receipt.differs", entriesName, "from", from, "entry", r.Entry, "index", r.Index).in("/%d", i))
	default:
		if file == "" {
			j.say("receipt.holds", OK, entriesName, "from", from, "index", r.Index, "type", j.entries[i].Type)
		}
		return true
	}
	return false
}
