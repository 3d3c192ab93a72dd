package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

const entryColumns = `e.id, e.type, e.at, e.actor, e.case_id, e.case_n, e.key_id, e.commitment, e.sealed`

var (
	nextOfStream = query(`
		INSERT INTO stream (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = stream.n + excluded.n
		RETURNING n`)
	insertEntries = many(`
		INSERT INTO audit_entry (id, type, at, actor, case_id, case_n, key_id, commitment, sealed, stored_at)
		VALUES `, 10, "")
	insertPending   = many(`INSERT INTO audit_pending (entry_id) VALUES `, 1, "")
	entriesOfStream = query(`
		SELECT ` + entryColumns + `, COALESCE(l.idx, -1) FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry_id = e.id
		 WHERE e.case_id = $1 OR e.case_id = $2 ORDER BY e.at DESC, e.case_n DESC, e.id DESC LIMIT $3`)
	newestEntries = query(`
		SELECT ` + entryColumns + `, COALESCE(l.idx, -1) FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry_id = e.id
		 ORDER BY e.id DESC LIMIT $1`)
	entriesOutside = query(`
		SELECT ` + entryColumns + `, COALESCE(l.idx, -1) FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry_id = e.id
		 WHERE e.case_id = '' AND e.key_id = $1 ORDER BY e.at, e.id LIMIT $2`)
	countEntries     = many(`SELECT COUNT(*) FROM audit_entry WHERE case_id IN (`, 1, `)`)
	firstOfType      = query(`SELECT id FROM audit_entry WHERE case_id = $1 AND type = $2 ORDER BY case_n LIMIT 1`)
	leafOf           = query(`SELECT idx, leaf_hash FROM audit_leaf WHERE entry_id = $1`)
	newestCheckpoint = query(`SELECT size, text FROM checkpoint ORDER BY size DESC LIMIT 1`)
	hashAt           = query(`SELECT hash FROM audit_hash WHERE place = $1`)

	pendingEntries = query(`
		SELECT ` + entryColumns + ` FROM audit_pending p JOIN audit_entry e ON e.id = p.entry_id
		 ORDER BY e.case_n, e.id LIMIT 2000`)
	// Taking the head first makes sequencers wait for each other: the second
	// then sees what the first has left.
	takeHead         = query(`UPDATE audit_head SET size = size WHERE name = 'log' RETURNING size`)
	swapHead         = query(`UPDATE audit_head SET size = $1, root = $2, at = $3 WHERE name = 'log' AND size = $4`)
	insertLeaves     = many(`INSERT INTO audit_leaf (idx, entry_id, leaf_hash) VALUES `, 3, "")
	insertHashes     = many(`INSERT INTO audit_hash (place, hash) VALUES `, 2, "")
	deletePending    = many(`DELETE FROM audit_pending WHERE entry_id IN (`, 1, `)`)
	insertCheckpoint = query(`INSERT INTO checkpoint (size, text, at) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING`)
	unsignedHead     = query(`SELECT size, root FROM audit_head WHERE name = 'log' AND size > (SELECT COALESCE(MAX(size), 0) FROM checkpoint)`)
	oldestPending    = query(`SELECT COALESCE(MIN(e.stored_at), 0) FROM audit_pending p JOIN audit_entry e ON e.id = p.entry_id`)
	takeLease        = query(`
		INSERT INTO lease (name, holder, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
		 WHERE lease.holder = excluded.holder OR lease.expires_at <= $4 OR lease.expires_at > $5`)
)

// appended is an entry of the log that this transaction has yet to store.
type appended struct {
	audit.Entry
	sealed []byte
}

func (t *tx) Append(_ context.Context, e audit.Entry, sealed []byte) error {
	t.log = append(t.log, appended{e, sealed})
	return nil
}

