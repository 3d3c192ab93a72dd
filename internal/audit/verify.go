package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/fault"
)

// Source is a log as it is stored. All answers are of one snapshot; they are
// taken as claims and not believed.
type Source interface {
	Head(ctx context.Context) (Head, error)
	Tally(ctx context.Context) (Tally, error)
	// Rows returns up to limit entries that have an index of from or more, by
	// index; an empty page is the end. The first from is the smallest int64.
	Rows(ctx context.Context, from int64, limit int) ([]Row, error)
	// Hashes returns up to limit hashes of the tree whose place is from or
	// more, by place; as Rows.
	Hashes(ctx context.Context, from int64, limit int) ([]StoredHash, error)
	// Checkpoints calls fn with every signed checkpoint, oldest first.
	Checkpoints(ctx context.Context, fn func(text string) error) error
}

// Head is the stored size and root of the tree.
type Head struct {
	Size int64
	Root tlog.Hash
	At   time.Time // wall time of the last batch
}

// Tally counts what is stored.
type Tally struct {
	Entries int64     // all, with or without an index
	Leaves  int64     // indexes given out
	Pending int64     // entries that wait for an index
	Oldest  time.Time // wall time at which the oldest of them was written; zero if none
}

// Row is one entry that has an index.
type Row struct {
	Index          int64
	Entry          Entry
	Sealed         []byte
	StoredLeafHash tlog.Hash
}

// StoredHash is one hash of the tree and its place (tlog.StoredHashIndex).
type StoredHash struct {
	Place int64
	Hash  tlog.Hash
}

// Opener opens sealed bodies. Errors: fault.Gone with code key.destroyed and
// fault.NotFound with code key.unknown when there is no key; fault.Transient
// stops the verification; any other is a finding. It is called by another
// goroutine than Source, never by two.
type Opener interface {
	Open(ctx context.Context, keyID string, sealed, aad []byte) ([]byte, error)
}

// Options says what to verify against.
type Options struct {
	Verifiers []note.Verifier // of the log's signing keys, old ones too; at least one
	External  []string        // signed checkpoints kept outside the database: the file, receipts
	Opener    Opener          // nil: bodies are not looked at (a copy without keys)
	Now       time.Time       // wall time
	Grace     time.Duration   // how long an entry may wait for its index and its checkpoint
	Keep      int             // at most so many findings are kept; 0: 100
}

const pageSize = 2048

// Verify derives the whole log anew and compares. It reads every entry and
// every stored hash once; its memory grows with the number of streams, keys
// and checkpoints only. A finding never stops it: where an entry is changed or
// missing it goes on with the hash that the tree stores, so that one change is
// reported where it is and not everywhere after. The error is about reading
// (and fault.Invalid, audit.no_verifier); what is wrong with the log is in the
// report.
//
// It does not see: a body changed after its key was destroyed (nobody can
// read it), and the loss of entries that are in no checkpoint it is given.
func Verify(ctx context.Context, src Source, o Options) (Report, error) {
	if len(o.Verifiers) == 0 {
		return Report{}, fault.New(fault.Invalid, "audit.no_verifier").At("audit.Verify", nil)
	}
	if o.Keep == 0 {
		o.Keep = 100
	}
	v := &verification{
		o: o, src: src,
		streams: make(map[string]int64), keys: make(map[string]*keyUse),
		hashes: hashCursor{src: src, next: math.MinInt64},
	}
	for _, step := range []func(context.Context) error{v.marksFirst, v.rows, v.treeEnd, v.head, v.bodies, v.restores} {
		if err := step(ctx); err != nil {
			return Report{}, fault.Wrap("audit.Verify", err)
		}
	}
	return v.r, nil
}

// verification is one run of Verify.
type verification struct {
	o       Options
	src     Source
	r       Report
	tree    frontier
	seen    int64 // rows read, extra ones too
	marks   []mark
	mark    int // next of marks to be compared
	streams map[string]int64
	keys    map[string]*keyUse
	hashes  hashCursor
	// suspects are checkpoints outside the database that the log does not
	// reproduce; a logged restore excuses those of the part that it gave up.
	suspects []Finding
}

// mark is a checkpoint whose signature holds.
type mark struct {
	Checkpoint
	external bool
	place    int64
}

// keyUse is what was seen of a key.
type keyUse struct {
	opened    int64
	closed    int64 // bodies that could not be opened for want of the key
	first     int64 // index of the first of them
	firstID   string
	destroyed bool // an entry says so
	loggedAt  int64
	loggedID  string
}

func (v *verification) found(f Finding) {
	v.r.Found++
	if len(v.r.Findings) < v.o.Keep {
		v.r.Findings = append(v.r.Findings, f)
	}
}

