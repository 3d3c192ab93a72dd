package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/evidence"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// LogKeys is what the log is proved with.
type LogKeys struct {
	Public string // the verifier of the log, as log.pub has it
	// SignPack signs the manifest of a pack of evidence.
	SignPack func(code string, manifest []byte) (string, error)
	// Kept returns the checkpoints that are kept outside the database, with what
	// witnesses signed beside the log.
	Kept func() ([]string, error)
}

// PackInput says what evidence is wanted.
type PackInput struct {
	Case     offboarding.CaseID
	Language string // of the summary: es or en
	// Bare leaves out what entries say, and documents: that something of its type
	// happened then is all that it tells.
	Bare bool
	// Receipts that somebody kept: the pack proves that the log continues theirs.
	Receipts []KeptReceipt
}

// KeptReceipt is a receipt that somebody kept, as a file.
type KeptReceipt struct {
	Name string
	Raw  []byte
}

const (
	// packWait is how long the newest entries may wait for their checkpoint.
	packWait = 10 * time.Second
	// mostGrowth is how many older checkpoints a pack continues.
	mostGrowth = 300
	// mostDocuments is how large all documents of a pack may be together, in bytes.
	mostDocuments = 200 << 20
)

// PackEvidence makes the evidence of a departure: one file that anybody checks
// without us (package evidence). It is judged before it is handed out, and the
// log says who took it. Without contents whoever sees departures may have it;
// with them, whoever may read letters and notes.
func (a *App) PackEvidence(ctx context.Context, by Actor, in PackInput) (code string, raw []byte, err error) {
	rights := []string{"case", "letter", "note"}
	if in.Bare {
		rights = rights[:1]
	}
	for _, what := range rights {
		if err := by.CanRead(what); err != nil {
			return "", nil, err
		}
	}
	if a.log == nil {
		return "", nil, fault.New(fault.NotFound, "not_found")
	}
	for _, r := range in.Receipts {
		if _, err := evidence.NewAnchor(r.Name, r.Raw); err != nil {
			return "", nil, fault.New(fault.Invalid, "evidence.receipt", "file", r.Name)
		}
	}
	var list []byte
	if !in.Bare {
		if _, list, err = a.ListAccess(ctx, by, in.Case); err != nil {
			return "", nil, err
		}
	}
	return a.pack(ctx, by.ID, &proving{a: a, in: in, list: list})
}

// pack gathers, writes and judges a pack, and has the log say who took it.
func (a *App) pack(ctx context.Context, by string, k *proving) (code string, raw []byte, err error) {
	if err := a.awaitLog(ctx, k.in.Case); err != nil {
		return "", nil, err
	}
	if err := a.store.View(ctx, func(tx Tx) error { return k.gatherPack(ctx, tx) }); err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	if err := evidence.Write(&b, k.pack, a.log.SignPack); err != nil {
		return "", nil, err
	}
	raw = b.Bytes()
	if err := a.sound(raw, k.in.Receipts); err != nil {
		return "", nil, err
	}
	sum := sha256.Sum256(raw)
	return k.pack.Code, raw, a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, k.in.Case)
		if err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"evidence.packed", by, string(c.ID), string(c.Customer), map[string]any{
			"entries": len(k.pack.Entries), "contents": k.pack.Contents, "sha256": hex.EncodeToString(sum[:]),
		}})
	})
}

// sound judges a pack as whoever gets it will.
func (a *App) sound(raw []byte, receipts []KeptReceipt) error {
	key, err := evidence.NewAnchor("log.pub", []byte(a.log.Public))
	if err != nil {
		return err
	}
	o := evidence.Options{Trust: []evidence.Anchor{key}}
	for _, r := range receipts {
		x, err := evidence.NewAnchor(r.Name, r.Raw)
		if err != nil {
			return err
		}
		o.Trust = append(o.Trust, x)
	}
	r := evidence.Verify(raw, o)
	if flaws := r.Flaws(); len(flaws) > 0 {
		return fault.New(fault.Blocked, "evidence.unsound", "what", flaws[0].String())
	}
	return nil
}

// streamsOf are the parts of the log about a departure: its own, and those of
// the requests for it.
func streamsOf(ctx context.Context, tx Tx, c offboarding.CaseID) ([]string, error) {
	requests, err := tx.RequestsOf(ctx, c)
	streams := []string{string(c)}
	for _, r := range requests {
		streams = append(streams, string(r.ID))
	}
	return streams, err
}

