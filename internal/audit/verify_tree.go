package audit

import (
	"context"
	"math"

	"golang.org/x/mod/sumdb/tlog"
)

// hashCursor reads the stored hashes of the tree from the left to the right.
type hashCursor struct {
	src  Source
	next int64 // place from which the next page is read
	page []StoredHash
	end  bool
}

// peek returns the next stored hash, false when there is none.
func (c *hashCursor) peek(ctx context.Context) (StoredHash, bool, error) {
	if len(c.page) == 0 && !c.end {
		page, err := c.src.Hashes(ctx, c.next, pageSize)
		if err != nil {
			return StoredHash{}, false, err
		}
		c.page = page
		if len(page) == 0 || page[len(page)-1].Place < c.next {
			c.page, c.end = nil, true
		} else if last := page[len(page)-1].Place; last == math.MaxInt64 {
			c.end = true
		} else {
			c.next = last + 1
		}
	}
	if len(c.page) == 0 {
		return StoredHash{}, false, nil
	}
	return c.page[0], true, nil
}

// at returns the stored hash of the place without leaving it. What lies before
// the place belongs to no tree and is reported.
func (v *verification) at(ctx context.Context, place int64) (tlog.Hash, bool, error) {
	for {
		h, ok, err := v.hashes.peek(ctx)
		if err != nil || !ok || h.Place > place {
			return tlog.Hash{}, false, err
		}
		if h.Place == place {
			return h.Hash, true, nil
		}
		v.found(Finding{What: TreeHashExtra, Index: -1, Place: h.Place, Count: 1})
		v.hashes.page = v.hashes.page[1:]
	}
}

// leafInTree returns the stored hash of the leaf that comes next.
func (v *verification) leafInTree(ctx context.Context) (tlog.Hash, bool, error) {
	return v.at(ctx, FirstHash(v.tree.size))
}

// grow adds a leaf hash and compares every stored hash that becomes complete.
func (v *verification) grow(ctx context.Context, leaf tlog.Hash) error {
	place := FirstHash(v.tree.size)
	index := v.tree.size
	var failed error
	v.tree.add(leaf, func(want tlog.Hash) {
		got, ok, err := v.at(ctx, place)
		switch {
		case err != nil:
			failed = err
		case !ok:
			v.found(Finding{What: TreeHashMissing, Index: index, Place: place})
		default:
			if got != want {
				v.found(Finding{What: TreeHashWrong, Index: index, Place: place})
			}
			v.hashes.page = v.hashes.page[1:]
		}
		place++
	})
	if failed == nil {
		v.compareMarks()
	}
	return failed
}

// bridge crosses missing entries with the leaf hashes that the tree has of
// them, up to index or to where it has none.
func (v *verification) bridge(ctx context.Context, index int64) error {
	for v.tree.size < index {
		leaf, ok, err := v.leafInTree(ctx)
		if err != nil || !ok {
			return err
		}
		if err := v.grow(ctx, leaf); err != nil {
			return err
		}
	}
	return nil
}

// treeEnd reports what the tree has beyond the last entry. If these are the
// leaves of entries that are gone, they are missing entries, and the
// checkpoints tell whether they were ever signed.
func (v *verification) treeEnd(ctx context.Context) error {
	from := v.tree.size
	if err := v.bridge(ctx, math.MaxInt64); err != nil {
		return err
	}
	if from < v.tree.size {
		v.found(Finding{What: RowMissing, Index: -1, From: from, To: v.tree.size})
	}
	extra := Finding{What: TreeHashExtra, Index: -1}
	for {
		h, ok, err := v.hashes.peek(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if extra.Count == 0 {
			extra.Place = h.Place
		}
		extra.Count++
		v.hashes.page = v.hashes.page[1:]
	}
	if extra.Count > 0 {
		v.found(extra)
	}
	return nil
}
