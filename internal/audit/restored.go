package audit

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Restored is the type of the entry that says that a backup was restored: the
// entries from "from" up to "to" of what was signed until then were given up,
// and "heads" are the signed ends of the branches that they lie on. The numbers
// are texts.
const Restored = "log.restored"

// Restoring is what a log says of one restore.
type Restoring struct {
	Span
	// Heads are the ends of what was given up, as they were signed: a backup of
	// it, or a receipt, is still held against them.
	Heads []SignedHead `json:",omitempty"`
}

// SignedHead is a tree that was signed once, by its size and root.
type SignedHead struct {
	Size int64
	Root tlog.Hash
}

// String is the form in which the log keeps it.
func (h SignedHead) String() string { return strconv.FormatInt(h.Size, 10) + " " + h.Root.String() }

func parseHead(s string) (h SignedHead, err error) {
	size, root, ok := strings.Cut(s, " ")
	if !ok {
		return h, fmt.Errorf("no head of a tree: %q", s)
	}
	if h.Size, err = strconv.ParseInt(size, 10, 64); err != nil {
		return h, err
	}
	h.Root, err = tlog.ParseHash(root)
	return h, err
}

// restored notes what an entry says was given up. It can only speak of what
// came before it.
func (v *verification) restored(r *Row, body []byte) {
	var said struct {
		From  int64    `json:"from,string"`
		To    int64    `json:"to,string"`
		Heads []string `json:"heads"`
	}
	if json.Unmarshal(body, &said) != nil || said.From < 0 || said.To < said.From || said.From > r.Index {
		return
	}
	x := Restoring{Span: Span{said.From, said.To}}
	for _, text := range said.Heads {
		if h, err := parseHead(text); err == nil {
			x.Heads = append(x.Heads, h)
		}
	}
	v.r.Restored = append(v.r.Restored, x)
}

// Spans are the entries that logged restores gave up.
func (r Report) Spans() []Span {
	out := make([]Span, len(r.Restored))
	for i, x := range r.Restored {
		out[i] = x.Span
	}
	return out
}

// Whole reports whether one of the checkpoints kept outside has signed the log to its
// last entry, and nothing is wrong with it but that others of them tell of another
// end: then it is the log of this house as it was, older or on another branch. A log
// that somebody rewrote has no such end.
func (r Report) Whole() bool {
	for _, f := range r.Findings {
		if f.What != ExternalWrong && f.What != ExternalBeyond && f.What != PendingOld { // what waits changes nothing of it
			return false
		}
	}
	return r.Outside == r.Entries && r.Found == int64(len(r.Findings))
}

// GivenUp is what a log gives up that goes on from where it is now: what the
// checkpoints kept outside, oldest first, say was there, and it has not, or has
// differently, and no restore named yet. The report is of Verify with the same
// checkpoints. What is given up begins where the branches parted, as exactly as those
// checkpoints can tell: at the newest one before, in the order in which they were
// kept, that the log still has. One that was kept twice is where a branch began, and
// what is before it is what was before it the first time.
func GivenUp(external []string, verifiers []note.Verifier, rep Report) Restoring {
	g := Restoring{Span: Span{rep.Entries, rep.Entries}}
	named := map[SignedHead]bool{}
	for _, r := range rep.Restored {
		for _, h := range r.Heads {
			named[h] = true
		}
	}
	elsewhere := make(map[int64]Finding, len(rep.Elsewhere))
	for _, f := range rep.Elsewhere {
		elsewhere[f.Place] = f
	}
	first := map[SignedHead]int64{} // of each, the newest before it that the log has
	had := int64(math.MaxInt64)
	var run Restoring // the branch that is being followed; To is the size of its end
	end := func() {
		if run.To > 0 && !named[run.Heads[0]] {
			named[run.Heads[0]] = true
			g.Heads, g.From = append(g.Heads, run.Heads[0]), min(g.From, run.From)
		}
		run = Restoring{Span: Span{From: math.MaxInt64}}
	}
	end() // none yet
	for place, text := range external {
		c, err := OpenCheckpoint(text, verifiers...)
		if err != nil {
			continue
		}
		g.To = max(g.To, c.Size)
		f, other := elsewhere[int64(place)]
		if !other {
			end()
			had = c.Size
			continue
		}
		head := SignedHead{c.Size, c.Root}
		if c.Size <= run.To {
			end()
		}
		if before, again := first[head]; again {
			had = before
		} else {
			first[head] = had
		}
		run.From, run.To, run.Heads = min(run.From, f.From), c.Size, []SignedHead{head}
		if had < c.Size {
			run.From = min(run.From, had)
		}
	}
	end()
	return g
}