// awaitLog waits until a signed checkpoint contains what is known of a
// departure. Error: fault.Transient (WaitsForLog) where none does in time.
func (a *App) awaitLog(ctx context.Context, c offboarding.CaseID) error {
	var m when.Machine
	for end := m.Wall().Add(packWait); ; {
		there := true
		err := a.store.View(ctx, func(tx Tx) error {
			if _, err := tx.FindCase(ctx, c); err != nil {
				return err
			}
			streams, err := streamsOf(ctx, tx, c)
			if err != nil {
				return err
			}
			size, _, err := tx.NewestCheckpoint(ctx)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			for _, s := range streams {
				newest, err := tx.Entries(ctx, 1, s)
				if err != nil {
					return err
				}
				there = there && (len(newest) == 0 || newest[0].Index >= 0 && newest[0].Index < size)
			}
			return nil
		})
		switch {
		case err != nil || there:
			return err
		case m.Wall().After(end):
			return fault.New(fault.Transient, WaitsForLog)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(proofPause):
		}
	}
}

// proving is a pack being gathered.
type proving struct {
	a    *App
	in   PackInput
	own  bool   // for the customer, who may not know of every order
	cut  bool   // the log went on after what it proves
	list []byte // of accesses
	size int64
	pack evidence.Pack
	said map[int64]map[string]any // what entries say, by index
	sum  int                      // of documents, bytes
}

func (k *proving) gatherPack(ctx context.Context, tx Tx) error {
	c, err := tx.FindCase(ctx, k.in.Case)
	if err != nil {
		return err
	}
	k.said, k.sum = map[int64]map[string]any{}, 0
	k.pack = evidence.Pack{
		Code: c.Code, Case: string(c.ID), Company: k.a.Company().Name, Language: k.in.Language, MadeAt: tx.Now(), Key: k.a.log.Public, Contents: evidence.Included,
	}
	if k.in.Bare {
		k.pack.Contents = evidence.Withheld
	}
	if k.size, k.pack.Checkpoint, err = tx.NewestCheckpoint(ctx); err != nil {
		return err
	}
	streams, err := streamsOf(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if k.own {
		if err := k.before(ctx, tx, c); err != nil {
			return err
		}
	}
	var entries []LogEntry
	for _, s := range streams {
		list, err := tx.Entries(ctx, allEntries, s)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(e LogEntry) bool { return e.Index < 0 || e.Index >= k.size })
		if len(list) > 0 {
			k.pack.Streams = append(k.pack.Streams, evidence.Stream{Stream: s, Entries: int64(len(list))})
			entries = append(entries, list...)
		}
	}
	if err := k.packEntries(ctx, tx, c, entries); err != nil {
		return err
	}
	if err := k.packDocuments(ctx, tx, c); err != nil {
		return err
	}
	return k.packGrowth(ctx, tx)
}

// packEntries opens what entries say and proves each.
func (k *proving) packEntries(ctx context.Context, tx Tx, c offboarding.Case, list []LogEntry) error {
	shut := map[string]bool{} // keys that open nothing any more
	plain := map[string][]byte{}
	open := func(list []LogEntry) error {
		for _, e := range list {
			p, err := k.a.keys.Open(ctx, e.KeyID, e.Sealed, audit.AAD(e.ID))
			switch {
			case err == nil:
				plain[e.ID] = p
			case fault.KindOf(err) == fault.Gone, fault.KindOf(err) == fault.NotFound:
				shut[e.KeyID] = true
			case fault.KindOf(err) == fault.Transient:
				return err
			default:
				return fault.New(fault.Blocked, "evidence.unreadable", "entry", e.ID).At("app.PackEvidence", err)
			}
		}
		return nil
	}
	if err := open(list); err != nil {
		return err
	}
	missing := maps.Clone(shut)
	excused := func(e LogEntry) bool { // it says that a key is gone which this pack misses
		if e.Type != audit.KeyDestroyed {
			return false
		}
		key, _ := k.a.openBody(ctx, e)["key"].(string)
		was := missing[key]
		delete(missing, key)
		return was
	}
	for _, e := range list {
		excused(e)
	}
	if len(missing) > 0 { // they were destroyed by another departure, or by the house
		others, err := k.keysElsewhere(ctx, tx, c)
		if err != nil {
			return err
		}
		others = slices.DeleteFunc(others, func(e LogEntry) bool { return e.Index < 0 || e.Index >= k.size || !excused(e) })
		if err := open(others); err != nil {
			return err
		}
		list = append(list, others...)
	}
	slices.SortFunc(list, func(x, y LogEntry) int { return cmp.Compare(x.Index, y.Index) })
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	proofs, err := tx.ProofsAt(ctx, k.size, ids...)
	if err != nil {
		return err
	}
	for i, e := range list {
		salt, body, ok := audit.SplitPlain(plain[e.ID])
		x := evidence.EntryOf(e.Entry, e.Index, treeHashes(proofs[i].Path), salt, body)
		switch {
		case !ok && missing[e.KeyID] && k.cut && !evidence.Kept(e.Type): // it was destroyed later
			x.Salt, x.Body, x.Absent = "", "", evidence.Withheld
		case !ok && missing[e.KeyID]:
			return fault.New(fault.Blocked, "evidence.unreadable", "entry", e.ID)
		case !ok:
			x.Absent = evidence.Destroyed
		case k.in.Bare && !evidence.Kept(e.Type):
			x.Salt, x.Body, x.Absent = "", "", evidence.Withheld
		default:
			var args map[string]any
			if json.Unmarshal(body, &args) == nil {
				k.said[e.Index] = args
			}
		}
		k.pack.Entries = append(k.pack.Entries, x)
	}
	return nil
}

