package audit_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
)

// draw makes a log of some cases with some checkpoints; the last one signs all.
func draw(t *rapid.T, base *memory) *memory {
	m := base.clone()
	m.streams = make(map[string]int64)
	n := rapid.IntRange(2, 40).Draw(t, "entries")
	for i := range n {
		stream := rapid.SampledFrom([]string{"", "req_a", "case_a", "case_b"}).Draw(t, "stream")
		m.add("step.done", stream, "key_"+stream, map[string]any{"step": "close_billing", "n": i})
		if i == n-1 || rapid.IntRange(0, 4).Draw(t, "sign") == 0 {
			m.sign()
		}
	}
	return m
}

func what(r audit.Report) []audit.What {
	var out []audit.What
	for _, f := range r.Findings {
		out = append(out, f.What)
	}
	return out
}

func TestAnUntouchedLogVerifies(t *testing.T) {
	t.Parallel()
	base := newMemory(t)
	rapid.Check(t, func(t *rapid.T) {
		m := draw(t, base)
		r := m.verify(t)
		if !r.OK() || r.Entries != m.head.Size || r.Signed != r.Entries || r.Opened != r.Entries || r.External != int64(len(m.external)) {
			t.Fatalf("%+v", r)
		}
	})
}

func TestAnEmptyLogVerifies(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.sign()
	if r := m.verify(t); !r.OK() || r.Checkpoints != 1 {
		t.Fatalf("%+v", r)
	}
}

func flip(t *rapid.T, s string) string {
	b := []byte(s)
	b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
	return string(b)
}

func flipIn(t *rapid.T, b []byte) {
	b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
}

func other(t *rapid.T, n int64) int64 {
	return n + rapid.Int64Range(1, 1<<40).Draw(t, "more")*int64(rapid.SampledFrom([]int{-1, 1}).Draw(t, "sign of it"))
}

// columns change one byte, or the number, of one column of one row.
var columns = map[string]func(t *rapid.T, m *memory, r *audit.Row){
	"id":         func(t *rapid.T, _ *memory, r *audit.Row) { r.Entry.ID = flip(t, r.Entry.ID) },
	"type":       func(t *rapid.T, _ *memory, r *audit.Row) { r.Entry.Type = flip(t, r.Entry.Type) },
	"actor":      func(t *rapid.T, _ *memory, r *audit.Row) { r.Entry.Actor = flip(t, r.Entry.Actor) },
	"case":       func(t *rapid.T, _ *memory, r *audit.Row) { r.Entry.Case = flip(t, r.Entry.Case+"x") },
	"key":        func(t *rapid.T, _ *memory, r *audit.Row) { r.Entry.KeyID = flip(t, r.Entry.KeyID) },
	"commitment": func(t *rapid.T, _ *memory, r *audit.Row) { flipIn(t, r.Entry.Commitment[:]) },
	"sealed":     func(t *rapid.T, _ *memory, r *audit.Row) { flipIn(t, r.Sealed) },
	"no body":    func(_ *rapid.T, _ *memory, r *audit.Row) { r.Sealed = nil },
	"leaf hash":  func(t *rapid.T, _ *memory, r *audit.Row) { flipIn(t, r.StoredLeafHash[:]) },
	"case n":     func(t *rapid.T, _ *memory, r *audit.Row) { r.Entry.CaseN = other(t, r.Entry.CaseN) },
	"index":      func(t *rapid.T, _ *memory, r *audit.Row) { r.Index = other(t, r.Index) },
	"time": func(t *rapid.T, _ *memory, r *audit.Row) {
		r.Entry.At = r.Entry.At.Add(time.Duration(other(t, 0)) * time.Microsecond)
	},
	"tree hash": func(t *rapid.T, m *memory, _ *audit.Row) {
		flipIn(t, m.hashList[rapid.IntRange(0, len(m.hashList)-1).Draw(t, "place")].Hash[:])
	},
	"tree place": func(t *rapid.T, m *memory, _ *audit.Row) {
		h := &m.hashList[rapid.IntRange(0, len(m.hashList)-1).Draw(t, "place")]
		h.Place = other(t, h.Place)
	},
	"head size": func(t *rapid.T, m *memory, _ *audit.Row) { m.head.Size = other(t, m.head.Size) },
	"head root": func(t *rapid.T, m *memory, _ *audit.Row) { flipIn(t, m.head.Root[:]) },
	"checkpoint": func(t *rapid.T, m *memory, _ *audit.Row) {
		c := &m.checkpoints[rapid.IntRange(0, len(m.checkpoints)-1).Draw(t, "checkpoint")]
		*c = flip(t, *c)
	},
	"external": func(t *rapid.T, m *memory, _ *audit.Row) {
		c := &m.external[rapid.IntRange(0, len(m.external)-1).Draw(t, "checkpoint")]
		*c = flip(t, *c)
	},
}