// flush stores what was appended, with the next numbers of its streams. It
// comes last in a transaction, so that a stream is locked no longer than the
// commit takes, and in few statements.
func (t *tx) flush(ctx context.Context) error {
	list := t.log
	if t.log = nil; len(list) == 0 {
		return nil
	}
	size := map[string]int64{}
	for _, e := range list {
		if e.Case != "" {
			size[e.Case]++
		}
	}
	next := map[string]int64{}
	for _, stream := range slices.Sorted(maps.Keys(size)) { // in one order, so that no two transactions wait for each other
		var n int64
		if err := t.one(ctx, "store.Append", nextOfStream, []any{stream, size[stream]}, &n); err != nil {
			return err
		}
		next[stream] = n - size[stream]
	}
	var entries, pending [][]any
	for _, e := range list {
		if e.Case != "" {
			next[e.Case]++
			e.CaseN = next[e.Case]
		}
		entries = append(entries, []any{
			e.ID, e.Type, micros(e.At), e.Actor, e.Case, e.CaseN, e.KeyID, e.Commitment[:], e.sealed, micros(t.wall),
		})
		pending = append(pending, []any{e.ID})
	}
	if err := t.execMany(ctx, "store.Append", insertEntries, entries); err != nil {
		return err
	}
	return t.execMany(ctx, "store.Append", insertPending, pending)
}

// commitment scans 32 bytes.
type commitment struct{ c *[32]byte }

func (c commitment) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(c.c) {
		return fmt.Errorf("a hash is stored as %T of %d bytes", v, len(b))
	}
	copy(c.c[:], b)
	return nil
}

func scanEntry(row scanner, more ...any) (e audit.Entry, sealed []byte, err error) {
	err = row.Scan(append([]any{&e.ID, &e.Type, instant{&e.At}, &e.Actor, &e.Case, &e.CaseN, &e.KeyID, commitment{&e.Commitment}, &sealed}, more...)...)
	return e, sealed, err
}

func (t *tx) Entries(ctx context.Context, limit int, streams ...string) (list []app.LogEntry, err error) {
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	q, args := newestEntries, []any{limit}
	switch len(streams) {
	case 0:
	case 1:
		q, args = entriesOfStream, []any{streams[0], streams[0], limit}
	case 2:
		q, args = entriesOfStream, []any{streams[0], streams[1], limit}
	default:
		return nil, fault.New(fault.Internal, "internal").At("store.Entries: at most two streams", nil)
	}
	if list, err = t.entries(ctx, "store.Entries", q, args...); len(streams) > 0 {
		slices.Reverse(list)
	}
	return list, err
}

func (t *tx) EntriesOutside(ctx context.Context, limit int, keyID string) ([]app.LogEntry, error) {
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	return t.entries(ctx, "store.EntriesOutside", entriesOutside, keyID, limit)
}

func (t *tx) entries(ctx context.Context, op, q string, args ...any) (list []app.LogEntry, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		var l app.LogEntry
		var err error
		l.Entry, l.Sealed, err = scanEntry(row, &l.Index)
		list = append(list, l)
		return err
	})
	return list, err
}

func (t *tx) CountEntries(ctx context.Context, streams ...string) (total int, err error) {
	if err := t.flush(ctx); err != nil {
		return 0, err
	}
	err = t.pick(ctx, "store.CountEntries", countEntries, len(streams), keys(streams), func(row scanner) error {
		var n int
		err := row.Scan(&n)
		total += n
		return err
	})
	return total, err
}

func (t *tx) FirstEntry(ctx context.Context, stream, typ string) (entry string, err error) {
	if err := t.flush(ctx); err != nil {
		return "", err
	}
	err = t.one(ctx, "store.FirstEntry", firstOfType, []any{stream, typ}, &entry)
	return entry, err
}