// keysElsewhere are the entries that may say which keys of a customer were
// destroyed, beside those of the departure.
func (k *proving) keysElsewhere(ctx context.Context, tx Tx, c offboarding.Case) (list []LogEntry, err error) {
	cases, err := tx.CasesOf(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	for _, x := range cases {
		if x.ID == c.ID {
			continue
		}
		more, err := tx.Entries(ctx, allEntries, string(x.ID))
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	key, err := k.a.keys.KeyFor(ctx, house, "account")
	if err != nil {
		return nil, err
	}
	more, err := tx.EntriesOutside(ctx, allEntries, key)
	return append(list, more...), err
}

func treeHashes(list [][]byte) (out []tlog.Hash) {
	for _, h := range list {
		out = append(out, tlog.Hash(h))
	}
	return out
}

// packDocument puts a document into the pack, unless it is too large. entry is the one
// that names it; nil: none does.
func (k *proving) packDocument(d evidence.Document, entry *evidence.Entry) bool {
	if k.sum+len(d.Body) > mostDocuments {
		return false
	}
	if k.sum += len(d.Body); entry != nil {
		d.Entry = &entry.Index
	}
	k.pack.Documents = append(k.pack.Documents, d)
	return true
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// packDocuments gathers what the entries name, the proof of the departure and the
// list of accesses; and says what is named and not here.
func (k *proving) packDocuments(ctx context.Context, tx Tx, c offboarding.Case) error {
	n := map[string]int{}
	for i := range k.pack.Entries {
		e := &k.pack.Entries[i]
		said := func(name string) string { s, _ := k.said[e.Index][name].(string); return s }
		if !evidence.Names(e.Type) || k.said[e.Index] == nil {
			continue
		}
		named := said("sha256")
		why := evidence.NotKept
		var d *evidence.Document
		var err error
		switch e.Type {
		case "certificate.issued":
			d, err = k.packCertificate(ctx, tx, c)
		case "message.sent", "message.written":
			d, err = k.packLetter(ctx, tx, offboarding.MessageID(said("message")))
		case "evidence.added", "file.added":
			d, err = k.packFile(ctx, tx, said("blob"))
		case "access.listed":
			if k.list != nil {
				d = &evidence.Document{Kind: evidence.List, Media: "application/json", Name: "access.json", Body: k.list}
			}
		case "bundle.ready":
			why = evidence.Apart
		}
		if err != nil {
			return err
		}
		if d != nil {
			n[d.Kind]++
			d.Path = fmt.Sprintf("documents/%s-%02d%s", d.Kind, n[d.Kind], extensions[d.Media])
		}
		switch {
		case d == nil:
		case sumOf(d.Body) == named:
			if k.packDocument(*d, e) {
				continue
			}
			why = evidence.TooLarge
		case d.Kind == evidence.Letter && !slices.ContainsFunc(k.pack.Documents, func(x evidence.Document) bool { return x.Kind == d.Kind && bytes.Equal(x.Body, d.Body) }):
			k.packDocument(*d, nil) // of before letters were named by their sums
		}
		if named != "" {
			k.pack.Absent = append(k.pack.Absent, evidence.Absent{Entry: e.Index, SHA256: named, Why: why})
		}
	}
	return k.packReceipt(ctx, tx, c)
}

// extensions are how files are called, by what they are.
var extensions = map[string]string{
	"text/plain": ".txt", "application/json": ".json", "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "application/zip": ".zip", "application/octet-stream": ".bin",
}

func (k *proving) packCertificate(ctx context.Context, tx Tx, c offboarding.Case) (*evidence.Document, error) {
	e, err := tx.FindErasure(ctx, c.ID)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	plain, err := k.a.unseal(ctx, e.KeyID, string(e.Case), e.Body)
	if err != nil || plain == nil {
		return nil, err
	}
	return &evidence.Document{Kind: evidence.Certificate, Media: "application/json", Name: "certificate.json", Body: plain}, nil
}

// packLetter is a letter as it was sent, without what opens something.
func (k *proving) packLetter(ctx context.Context, tx Tx, id offboarding.MessageID) (*evidence.Document, error) {
	m, err := tx.FindMessage(ctx, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	plain, err := k.a.unseal(ctx, m.KeyID, string(m.ID), m.Body)
	if err != nil || plain == nil {
		return nil, err
	}
	return &evidence.Document{Kind: evidence.Letter, Media: "text/plain", Name: cmp.Or(m.Subject, m.Paper), Body: []byte(hideSecrets(m.Paper, string(plain)))}, nil
}

func (k *proving) packFile(ctx context.Context, tx Tx, id string) (*evidence.Document, error) {
	b, err := tx.FindBlob(ctx, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	plain, err := k.a.openBlob(ctx, b)
	if keyDestroyed(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return &evidence.Document{Kind: evidence.File, Media: cmp.Or(b.Media, "application/octet-stream"), Name: b.Name, Body: plain}, nil
}

// packReceipt adds the proof of the entry that the receipt of the departure is about.
func (k *proving) packReceipt(ctx context.Context, tx Tx, c offboarding.Case) error {
	for _, typ := range []string{"case.opened", "case.waits", "case.registered"} {
		i := slices.IndexFunc(k.pack.Entries, func(e evidence.Entry) bool { return e.Type == typ && e.Case == string(c.ID) })
		if i < 0 {
			continue
		}
		proofs, err := tx.ProofsAt(ctx, k.size, k.pack.Entries[i].ID)
		if err != nil {
			return err
		}
		raw, err := receiptOf(c.Code, proofs[0]).JSON()
		if err != nil {
			return err
		}
		k.packDocument(evidence.Document{Kind: evidence.Receipt, Media: "application/json", Name: "proof.json", Path: "documents/proof.json", Body: raw}, nil)
		return nil
	}
	return nil
}

// packGrowth proves that the log continues those that somebody may have a receipt
// of: of the departure's own time, those that witnesses signed, and those that
// were asked for.
func (k *proving) packGrowth(ctx context.Context, tx Tx) error {
	texts := map[int64]string{}
	always := map[int64]bool{}
	roots := map[int64]KeptReceipt{}
	kept, err := k.a.log.Kept()
	if err != nil {
		return err
	}
	for _, text := range kept {
		if size, ok := cosigned(text); ok && size == k.size {
			k.pack.Checkpoint = text
		} else if ok && size < k.size {
			texts[size], always[size] = text, true
		}
	}
	for _, r := range k.in.Receipts {
		var f struct {
			Size       int64  `json:"size"`
			Checkpoint string `json:"checkpoint"`
		}
		if json.Unmarshal(r.Raw, &f) != nil || f.Size < 1 || f.Size > k.size {
			return fault.New(fault.Invalid, "evidence.receipt", "file", r.Name)
		}
		if f.Size < k.size {
			always[f.Size], roots[f.Size] = true, r
			texts[f.Size] = cmp.Or(texts[f.Size], f.Checkpoint)
		}
	}
	first := int64(0)
	if len(k.pack.Entries) > 0 {
		first = k.pack.Entries[0].Index
	}
	sizes, err := tx.CheckpointSizes(ctx, first, k.size)
	if err != nil {
		return err
	}
	list, err := tx.GrowthTo(ctx, k.size, spread(sizes, always)...)
	if err != nil {
		return err
	}
	for _, g := range list {
		if text := texts[g.Size]; text != "" {
			g.Checkpoint = text
		}
		if g.Checkpoint == "" {
			continue
		}
		root := base64.StdEncoding.EncodeToString(g.Root)
		if r, asked := roots[g.Size]; asked && !strings.Contains(g.Checkpoint, "\n"+root+"\n") {
			return fault.New(fault.Invalid, "evidence.receipt", "file", r.Name)
		}
		x := evidence.Growth{Size: g.Size, Root: root, Checkpoint: g.Checkpoint, Proof: []string{}}
		for _, h := range g.Proof {
			x.Proof = append(x.Proof, base64.StdEncoding.EncodeToString(h))
		}
		k.pack.Growth = append(k.pack.Growth, x)
	}
	return nil
}

// spread chooses of the sizes those that are always wanted, and of the others as
// many as there is room for, evenly.
func spread(sizes []int64, always map[int64]bool) []int64 {
	step := max(1, (len(sizes)+mostGrowth-1)/mostGrowth)
	chosen := maps.Clone(always)
	for i := 0; i < len(sizes); i += step {
		chosen[sizes[i]] = true
	}
	return slices.Sorted(maps.Keys(chosen))
}

// cosigned reads the size of a checkpoint that somebody signed beside the log.
func cosigned(text string) (size int64, ok bool) {
	_, rest, _ := strings.Cut(text, "\n")
	if strings.Count(text, "\n— ") < 2 {
		return 0, false
	}
	_, err := fmt.Sscanf(rest, "%d\n", &size)
	return size, err == nil && size > 0
}
