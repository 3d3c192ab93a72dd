package audit_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/audit"
)

// A receipt of any entry of a tree of any size names a span that holds the
// first difference, and nothing when nothing differs; two receipts never name
// more than one.
func TestReceiptsNameWhereTheLogDiffers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) { receiptsName(t, r) })
}

func receiptsName(tb testing.TB, t *rapid.T) {
	m := newMemory(tb)
	n := rapid.IntRange(1, 40).Draw(t, "entries")
	for i := range n {
		m.add("case.noted", fmt.Sprint("case_", i%3), "key_a", map[string]any{"n": fmt.Sprint(i)})
	}
	rows := m.rowList
	receipt := func(label string) audit.Receipt {
		size := int64(rapid.IntRange(1, n).Draw(t, label+" size"))
		index := int64(rapid.IntRange(0, int(size)-1).Draw(t, label+" index"))
		root, err := audit.Root(size, m)
		if err != nil {
			t.Fatal(err)
		}
		path, err := audit.Prove(size, index, m)
		if err != nil {
			t.Fatal(err)
		}
		text, err := audit.Sign(m.signer, size, root)
		if err != nil {
			t.Fatal(err)
		}
		r := audit.Receipt{Code: "HL-1", Entry: rows[index].Entry.ID, Index: index, Size: size, Leaf: audit.LeafHash(rows[index].Entry), Root: root, Path: path, Checkpoint: text}
		raw, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := audit.ParseReceipt(raw, m.verifier)
		if err != nil || again.Size != r.Size || !slices.Equal(again.Path, r.Path) {
			t.Fatalf("read back: %v", err)
		}
		return again
	}
	a, b := receipt("a"), receipt("b")
	ctx := t.Context()
	if got, err := audit.Compare(ctx, m, []audit.Receipt{a, b}, nil); err != nil || len(got) != 0 {
		t.Fatalf("the log as it was: %v, %v", got, err)
	}
	at := rapid.IntRange(0, n-1).Draw(t, "changed")
	m = m.clone() // rewritten by somebody who has the real key
	m.rowList[at].Entry.Actor = "somebody else"
	m.rebuild()
	m.sign()
	for _, one := range []audit.Receipt{a, b} {
		got, err := audit.Compare(ctx, m, []audit.Receipt{one}, nil)
		if err != nil {
			t.Fatal(err)
		}
		named := slices.ContainsFunc(got, func(s audit.Span) bool { return s.From <= int64(at) && int64(at) < s.To })
		if named != (int64(at) < one.Size) || len(got) > 1 {
			t.Fatalf("entry %d changed, receipt of %d in %d names %v", at, one.Index, one.Size, got)
		}
	}
	got, err := audit.Compare(ctx, m, []audit.Receipt{a, b}, nil)
	if err != nil {
		t.Fatal(err)
	}
	alone, _ := audit.Compare(ctx, m, []audit.Receipt{a}, nil)
	within := func(list []audit.Span) (n int64) {
		for _, x := range list {
			n += max(0, min(x.To, a.Size)-x.From)
		}
		return n
	}
	if within(got) > within(alone) { // of the entries that a knows
		t.Fatalf("two receipts name %v, one names %v", got, alone)
	}
	if excused, err := audit.Compare(ctx, m, []audit.Receipt{a, b}, []audit.Span{{From: 0, To: int64(n)}}); err != nil || len(excused) != 0 {
		t.Fatalf("given up by a restore: %v, %v", excused, err)
	}
	cut := m.clone()
	cut.rowList = cut.rowList[:at]
	cut.rebuild()
	cut.sign()
	got, err = audit.Compare(ctx, cut, []audit.Receipt{a}, nil)
	if err != nil || (len(got) > 0) != (int64(at) < a.Size) {
		t.Fatalf("cut after %d, a receipt in %d names %v (%v)", at, a.Size, got, err)
	}
}

func TestALoggedRestoreExcusesWhatItGaveUpAndNothingElse(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	for i := range 10 {
		m.add("case.noted", "case_1", "key_a", map[string]any{"n": fmt.Sprint(i)})
		if i == 5 || i == 9 {
			m.sign()
		}
	}
	old := m.clone()
	old.rowList, old.checkpoints = old.rowList[:6], old.checkpoints[:1]
	old.streams = map[string]int64{"case_1": 6}
	old.rebuild()
	if r := old.verify(t); r.Found != 1 || r.Findings[0].What != audit.ExternalBeyond {
		t.Fatalf("an old backup: %v", r.Findings)
	}
	old.add(audit.Restored, "", "key_house", map[string]any{"from": "6", "to": "10", "reason": "disk"})
	old.sign()
	if r := old.verify(t); !r.OK() || len(r.Restored) != 1 || r.Restored[0].Span != (audit.Span{From: 6, To: 10}) {
		t.Fatalf("after a logged restore: %v, %v", r.Findings, r.Restored)
	}
	old.rowList[2].Entry.Actor = "somebody else"
	old.rebuild()
	old.sign()
	if r := old.verify(t); r.OK() {
		t.Fatal("a restore excuses a rewritten past")
	}
}