// marksFirst opens all checkpoints and puts them in the order of their sizes.
func (v *verification) marksFirst(ctx context.Context) error {
	known := make(map[[32]byte]Checkpoint) // the file outside repeats the database
	add := func(text string, place int64, external bool, what What) {
		sum := sha256.Sum256([]byte(text))
		c, ok := known[sum]
		if !ok {
			var err error
			if c, err = OpenCheckpoint(text, v.o.Verifiers...); err != nil {
				v.found(Finding{What: what, Index: -1, Place: place})
				return
			}
			known[sum] = c
		}
		v.marks = append(v.marks, mark{c, external, place})
	}
	for i, text := range v.o.External {
		add(text, int64(i), true, ExternalSignature)
	}
	var place int64
	err := v.src.Checkpoints(ctx, func(text string) error {
		add(text, place, false, CheckpointSignature)
		place++
		return ctx.Err()
	})
	slices.SortStableFunc(v.marks, func(a, b mark) int { return cmp.Compare(a.Size, b.Size) })
	v.compareMarks() // those of the empty tree
	return err
}

// compareMarks compares the checkpoints of the tree as large as it is now.
func (v *verification) compareMarks() {
	var root tlog.Hash
	known, before := false, v.r.Signed // the tree may have held at this size too, which says nothing of another
	for ; v.mark < len(v.marks) && v.marks[v.mark].Size <= v.tree.size; v.mark++ {
		m := v.marks[v.mark]
		if !known {
			root, known = v.tree.root(), true
		}
		switch {
		case m.Root != root:
			f := Finding{What: CheckpointWrong, Index: -1, From: before, To: m.Size, Place: m.place}
			if m.external {
				f.What = ExternalWrong
				v.suspects = append(v.suspects, f)
			}
			v.found(f)
			continue
		case m.external:
			v.r.External++
			v.r.Outside = m.Size
		default:
			v.r.Checkpoints++
		}
		v.r.Signed = m.Size
	}
}

// rows reads the entries in the order of their indexes. While a page is read
// and the one before it is compared, another core hashes and opens: half of
// the work needs neither the database nor what came before.
func (v *verification) rows(ctx context.Context) error {
	from, ended := int64(math.MinInt64), false
	read := func() ([]Row, error) {
		if ended {
			return nil, ctx.Err() // a source that does not move on would be read for ever
		}
		page, err := v.src.Rows(ctx, from, pageSize)
		if err != nil || len(page) == 0 {
			return nil, err
		}
		if last := page[len(page)-1].Index; last < from || last == math.MaxInt64 {
			ended = true
		} else {
			from = last + 1
		}
		return page, nil
	}
	open := func(page []Row) <-chan []opened {
		done := make(chan []opened, 1)
		go func() { done <- v.open(ctx, page) }()
		return done
	}
	page, err := read()
	if err != nil {
		return err
	}
	ready := open(page)
	for len(page) > 0 {
		next, err := read()
		bodies := <-ready
		if err != nil {
			return err
		}
		ready = open(next)
		for i := range page {
			if err := v.row(ctx, &page[i], &bodies[i]); err != nil {
				<-ready
				return err
			}
		}
		page = next
	}
	<-ready
	return nil
}

// opened is what an entry alone says: its leaf, and its body.
type opened struct {
	leaf  tlog.Hash
	body  []byte
	wrong bool // the body is not what the entry commits to
	err   error
}

// open hashes and opens the entries of a page. It shares nothing with the rest
// of the verification.
func (v *verification) open(ctx context.Context, page []Row) []opened {
	out := make([]opened, len(page))
	var buf []byte
	for i := range page {
		e := &page[i].Entry
		buf = e.appendLeaf(append(buf[:0], 0)) // the zero byte marks a leaf (RFC 6962)
		out[i].leaf = sha256.Sum256(buf)
		if v.o.Opener == nil {
			continue
		}
		plain, err := v.o.Opener.Open(ctx, e.KeyID, page[i].Sealed, AAD(e.ID))
		if err != nil {
			out[i].err = err
			continue
		}
		salt, body, ok := SplitPlain(plain)
		if ok {
			buf = appendCommitted(buf[:0], salt, body)
			ok = sha256.Sum256(buf) == e.Commitment
		}
		out[i].body, out[i].wrong = body, !ok
	}
	return out
}

func (v *verification) row(ctx context.Context, r *Row, o *opened) error {
	v.seen++
	e, leaf := &r.Entry, o.leaf
	if leaf != r.StoredLeafHash {
		v.found(Finding{What: HeaderChanged, Index: r.Index, EntryID: e.ID})
	}
	if err := v.body(ctx, r, o); err != nil {
		return err
	}
	if r.Index < v.tree.size {
		v.found(Finding{What: RowExtra, Index: r.Index, EntryID: e.ID})
		return nil
	}
	if r.Index > v.tree.size {
		v.found(Finding{What: RowMissing, Index: -1, From: v.tree.size, To: r.Index})
		if err := v.bridge(ctx, r.Index); err != nil {
			return err
		}
	}
	v.order(r)
	stored, ok, err := v.leafInTree(ctx)
	if err != nil {
		return err
	}
	if ok && stored != leaf {
		v.found(Finding{What: LeafNotInTree, Index: r.Index, EntryID: e.ID})
		leaf = stored
	}
	return v.grow(ctx, leaf)
}

