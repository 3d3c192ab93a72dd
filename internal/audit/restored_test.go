package audit_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"hastaluego/internal/audit"
)

// branching is a house whose log is backed up and comes back in any order. The
// file of checkpoints outside is one, and only ever grows.
type branching struct {
	now     *memory
	copies  []*memory
	outside []string
	tips    []*memory // as each branch was when it was given up
}

func (b *branching) add(t *rapid.T) {
	b.now.add("case.noted", "case_1", "key_a", map[string]any{"n": fmt.Sprint(rapid.IntRange(0, 1<<30).Draw(t, "n"))})
}

// sign signs in the database and outside.
func (b *branching) sign() {
	b.now.external = nil
	b.now.sign()
	b.outside = append(b.outside, b.now.external...)
	b.now.external = b.outside
}

func (b *branching) copied() *memory {
	c := b.now.clone()
	c.streams = maps.Clone(b.now.streams)
	return c
}

// common is how many entries two logs begin with alike.
func common(a, b *memory) (n int64) {
	for i := range min(len(a.rowList), len(b.rowList)) {
		if a.rowList[i].Entry.ID != b.rowList[i].Entry.ID {
			break
		}
		n++
	}
	return n
}

// restore does what hasta restore does.
func (b *branching) restore(t *rapid.T, from *memory) {
	left := b.copied()
	b.tips = append(b.tips, left)
	b.now = from.clone()
	b.now.streams = maps.Clone(from.streams)
	b.now.external = b.outside
	rep := b.now.verify(t)
	if !rep.Whole() {
		t.Fatalf("not taken for the log of this house: %v", rep.Findings)
	}
	gone := audit.GivenUp(b.outside, []note.Verifier{b.now.verifier}, rep)
	if left.head.Size > common(left, b.now) && gone.From > common(left, b.now) {
		t.Fatalf("given up from %d, parted at %d", gone.From, common(left, b.now))
	}
	var heads []any
	for _, h := range gone.Heads {
		heads = append(heads, h.String())
	}
	if left.head.Size > common(left, b.now) && !slices.Contains(gone.Heads, audit.SignedHead{Size: left.head.Size, Root: left.head.Root}) {
		t.Fatalf("the end of what is left is not named: %v", gone.Heads)
	}
	b.outside = append(b.outside, b.now.checkpoints[len(b.now.checkpoints)-1])
	b.now.add(audit.Restored, "", "key_house", map[string]any{"from": fmt.Sprint(gone.From), "to": fmt.Sprint(max(gone.From, gone.To)), "heads": heads, "reason": "x"})
	b.sign()
}

// Whatever comes back, of whichever branch: the log goes on and verifies, it names
// where the branches parted and how each ended, and a past that somebody rewrote is
// no branch.
func TestAnyBackupOfAnyBranchComesBack(t *testing.T) {
	t.Parallel()
	base := newMemory(t)
	rapid.Check(t, func(t *rapid.T) {
		b := &branching{now: base.clone()}
		b.now.streams = map[string]int64{}
		b.add(t)
		b.sign()
		b.copies = append(b.copies, b.copied())
		for range rapid.IntRange(3, 12).Draw(t, "acts") {
			switch rapid.IntRange(0, 3).Draw(t, "act") {
			case 0, 1:
				for range rapid.IntRange(1, 4).Draw(t, "entries") {
					b.add(t)
					if rapid.Bool().Draw(t, "signed") {
						b.sign()
					}
				}
				b.sign()
			case 2:
				b.copies = append(b.copies, b.copied())
			default:
				b.restore(t, b.copies[rapid.IntRange(0, len(b.copies)-1).Draw(t, "which")])
			}
			if r := b.now.verify(t); !r.OK() {
				t.Fatalf("%v", r.Findings)
			}
		}
		forged := b.copied()
		forged.rowList[0].Entry.Actor = "somebody else"
		forged.checkpoints = nil
		forged.rebuild()
		if r := forged.verify(t); r.OK() || r.Whole() {
			t.Fatalf("a past that was rewritten is taken for a branch: %v", r.Findings)
		}
	})
}

// A backup of the branch that was given up comes back although the other branch was
// signed at the very sizes at which it had been.
func TestBranchesThatWereSignedAtTheSameSizes(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	add := func(m *memory, n int) {
		for i := range n {
			m.add("case.noted", "", "key_a", map[string]any{"n": fmt.Sprint(i)})
			m.sign()
		}
	}
	add(m, 3)
	early := m.clone()
	add(m, 4)
	late := m.clone()
	early.external = slices.Clone(m.external)
	add(early, 4)
	late.external = early.external
	r := late.verify(t)
	if !r.Whole() || len(r.Findings) != 4 || r.Findings[0].From != 3 || r.Findings[0].To != 4 {
		t.Fatalf("%+v", r.Findings)
	}
	gone := audit.GivenUp(late.external, []note.Verifier{late.verifier}, r)
	want := audit.SignedHead{Size: 7, Root: early.head.Root}
	if gone.From > 3 || gone.To != 7 || !slices.Equal(gone.Heads, []audit.SignedHead{want}) {
		t.Fatalf("%+v", gone)
	}
}
