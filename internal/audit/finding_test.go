package audit_test

import (
	"slices"
	"testing"

	"hastaluego/internal/audit"
)

// Each harm is done by somebody who may sign, seal or both, so that nothing
// but the one finding gives it away.
func TestEachHarmHasItsName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm func(m *memory)
		want audit.What
	}{
		"a signed stream that begins with its second entry": {func(m *memory) {
			m.streams["case_b"] = 1
			m.add("case.opened", "case_b", "key_a", nil)
			m.sign()
		}, audit.CaseOrder},
		"a signed stream that counts backwards": {func(m *memory) {
			m.streams["case_a"] = 1
			m.add("case.opened", "case_a", "key_a", nil)
			m.sign()
		}, audit.CaseOrder},
		"a number without a stream": {func(m *memory) {
			m.add("clock.moved", "", "key_a", nil)
			m.rowList[len(m.rowList)-1].Entry.CaseN = 1
			m.rebuild()
			m.checkpoints, m.external = nil, nil
			m.head.At = start
			m.sign()
		}, audit.CaseOrder},
		"another body, sealed with the right key": {func(m *memory) {
			r := &m.rowList[1]
			r.Sealed = m.keys.seal(r.Entry.KeyID, audit.Plain(audit.NewSalt(), []byte(`{"n":"1"}`)), audit.AAD(r.Entry.ID))
		}, audit.BodyWrong},
		"less than a salt, sealed with the right key": {func(m *memory) {
			r := &m.rowList[1]
			r.Sealed = m.keys.seal(r.Entry.KeyID, []byte("short"), audit.AAD(r.Entry.ID))
		}, audit.BodyWrong},
		"the last hash of the tree is gone": {func(m *memory) {
			m.hashList = m.hashList[:len(m.hashList)-1]
		}, audit.TreeHashMissing},
		"a hash in the middle of the tree is gone": {func(m *memory) {
			m.hashList = slices.Delete(m.hashList, 2, 3)
		}, audit.TreeHashMissing},
		"a hash that no tree has": {func(m *memory) {
			m.hashList = append(m.hashList, audit.StoredHash{Place: 1 << 40})
		}, audit.TreeHashExtra},
		"a hash before the tree": {func(m *memory) {
			m.hashList = slices.Insert(m.hashList, 0, audit.StoredHash{Place: -1})
		}, audit.TreeHashExtra},
		"an entry that says nothing excuses nothing": {func(m *memory) {
			m.add(audit.KeyDestroyed, "", "key_house", nil)
			m.sign()
			m.keys.gone["key_a"] = true
		}, audit.BodyUnreadable},
		"an entry that is shredded itself excuses nothing": {func(m *memory) {
			m.add(audit.KeyDestroyed, "", "key_a", map[string]any{"key": "key_a"})
			m.sign()
			m.keys.gone["key_a"] = true
		}, audit.BodyUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory(t)
			for i := range 4 {
				m.add("step.done", "case_a", "key_a", map[string]any{"n": i})
			}
			m.sign()
			c.harm(m)
			if r := m.verify(t); !slices.Equal(what(r), []audit.What{c.want}) {
				t.Errorf("%+v", r.Findings)
			}
		})
	}
}
