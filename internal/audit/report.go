package audit

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// What says what is wrong. The values are message codes behind "audit.".
type What string

// What Verify can find.
const (
	HeaderChanged       What = "header_changed"       // a header does not give the leaf hash stored beside it
	LeafNotInTree       What = "leaf_not_in_tree"     // a header does not give the leaf hash in the tree
	TreeHashWrong       What = "tree_hash_wrong"      // a stored hash inside the tree does not follow from the leaves
	TreeHashMissing     What = "tree_hash_missing"    // a hash of the tree is not stored
	TreeHashExtra       What = "tree_hash_extra"      // a stored hash that the tree does not have
	RowMissing          What = "row_missing"          // no entry has the indexes From to To (To excluded)
	RowExtra            What = "row_extra"            // an index is there twice or is no index
	SizeWrong           What = "size_wrong"           // the head says another number of entries than there are
	RootWrong           What = "root_wrong"           // the head says another root than the entries give
	CaseOrder           What = "case_order"           // a stream is not 1, 2, 3 … in the order of the log
	BodyWrong           What = "body_wrong"           // salt and body are not what the entry commits to
	BodyUnreadable      What = "body_unreadable"      // a body cannot be opened and no entry says that its key was destroyed
	KeySurvives         What = "key_survives"         // an entry says that a key was destroyed, yet it still opens bodies
	CheckpointSignature What = "checkpoint_signature" // a checkpoint of the database is not signed by the log
	CheckpointWrong     What = "checkpoint_wrong"     // the entries do not give the root that was signed
	CheckpointBeyond    What = "checkpoint_beyond"    // more entries were signed than there are
	ExternalSignature   What = "external_signature"   // as above, for a checkpoint kept outside
	ExternalWrong       What = "external_wrong"       // as above: the past was rewritten
	ExternalBeyond      What = "external_beyond"      // as above: the end was cut off
	TailUnsigned        What = "tail_unsigned"        // the entries From to To (To excluded) are in no signed checkpoint, for too long
	PendingOld          What = "pending_old"          // an entry waits too long for its index: the sequencer stands still
	EntryHidden         What = "entry_hidden"         // entries are stored that neither have an index nor wait for one
)

// Finding is one thing that is wrong.
type Finding struct {
	What    What
	Index   int64  // of the entry, -1 if it is about none
	EntryID string // as stored; empty if it is about none
	Stream  string // for CaseOrder
	KeyID   string // for what is about a key
	// From and To is a range of indexes, To excluded. For a checkpoint that is
	// not reproduced the first difference lies in it: From is the size of the
	// largest smaller checkpoint that is.
	From, To int64
	// Place is the number of the checkpoint in its list, or of the stored hash.
	Place int64
	Count int64 // how many, where one finding stands for several
}

// String is for logs and command lines; words for people come from What.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(string(f.What))
	number := func(name string, n int64) { fmt.Fprintf(&b, " %s=%d", name, n) }
	if f.Index >= 0 {
		number("index", f.Index)
	}
	for _, x := range [][2]string{{"entry", f.EntryID}, {"stream", f.Stream}, {"key", f.KeyID}} {
		if x[1] != "" {
			fmt.Fprintf(&b, " %s=%q", x[0], x[1])
		}
	}
	if f.From != 0 || f.To != 0 {
		number("from", f.From)
		number("to", f.To)
	}
	switch f.What {
	case TreeHashWrong, TreeHashMissing, TreeHashExtra, CheckpointSignature, CheckpointWrong, CheckpointBeyond,
		ExternalSignature, ExternalWrong, ExternalBeyond:
		number("place", f.Place)
	}
	if f.Count != 0 {
		number("count", f.Count)
	}
	return b.String()
}

// Report is what Verify saw.
type Report struct {
	Entries     int64     // those with an index
	Root        tlog.Hash // that they give
	Streams     int64
	Opened      int64 // bodies that were opened and match
	Erased      int64 // bodies whose destroyed key is in the log
	Checkpoints int64 // of the database that hold
	External    int64 // kept outside that hold
	Signed      int64 // entries that the newest checkpoint that holds contains
	Outside     int64 // entries that the newest of those kept outside that holds contains
	Pending     int64
	Oldest      time.Time   // when the oldest pending entry was written, zero if none
	Elsewhere   []Finding   `json:"-"` // those kept outside that it has not, or has differently, excused or not
	Restored    []Restoring // what logged restores gave up
	Found       int64       // number of findings
	Findings    []Finding   // the first Options.Keep of them
}

// OK reports whether nothing was found.
func (r Report) OK() bool { return r.Found == 0 }