func TestNoChangeOfAnyColumnIsMissed(t *testing.T) {
	t.Parallel()
	base := newMemory(t)
	for name, change := range columns {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				m := draw(t, base)
				change(t, m, &m.rowList[rapid.IntRange(0, len(m.rowList)-1).Draw(t, "row")])
				m.byIndex()
				if m.verify(t).OK() {
					t.Fatal("not found")
				}
			})
		})
	}
}

// edits change the rows; some of them rebuild everything that needs no key.
var edits = map[string]func(t *rapid.T, m *memory, i, j int){
	"drop a row": func(_ *rapid.T, m *memory, i, _ int) { m.rowList = slices.Delete(m.rowList, i, i+1) },
	"drop a row and close the gap": func(_ *rapid.T, m *memory, i, _ int) {
		m.rowList = slices.Delete(m.rowList, i, i+1)
		for k := i; k < len(m.rowList); k++ {
			m.rowList[k].Index--
		}
	},
	"drop a row and rebuild": func(_ *rapid.T, m *memory, i, _ int) {
		m.rowList = slices.Delete(m.rowList, i, i+1)
		m.rebuild()
	},
	"swap two rows": func(_ *rapid.T, m *memory, i, j int) {
		m.rowList[i].Index, m.rowList[j].Index = m.rowList[j].Index, m.rowList[i].Index
		m.byIndex()
	},
	"swap two rows and rebuild": func(_ *rapid.T, m *memory, i, j int) {
		m.rowList[i], m.rowList[j] = m.rowList[j], m.rowList[i]
		m.rebuild()
	},
	"swap two bodies": func(_ *rapid.T, m *memory, i, j int) {
		m.rowList[i].Sealed, m.rowList[j].Sealed = m.rowList[j].Sealed, m.rowList[i].Sealed
	},
	"duplicate a row": func(_ *rapid.T, m *memory, i, _ int) {
		m.rowList = slices.Insert(m.rowList, i, m.rowList[i])
		m.tally.Leaves++
		m.tally.Entries++
	},
	"duplicate a row at the end": func(_ *rapid.T, m *memory, i, _ int) {
		m.rowList = append(m.rowList, m.rowList[i])
		m.rebuild()
	},
	"insert a row": func(_ *rapid.T, m *memory, i, _ int) {
		extra := m.clone()
		extra.add("step.verified", "", "key_", nil)
		m.rowList = slices.Insert(m.rowList, i, extra.rowList[len(extra.rowList)-1])
		m.rebuild()
	},
	"insert a row at the end": func(_ *rapid.T, m *memory, _, _ int) {
		m.add("step.verified", "", "key_", nil)
		m.head.Root, _ = audit.Root(m.head.Size, m)
	},
	"cut the end": func(_ *rapid.T, m *memory, i, _ int) { m.rowList = m.rowList[:i] },
	"cut the end and rebuild, with its checkpoints": func(_ *rapid.T, m *memory, i, _ int) {
		m.rowList = m.rowList[:i]
		m.rebuild()
		m.checkpoints = slices.DeleteFunc(m.checkpoints, func(c string) bool {
			o, err := audit.OpenCheckpoint(c, m.verifier)
			return err != nil || o.Size > int64(i)
		})
	},
	"move an entry to another case and rebuild": func(_ *rapid.T, m *memory, i, _ int) {
		m.rowList[i].Entry.Case = "case_other"
		m.rowList[i].Entry.CaseN = 1
		m.rebuild()
	},
	"rewrite everything and sign with another key": func(_ *rapid.T, m *memory, i, _ int) {
		m.rowList[i].Entry.Type = "step.skipped"
		m.rebuild()
		forged := m.clone()
		forged.signer = newMemory(panicker{}).signer
		forged.checkpoints = nil
		forged.sign()
		m.checkpoints = forged.checkpoints
	},
	"hide an entry that waits": func(_ *rapid.T, m *memory, _, _ int) { m.tally.Entries++ },
}

// panicker stands for a test where none is at hand.
type panicker struct{ testing.TB }

func (panicker) Helper()           {}
func (panicker) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func TestDroppedSwappedDoubledInsertedAndMovedRowsAreFound(t *testing.T) {
	t.Parallel()
	base := newMemory(t)
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				m := draw(t, base)
				i := rapid.IntRange(0, len(m.rowList)-1).Draw(t, "row")
				j := (i + rapid.IntRange(1, len(m.rowList)-1).Draw(t, "apart")) % len(m.rowList)
				edit(t, m, i, j)
				if m.verify(t).OK() {
					t.Fatal("not found")
				}
			})
		})
	}
}

