package store

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
)

var (
	checkpointAt    = query(`SELECT text FROM checkpoint WHERE size = $1`)
	checkpointSizes = query(`SELECT size FROM checkpoint WHERE size > $1 AND size < $2 ORDER BY size`)
)

func (t *tx) NewestCheckpoint(ctx context.Context) (size int64, text string, err error) {
	err = t.one(ctx, "store.NewestCheckpoint", newestCheckpoint, nil, &size, &text)
	return size, text, err
}

func (t *tx) CheckpointSizes(ctx context.Context, from, to int64) (sizes []int64, err error) {
	err = t.each(ctx, "store.CheckpointSizes", checkpointSizes, []any{from, to}, func(row scanner) error {
		var n int64
		err := row.Scan(&n)
		sizes = append(sizes, n)
		return err
	})
	return sizes, err
}

func (t *tx) ProofsAt(ctx context.Context, size int64, entryIDs ...string) ([]app.LogProof, error) {
	var text string
	if err := t.one(ctx, "store.ProofsAt", checkpointAt, []any{size}, &text); err != nil {
		return nil, err
	}
	return t.proofs(ctx, size, text, entryIDs...)
}

func (t *tx) proofs(ctx context.Context, size int64, checkpoint string, entryIDs ...string) (list []app.LogProof, err error) {
	const op = "store.Proof"
	reader := readOnce(t.hashes(ctx))
	root, err := audit.Root(size, reader)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	for _, entry := range entryIDs {
		p := app.LogProof{Entry: entry, Size: size, Root: root[:], Checkpoint: checkpoint}
		if err := t.one(ctx, op, leafOf, []any{entry}, &p.Index, &p.Leaf); err != nil {
			return nil, err
		}
		if size <= p.Index {
			return nil, fault.New(fault.NotFound, "not_found").At(op, nil)
		}
		path, err := audit.Prove(size, p.Index, reader)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		p.Path = octets(path)
		list = append(list, p)
	}
	return list, nil
}

func (t *tx) GrowthTo(ctx context.Context, size int64, smaller ...int64) (list []app.LogGrowth, err error) {
	const op = "store.GrowthTo"
	reader := readOnce(t.hashes(ctx))
	for _, old := range smaller {
		root, err := audit.Root(old, reader)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		proof, err := audit.ProveGrowth(size, old, reader)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		g := app.LogGrowth{Size: old, Root: root[:], Proof: octets(proof)}
		if err := t.one(ctx, op, checkpointAt, []any{old}, &g.Checkpoint); err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		list = append(list, g)
	}
	return list, nil
}

func octets(hashes []tlog.Hash) (out [][]byte) {
	for _, h := range hashes {
		out = append(out, h[:])
	}
	return out
}

// readOnce reads each hash once: the paths of one tree share most of them.
func readOnce(from tlog.HashReader) tlog.HashReader {
	known := map[int64]tlog.Hash{}
	return tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) {
		var missing []int64
		for _, p := range places {
			if _, ok := known[p]; !ok {
				missing = append(missing, p)
			}
		}
		read, err := from.ReadHashes(missing)
		if err != nil {
			return nil, err
		}
		for i, p := range missing {
			known[p] = read[i]
		}
		out := make([]tlog.Hash, len(places))
		for i, p := range places {
			out[i] = known[p]
		}
		return out, nil
	})
}
