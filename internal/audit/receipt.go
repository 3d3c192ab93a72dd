package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/fault"
)

// ReceiptFormat is the format of the proof that a customer may keep.
const ReceiptFormat = "hasta-luego/receipt-proof@1"

// Receipt is what a customer keeps of the log: that their entry stood in a
// tree that the company signed, and the way from the entry to its root.
type Receipt struct {
	Code       string
	Entry      string
	Index      int64
	Size       int64
	Leaf       tlog.Hash
	Root       tlog.Hash
	Path       tlog.RecordProof
	Checkpoint string
}

// ReceiptFile is the JSON. Hashes are base64.
type ReceiptFile struct {
	Format     string   `json:"format"`
	Code       string   `json:"code"`
	Entry      string   `json:"entry"`
	Index      int64    `json:"index"`
	Size       int64    `json:"size"`
	Leaf       string   `json:"leaf"`
	Root       string   `json:"root"`
	Path       []string `json:"path"`
	Checkpoint string   `json:"checkpoint"`
}

// JSON writes the receipt.
func (r Receipt) JSON() ([]byte, error) {
	f := ReceiptFile{ReceiptFormat, r.Code, r.Entry, r.Index, r.Size, r.Leaf.String(), r.Root.String(), []string{}, r.Checkpoint}
	for _, h := range r.Path {
		f.Path = append(f.Path, h.String())
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	return append(raw, '\n'), err
}

// ParseReceipt reads a receipt and checks that it is one: the signature of its
// checkpoint, and that the path leads from its leaf to the signed root. Errors:
// fault.Invalid with code audit.receipt.
func ParseReceipt(src []byte, verifiers ...note.Verifier) (Receipt, error) {
	bad := func(err error) (Receipt, error) {
		return Receipt{}, fault.New(fault.Invalid, "audit.receipt").At("audit.ParseReceipt", err)
	}
	var f ReceiptFile
	if err := json.Unmarshal(src, &f); err != nil || f.Format != ReceiptFormat {
		return bad(err)
	}
	r := Receipt{Code: f.Code, Entry: f.Entry, Index: f.Index, Size: f.Size, Checkpoint: f.Checkpoint}
	hashes := make([]tlog.Hash, 0, len(f.Path)+2)
	for _, s := range append([]string{f.Leaf, f.Root}, f.Path...) {
		b, err := base64.StdEncoding.Strict().DecodeString(s)
		if err != nil || len(b) != tlog.HashSize {
			return bad(err)
		}
		hashes = append(hashes, tlog.Hash(b))
	}
	r.Leaf, r.Root, r.Path = hashes[0], hashes[1], hashes[2:]
	c, err := OpenCheckpoint(f.Checkpoint, verifiers...)
	if err != nil || c.Size != r.Size || c.Root != r.Root {
		return bad(err)
	}
	if err := tlog.CheckRecord(r.Path, r.Size, r.Root, r.Index, r.Leaf); err != nil {
		return bad(err)
	}
	return r, nil
}

// Span is the entries from From up to but not including To.
type Span struct{ From, To int64 }

// spans are the entries that each hash of a path stands for, as RFC 6962 §2.1.1
// builds it: from the leaf to the root.
func spans(index, size int64) []Span {
	var out []Span
	var walk func(from, to int64)
	walk = func(from, to int64) {
		n := to - from
		if n <= 1 {
			return
		}
		k := int64(1)
		for k*2 < n {
			k *= 2
		}
		if index < from+k {
			walk(from, from+k)
			out = append(out, Span{from + k, to})
		} else {
			walk(from+k, to)
			out = append(out, Span{from, from + k})
		}
	}
	walk(0, size)
	return out
}

// hashes reads the stored hashes of a tree in memory.
type hashes []tlog.Hash

func (h hashes) ReadHashes(places []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(places))
	for i, p := range places {
		if p < 0 || p >= int64(len(h)) {
			return nil, fault.New(fault.Internal, "internal").At("audit.hashes", nil)
		}
		out[i] = h[p]
	}
	return out, nil
}

// Compare compares the log as it is with receipts that were checked. It
// returns the smallest spans of entries that the receipts leave under
// suspicion: those that a receipt contradicts and none vouches for. No span
// means that every receipt still holds. Entries that a logged restore gave up
// are not looked at; restored are their spans.
//
// The log is derived anew from its entries; its memory grows with them (64
// bytes an entry).
func Compare(ctx context.Context, src Source, receipts []Receipt, restored []Span) ([]Span, error) {
	var tree hashes
	var size int64
	for from := int64(math.MinInt64); ; {
		page, err := src.Rows(ctx, from, pageSize)
		if err != nil {
			return nil, fault.Wrap("audit.Compare", err)
		}
		if len(page) == 0 {
			break
		}
		for i := range page {
			if page[i].Index != size { // a gap: Verify tells of it; here the log ends
				break
			}
			leaf := tlog.Hash(sha256.Sum256(page[i].Entry.appendLeaf([]byte{0})))
			more, err := tlog.StoredHashesForRecordHash(size, leaf, tree)
			if err != nil {
				return nil, fault.Wrap("audit.Compare", err)
			}
			tree = append(tree, more...)
			size++
		}
		last := page[len(page)-1].Index
		if last < from || last == math.MaxInt64 || last+1 != size {
			break
		}
		from = last + 1
	}
	var good, bad []Span
	for _, r := range receipts {
		now := func(s Span) (tlog.Hash, bool) { // hash of a span of the present log
			if s.To > size {
				return tlog.Hash{}, false
			}
			h, err := spanHash(s, tree)
			return h, err == nil
		}
		judge := func(s Span, was tlog.Hash) {
			if h, ok := now(s); ok && h == was {
				good = append(good, s)
			} else {
				bad = append(bad, s)
			}
		}
		judge(Span{r.Index, r.Index + 1}, r.Leaf)
		for i, s := range spans(r.Index, r.Size) {
			judge(s, r.Path[i])
		}
	}
	return without(bad, append(good, restored...)), nil
}

// spanHash is the hash of a span of the tree as RFC 6962 §2.1 defines it.
func spanHash(s Span, tree hashes) (tlog.Hash, error) {
	n := s.To - s.From
	if n == 1 {
		h, err := tree.ReadHashes([]int64{tlog.StoredHashIndex(0, s.From)})
		if err != nil {
			return tlog.Hash{}, err
		}
		return h[0], nil
	}
	k := int64(1)
	for k*2 < n {
		k *= 2
	}
	left, err := spanHash(Span{s.From, s.From + k}, tree)
	if err != nil {
		return left, err
	}
	right, err := spanHash(Span{s.From + k, s.To}, tree)
	return tlog.NodeHash(left, right), err
}

// without returns what of bad is in no good span, in order and joined.
func without(bad, good []Span) []Span {
	for _, g := range good {
		var rest []Span
		for _, b := range bad {
			if g.To <= b.From || b.To <= g.From {
				rest = append(rest, b)
				continue
			}
			if b.From < g.From {
				rest = append(rest, Span{b.From, g.From})
			}
			if g.To < b.To {
				rest = append(rest, Span{g.To, b.To})
			}
		}
		bad = rest
	}
	slices.SortFunc(bad, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var out []Span
	for _, b := range bad {
		if n := len(out); n > 0 && b.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, b.To)
			continue
		}
		out = append(out, b)
	}
	return out
}
