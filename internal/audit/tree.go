package audit

import (
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/fault"
)

// Append returns the hashes to store for the leaf that becomes number n (from
// 0). They go to the places from FirstHash(n) on, one after the other. r must
// answer for all hashes of the leaves before n; it is asked once, for at most
// log2(n) of them. A batch appends leaf by leaf with a reader that sees the
// hashes of the leaves before it.
func Append(n int64, leaf []byte, r tlog.HashReader) ([]tlog.Hash, error) {
	hashes, err := tlog.StoredHashes(n, leaf, r)
	return hashes, fault.Wrap("audit.Append", err)
}

// FirstHash returns the place of the first hash stored for leaf n. For n = the
// size of the tree it is also the number of hashes stored so far.
func FirstHash(n int64) int64 { return tlog.StoredHashCount(n) }

// Root returns the root of the tree of the first size leaves. It asks r once.
// The root of the empty tree is the hash of nothing.
func Root(size int64, r tlog.HashReader) (tlog.Hash, error) {
	h, err := tlog.TreeHash(size, r)
	return h, fault.Wrap("audit.Root", err)
}

// Prove returns the inclusion path of leaf n in the tree of size leaves. It
// asks r once.
func Prove(size, n int64, r tlog.HashReader) ([]tlog.Hash, error) {
	p, err := tlog.ProveRecord(size, n, r)
	return p, fault.Wrap("audit.Prove", err)
}

// CheckInclusion reports whether the path leads from the hash of leaf n to the
// root of the tree of size leaves. Error: fault.Invalid, audit.proof_wrong.
func CheckInclusion(path []tlog.Hash, size int64, root tlog.Hash, n int64, leaf tlog.Hash) error {
	if err := tlog.CheckRecord(path, size, root, n, leaf); err != nil {
		return fault.New(fault.Invalid, "audit.proof_wrong").At("audit.CheckInclusion", err)
	}
	return nil
}

// ProveGrowth returns the proof that the tree of size begins with the tree of
// old. Old is at least 1.
func ProveGrowth(size, old int64, r tlog.HashReader) ([]tlog.Hash, error) {
	p, err := tlog.ProveTree(size, old, r)
	return p, fault.Wrap("audit.ProveGrowth", err)
}

// CheckGrowth reports whether the proof holds that the tree (size, root)
// begins with the tree (old, oldRoot). Error: fault.Invalid, audit.proof_wrong.
func CheckGrowth(proof []tlog.Hash, size int64, root tlog.Hash, old int64, oldRoot tlog.Hash) error {
	if err := tlog.CheckTree(proof, size, root, old, oldRoot); err != nil {
		return fault.New(fault.Invalid, "audit.proof_wrong").At("audit.CheckGrowth", err)
	}
	return nil
}

// frontier is the tree as it grows: the roots of its full subtrees, largest
// first. It holds at most 63 hashes whatever the size.
type frontier struct {
	size int64
	full []tlog.Hash
}

// add takes the next leaf hash and tells every hash that becomes complete, in
// the order in which they are stored: the leaf, then the subtrees it closes.
func (f *frontier) add(h tlog.Hash, stored func(tlog.Hash)) {
	stored(h)
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.full) - 1
		h = tlog.NodeHash(f.full[last], h)
		f.full = f.full[:last]
		stored(h)
	}
	f.full = append(f.full, h)
	f.size++
}

func (f *frontier) root() tlog.Hash {
	if f.size == 0 {
		empty, _ := tlog.TreeHash(0, nil) // asks nobody for size 0
		return empty
	}
	h := f.full[len(f.full)-1]
	for i := len(f.full) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.full[i], h)
	}
	return h
}