// hashes reads stored hashes of the tree.
func (t *tx) hashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(places))
		for i, p := range places {
			if err := t.one(ctx, "store.hashes", hashAt, []any{p}, commitment{(*[32]byte)(&out[i])}); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

func (t *tx) Proof(ctx context.Context, entryID string) (app.LogProof, error) {
	size, text, err := t.NewestCheckpoint(ctx)
	if err != nil {
		return app.LogProof{}, err
	}
	list, err := t.proofs(ctx, size, text, entryID)
	if err != nil {
		return app.LogProof{}, err
	}
	return list[0], nil
}

// longest is longer than any named lease.
const longest = time.Minute

// Lease takes or keeps the named lease until ttl from now; false while another
// holder has it.
func (s *Store) Lease(ctx context.Context, name, holder string, ttl time.Duration) (mine bool, err error) {
	err = s.Tx(ctx, func(x app.Tx) error {
		t := x.(*tx)
		n, err := t.exec(ctx, "store.Lease", takeLease, name, holder, micros(t.wall.Add(ttl)), micros(t.wall), micros(t.wall.Add(unheardOf*longest)))
		mine = n == 1
		return err
	})
	return mine, err
}

// LogAge is how long the oldest entry has waited for its place in the tree; zero
// if none waits.
func (s *Store) LogAge(ctx context.Context) (age time.Duration, err error) {
	err = s.View(ctx, func(x app.Tx) error {
		t := x.(*tx)
		var us int64
		if err := t.one(ctx, "store.LogAge", oldestPending, nil, &us); err != nil || us == 0 {
			age = 0
			return err
		}
		age = t.wall.Sub(when.FromMicros(us))
		return nil
	})
	return age, err
}

// Sequence gives pending entries their index, in one transaction that takes the
// head of the tree and compares its size before it swaps it: two sequencers
// wait for each other and neither takes what the other took. It then signs the new head and stores the checkpoint;
// a head that an earlier crash left unsigned is signed too. A late commit
// simply gets a later index: pending is a set, not a cursor.
func (s *Store) Sequence(ctx context.Context, sign func(size int64, root []byte) (string, error)) (n int, err error) {
	err = s.Tx(ctx, func(x app.Tx) error {
		n, err = x.(*tx).sequence(ctx)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, s.Tx(ctx, func(x app.Tx) error {
		t := x.(*tx)
		var size int64
		var root []byte
		err := t.one(ctx, "store.Sequence", unsignedHead, nil, &size, &root)
		if err != nil {
			if fault.KindOf(err) == fault.NotFound {
				return nil
			}
			return err
		}
		text, err := sign(size, root)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, "store.Sequence", insertCheckpoint, size, text, micros(t.wall))
		return err
	})
}

func (t *tx) sequence(ctx context.Context) (int, error) {
	var size int64
	if err := t.one(ctx, "store.sequence", takeHead, nil, &size); err != nil {
		return 0, err
	}
	var entries []audit.Entry
	err := t.each(ctx, "store.sequence", pendingEntries, nil, func(row scanner) error {
		e, _, err := scanEntry(row)
		entries = append(entries, e)
		return err
	})
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	fresh := map[int64]tlog.Hash{}
	reader := tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(places))
		for i, p := range places {
			h, ok := fresh[p]
			if !ok {
				got, err := t.hashes(ctx).ReadHashes([]int64{p})
				if err != nil {
					return nil, err
				}
				h = got[0]
			}
			out[i] = h
		}
		return out, nil
	})
	var leaves, hashes, taken [][]any
	for i, e := range entries {
		idx := size + int64(i)
		hs, err := audit.Append(idx, e.Leaf(), reader)
		if err != nil {
			return 0, fault.Wrap("store.sequence", err)
		}
		first := audit.FirstHash(idx)
		for j, h := range hs {
			fresh[first+int64(j)] = h
			hashes = append(hashes, []any{first + int64(j), h[:]})
		}
		leaf := audit.LeafHash(e)
		leaves = append(leaves, []any{idx, e.ID, leaf[:]})
		taken = append(taken, []any{e.ID})
	}
	for _, m := range []struct {
		texts manyTexts
		rows  [][]any
	}{{insertHashes, hashes}, {insertLeaves, leaves}, {deletePending, taken}} {
		if err := t.execMany(ctx, "store.sequence", m.texts, m.rows); err != nil {
			return 0, err
		}
	}
	grown := size + int64(len(entries))
	root, err := audit.Root(grown, reader)
	if err != nil {
		return 0, fault.Wrap("store.sequence", err)
	}
	return len(entries), t.must(ctx, "store.sequence", swapHead, grown, root[:], micros(t.wall), size)
}