// order checks that the streams count without a gap.
func (v *verification) order(r *Row) {
	e := &r.Entry
	if e.Case == "" {
		if e.CaseN != 0 {
			v.found(Finding{What: CaseOrder, Index: r.Index, EntryID: e.ID})
		}
		return
	}
	last := v.streams[e.Case]
	if e.CaseN != last+1 {
		v.found(Finding{What: CaseOrder, Index: r.Index, EntryID: e.ID, Stream: e.Case, From: last + 1, To: e.CaseN})
	}
	v.streams[e.Case] = max(last, e.CaseN)
	if last == 0 && e.CaseN > 0 {
		v.r.Streams++
	}
}

// body judges the opened body of an entry.
func (v *verification) body(ctx context.Context, r *Row, o *opened) error {
	if v.o.Opener == nil {
		return nil
	}
	e := &r.Entry
	k := v.keys[e.KeyID]
	if k == nil {
		k = &keyUse{}
		v.keys[e.KeyID] = k
	}
	if err := o.err; err != nil {
		if cerr := ctx.Err(); cerr != nil {
			return cerr
		}
		kind, code := fault.KindOf(err), fault.CodeOf(err)
		switch {
		case kind == fault.Transient:
			return err
		case code == "key.destroyed" || code == "key.unknown":
			if k.closed == 0 {
				k.first, k.firstID = r.Index, e.ID
			}
			k.closed++
		default:
			v.found(Finding{What: BodyUnreadable, Index: r.Index, EntryID: e.ID, KeyID: e.KeyID, Count: 1})
		}
		return nil
	}
	k.opened++
	if o.wrong {
		v.found(Finding{What: BodyWrong, Index: r.Index, EntryID: e.ID, KeyID: e.KeyID})
		return nil
	}
	v.r.Opened++
	switch e.Type {
	case KeyDestroyed:
		v.destroyed(r, o.body)
	case Restored:
		v.restored(r, o.body)
	}
	return nil
}

// destroyed notes the key that a key.destroyed entry names.
func (v *verification) destroyed(r *Row, body []byte) {
	var said struct {
		Key string `json:"key"`
	}
	if json.Unmarshal(body, &said) != nil || said.Key == "" {
		return // it excuses nothing
	}
	k := v.keys[said.Key]
	if k == nil {
		k = &keyUse{}
		v.keys[said.Key] = k
	}
	k.destroyed, k.loggedAt, k.loggedID = true, r.Index, r.Entry.ID
}

// restores judges the checkpoints outside the database that the log does not
// reproduce: those that end in a part that was given up are excused.
func (v *verification) restores(context.Context) error {
	for _, f := range v.suspects {
		v.r.Elsewhere = append(v.r.Elsewhere, f)
		if slices.ContainsFunc(v.r.Restored, func(s Restoring) bool { return s.From < f.To && f.To <= s.To }) {
			v.r.Found--
			v.r.Findings = slices.DeleteFunc(v.r.Findings, func(x Finding) bool { return x == f })
		}
	}
	return nil
}

// bodies judges the keys when all entries were read: what excuses a body may
// stand after it.
func (v *verification) bodies(context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(v.keys)) {
		k := v.keys[id]
		switch {
		case k.closed > 0 && !k.destroyed:
			v.found(Finding{What: BodyUnreadable, Index: k.first, EntryID: k.firstID, KeyID: id, Count: k.closed})
		case k.opened > 0 && k.destroyed:
			v.found(Finding{What: KeySurvives, Index: k.loggedAt, EntryID: k.loggedID, KeyID: id, Count: k.opened})
		}
		if k.destroyed {
			v.r.Erased += k.closed
		}
	}
	return nil
}

// head compares what the database says about the whole.
func (v *verification) head(ctx context.Context) error {
	h, err := v.src.Head(ctx)
	if err != nil {
		return err
	}
	t, err := v.src.Tally(ctx)
	if err != nil {
		return err
	}
	v.r.Entries, v.r.Root, v.r.Pending, v.r.Oldest = v.tree.size, v.tree.root(), t.Pending, t.Oldest
	if h.Size != v.tree.size || t.Leaves != v.seen {
		v.found(Finding{What: SizeWrong, Index: -1, From: v.tree.size, To: h.Size, Count: t.Leaves - v.seen})
	}
	if h.Root != v.r.Root {
		v.found(Finding{What: RootWrong, Index: -1})
	}
	if t.Entries != t.Leaves+t.Pending {
		v.found(Finding{What: EntryHidden, Index: -1, Count: t.Entries - t.Leaves - t.Pending})
	}
	if t.Pending > 0 && v.o.Now.Sub(t.Oldest) > v.o.Grace {
		v.found(Finding{What: PendingOld, Index: -1, Count: t.Pending})
	}
	for ; v.mark < len(v.marks); v.mark++ {
		m := v.marks[v.mark]
		f := Finding{What: CheckpointBeyond, Index: -1, From: v.tree.size, To: m.Size, Place: m.place}
		if m.external {
			f.What = ExternalBeyond
			v.suspects = append(v.suspects, f)
		}
		v.found(f)
	}
	if v.r.Signed < v.tree.size && v.o.Now.Sub(h.At) > v.o.Grace {
		v.found(Finding{What: TailUnsigned, Index: -1, From: v.r.Signed, To: v.tree.size})
	}
	return nil
}