func TestOneChangeIsReportedWhereItIs(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	for i := range 50 {
		m.add("step.done", "case_a", "key_a", map[string]any{"n": i})
		if i%10 == 9 {
			m.sign()
		}
	}
	changed := m.clone()
	changed.rowList[17].Entry.Actor = "usr_other"
	if r, want := changed.verify(t), []audit.What{audit.HeaderChanged, audit.LeafNotInTree}; !slices.Equal(what(r), want) || r.Findings[0].Index != 17 {
		t.Errorf("%+v", r.Findings)
	}
	rewritten := m.clone()
	rewritten.rowList[17].Entry.Actor = "usr_other"
	rewritten.rebuild()
	r := rewritten.verify(t)
	for _, f := range r.Findings {
		if f.From != 10 || f.To < 20 {
			t.Errorf("the first difference is said to be in [%d,%d)", f.From, f.To)
		}
	}
	if r.Found != 9 { // four checkpoints, in the database and outside, and the tail that they no longer cover
		t.Errorf("%+v", r.Findings)
	}
	if got, want := r.Findings[0].String(), "external_wrong from=10 to=20 place=1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	gap := m.clone()
	gap.rowList = slices.Delete(gap.rowList, 17, 20)
	r = gap.verify(t)
	if f := r.Findings[0]; f.What != audit.RowMissing || f.From != 17 || f.To != 20 {
		t.Errorf("%+v", r.Findings)
	}
	if slices.Contains(what(r), audit.CheckpointWrong) {
		t.Error("the tree still has the leaves, so the checkpoints hold")
	}
}

func TestADestroyedKeyIsFineOnlyIfTheLogSaysSo(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.add("case.opened", "case_a", "key_a", nil)
	m.add("case.opened", "case_b", "key_b", nil)
	m.sign()

	silent := m.clone()
	silent.keys.gone["key_a"] = true
	if r := silent.verify(t); !slices.Equal(what(r), []audit.What{audit.BodyUnreadable}) || r.Findings[0].KeyID != "key_a" {
		t.Errorf("%+v", r.Findings)
	}

	logged := m.clone()
	logged.add(audit.KeyDestroyed, "", "key_house", map[string]any{"key": "key_a", "class": "account", "reason": "erasure"})
	logged.sign()
	if r := logged.verify(t); !slices.Equal(what(r), []audit.What{audit.KeySurvives}) {
		t.Errorf("a key that was to be destroyed and was not: %+v", r.Findings)
	}
	logged.keys.gone["key_a"] = true
	if r := logged.verify(t); !r.OK() || r.Erased != 1 || r.Opened != 2 {
		t.Errorf("%+v", r)
	}
	logged.keys.gone["key_b"] = true
	if r := logged.verify(t); !slices.Equal(what(r), []audit.What{audit.BodyUnreadable}) || r.Findings[0].KeyID != "key_b" {
		t.Errorf("the entry excuses its own key only: %+v", r.Findings)
	}
}

func TestASequencerThatStandsStillIsFound(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.add("case.opened", "case_a", "key_a", nil)
	m.sign()
	m.tally.Entries++
	m.tally.Pending, m.tally.Oldest = 1, start.Add(55*time.Second)
	if r := m.verify(t); !r.OK() || r.Pending != 1 {
		t.Errorf("five seconds are no alarm: %+v", r)
	}
	m.tally.Oldest = start
	if r := m.verify(t); !slices.Equal(what(r), []audit.What{audit.PendingOld}) {
		t.Errorf("%+v", r.Findings)
	}
}

func TestATailThatIsAboutToBeSignedIsNoAlarm(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.add("case.opened", "case_a", "key_a", nil)
	m.head.Root, _ = audit.Root(1, m)
	m.head.At = start.Add(59 * time.Second)
	if r := m.verify(t); !r.OK() || r.Signed != 0 {
		t.Errorf("%+v", r)
	}
}

func TestWithoutAVerifierNothingIsVerified(t *testing.T) {
	t.Parallel()
	_, err := audit.Verify(context.Background(), newMemory(t), audit.Options{})
	if fault.CodeOf(err) != "audit.no_verifier" {
		t.Fatal(err)
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, bodies := range []bool{true, false} {
		b.Run(fmt.Sprintf("bodies=%v", bodies), func(b *testing.B) {
			const n = 100_000
			m := newMemory(b)
			for i := range n {
				stream := fmt.Sprintf("case_%d", i/40)
				m.add("step.done", stream, "key_"+stream, map[string]any{"step": "close_billing", "by": "engine", "why": "the subscription was ended at the far system and read back"})
				if i%100 == 99 {
					m.sign()
				}
			}
			o := audit.Options{Verifiers: []note.Verifier{m.verifier}, External: m.external, Now: start.Add(time.Second), Grace: time.Minute}
			if bodies {
				o.Opener = m.keys
			}
			b.ReportAllocs()
			for b.Loop() {
				r, err := audit.Verify(b.Context(), m, o)
				if err != nil || !r.OK() {
					b.Fatal(err, r)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
