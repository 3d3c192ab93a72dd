package audit_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
)

func TestACheckpointSaysWhatWasSigned(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	root := tlog.RecordHash([]byte("x"))
	text, err := audit.Sign(m.signer, 42, root)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "hasta-luego/test\n42\n"+root.String()+"\n\n— hasta-luego/test ") {
		t.Error(text)
	}
	if again, _ := audit.Sign(m.signer, 42, root); again != text {
		t.Error("the same tree gives the same bytes")
	}
	c, err := audit.OpenCheckpoint(text, m.verifier)
	if err != nil || c != (audit.Checkpoint{Origin: "hasta-luego/test", Size: 42, Root: root}) {
		t.Error(c, err)
	}
}

func TestACheckpointOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	m, thief := newMemory(t), newMemory(t)
	text, _ := audit.Sign(thief.signer, 42, tlog.Hash{})
	if _, err := audit.OpenCheckpoint(text, m.verifier); fault.CodeOf(err) != "audit.checkpoint_signature" {
		t.Error(err)
	}
	if _, err := audit.OpenCheckpoint(text, m.verifier, thief.verifier); err != nil {
		t.Error("a second key of the same log is welcome", err)
	}
	for _, text := range []string{"", "hasta-luego/test\n1\n", "\n\n— x y\n"} {
		if _, err := audit.OpenCheckpoint(text, m.verifier); fault.CodeOf(err) != "audit.checkpoint_malformed" {
			t.Error(err)
		}
	}
}

func TestOnlyTheLogItselfMaySignItsOrigin(t *testing.T) {
	t.Parallel()
	skey, vkey, _ := note.GenerateKey(rand.Reader, "witness.example/1")
	signer, _ := note.NewSigner(skey)
	verifier, _ := note.NewVerifier(vkey)
	if _, err := audit.Sign(signer, 1, tlog.Hash{}); fault.CodeOf(err) != "audit.checkpoint_unfit" {
		t.Error(err)
	}
	c := audit.Checkpoint{Origin: audit.Origin("test"), Size: 1}
	text, _ := note.Sign(&note.Note{Text: c.Text()}, signer)
	if _, err := audit.OpenCheckpoint(string(text), verifier); fault.CodeOf(err) != "audit.checkpoint_signature" {
		t.Error(err)
	}
	m := newMemory(t)
	for _, bad := range []string{"hasta-luego/test\n01\n" + c.Root.String() + "\n", "hasta-luego/test\n-1\n" + c.Root.String() + "\n", "hasta-luego/test\n1\nAAAA\n", "other\n1\n" + c.Root.String() + "\n", "hasta-luego/test\n"} {
		text, _ := note.Sign(&note.Note{Text: bad}, m.signer)
		if _, err := audit.OpenCheckpoint(string(text), m.verifier); fault.CodeOf(err) != "audit.checkpoint_malformed" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	ours, _ := note.Sign(&note.Note{Text: c.Text()}, m.signer, signer)
	if _, err := audit.OpenCheckpoint(string(ours), m.verifier); err != nil {
		t.Error("a witness may sign too", err)
	}
}

func TestAProofLeadsFromAnEntryToTheRootAndFromNoOther(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	roots := []tlog.Hash{m.head.Root}
	for range 40 {
		m.add("step.done", "case_a", "key_a", nil)
		m.sign()
		roots = append(roots, m.head.Root)
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 40).Draw(t, "size")
		n := rapid.Int64Range(0, size-1).Draw(t, "n")
		wrong := rapid.Int64Range(0, size-1).Draw(t, "wrong")
		path, err := audit.Prove(size, n, m)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int64{n, wrong} {
			err := audit.CheckInclusion(path, size, roots[size], n, audit.LeafHash(m.rowList[i].Entry))
			if (err == nil) != (i == n) || err != nil && fault.CodeOf(err) != "audit.proof_wrong" {
				t.Fatal(i, err)
			}
		}
		old := rapid.Int64Range(1, size).Draw(t, "old")
		growth, err := audit.ProveGrowth(size, old, m)
		if err != nil {
			t.Fatal(err)
		}
		if err := audit.CheckGrowth(growth, size, roots[size], old, roots[old]); err != nil {
			t.Fatal(err)
		}
		if err := audit.CheckGrowth(growth, size, roots[size], old, roots[old-1]); fault.CodeOf(err) != "audit.proof_wrong" {
			t.Fatal(err)
		}
	})
}
