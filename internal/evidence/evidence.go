// Package evidence is one file that proves a departure: the entries of the log
// about it with their proofs, the signed checkpoint that they lead to, what the
// entries say, the documents that they name by checksum, and a summary for
// people. It writes such a file and judges one, on any machine, without a
// house. The format is public: docs/reference/evidence.md.
//
// It reads no database, opens no sealed body, holds no key and gathers nothing:
// app does. It shows what was recorded, in which order, and that it was not
// changed since; that what was recorded is true it does not show.
package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/when"
)

// Format is what the manifest of a pack says that it is, and the first line of
// what is signed. It is no origin of a log.
const Format = "hasta-luego/evidence@1"

// The files that every pack has.
const (
	manifestName   = "evidence.json"
	noteName       = "evidence.note"
	checkpointName = "checkpoint.note"
	entriesName    = "entries.json"
	growthName     = "growth.json"
	keyName        = "log.pub"
	summaryName    = "summary.html"
)

// Where what an entry says is not in the pack.
const (
	Destroyed = "destroyed" // its key was destroyed: nobody can read it any more
	Withheld  = "withheld"  // whoever made the pack left it out
)

// Included are the contents of a pack with everything that can still be read.
// Withheld are those of one without what entries say and without documents, but
// for what tells of an erasure.
const Included = "included"

// Kinds of document.
const (
	Certificate = "certificate" // of erasure, as JSON
	Letter      = "letter"      // as it was sent, without what opens something
	File        = "file"        // that somebody attached
	List        = "list"        // of accesses, signed (hasta-luego/access-list@1)
	Receipt     = "receipt"     // proof of one entry (hasta-luego/receipt-proof@1)
)

// Why something that an entry names by its checksum is not in the pack.
const (
	Apart    = "apart"     // the customer's data, which are handed over by themselves
	NotKept  = "not_kept"  // it was handed out and is not kept, or not in that form
	TooLarge = "too_large" // for a pack
)

// naming are the types of entry whose body names a document by its checksum
// ("sha256"), with the kind of document that may answer to each.
var naming = map[string]string{
	"certificate.issued": Certificate,
	"message.sent":       Letter,
	"message.written":    Letter,
	"evidence.added":     File,
	"file.added":         File,
	"access.listed":      List,
	"bundle.ready":       "", // never in a pack
}

// Names reports whether entries of the type name a document by its checksum.
func Names(typ string) bool { _, ok := naming[typ]; return ok }

// Kept reports whether what entries of the type say stays in a pack whose
// contents are withheld: it tells of an erasure, and of nobody.
func Kept(typ string) bool { return typ == audit.KeyDestroyed || typ == "certificate.issued" }

// Stream is a part of the log with its own count: the departure, or a request
// for it. Entries is how many it has, numbered from 1.
type Stream struct {
	Stream  string `json:"stream"`
	Entries int64  `json:"entries"`
}

// Entry is an entry of the log: its header, its place, the path from it to the
// root of the checkpoint, and what it says.
type Entry struct {
	Index      int64    `json:"index"`
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Micros     string   `json:"micros"` // since 1970, decimal
	Actor      string   `json:"actor"`
	Case       string   `json:"case"`
	CaseN      int64    `json:"case_n"`
	Key        string   `json:"key"`
	Commitment string   `json:"commitment"` // base64, as all hashes
	Salt       string   `json:"salt,omitempty"`
	Body       string   `json:"body,omitempty"`   // the bytes that are committed to
	Absent     string   `json:"absent,omitempty"` // why there is no salt and no body
	Path       []string `json:"path"`
}

// Growth proves that the log of an older checkpoint is the beginning of the one
// of the pack.
type Growth struct {
	Size       int64    `json:"size"`
	Root       string   `json:"root"`
	Checkpoint string   `json:"checkpoint"` // signed, with what witnesses signed beside it
	Proof      []string `json:"proof"`
}

// Document is a file of the pack that people read. Entry is the index of the
// entry that names it by its checksum; nil: none does, and whoever signed the
// pack answers for it.
type Document struct {
	Path  string `json:"path"`
	Kind  string `json:"kind"`
	Media string `json:"media"`
	Name  string `json:"name"`
	Entry *int64 `json:"entry"`
	Body  []byte `json:"-"`
}

// Absent is something that an entry names by its checksum and the pack has not.
type Absent struct {
	Entry  int64  `json:"entry"`
	SHA256 string `json:"sha256"`
	Why    string `json:"why"`
}

// listedFile is a file of the pack as the manifest lists it.
type listedFile struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Manifest says what is in a pack. Whoever signs it says so: that these are the
// files, and that until the checkpoint the streams have so many entries.
type Manifest struct {
	Format    string       `json:"format"`
	Code      string       `json:"code"`
	Case      string       `json:"case"`
	Company   string       `json:"company"`
	MadeAt    string       `json:"made_at"` // RFC 3339
	Language  string       `json:"language"`
	Origin    string       `json:"origin"` // of the log
	Size      int64        `json:"size"`
	Root      string       `json:"root"`
	Contents  string       `json:"contents"` // Included or Withheld
	Streams   []Stream     `json:"streams"`
	Documents []Document   `json:"documents"`
	Absent    []Absent     `json:"absent"`
	Files     []listedFile `json:"files"`
}

// Pack is what a pack is made of.
type Pack struct {
	Code, Case, Company string
	Language            string // of the summary: es or en
	MadeAt              time.Time
	Key                 string // of the log: its verifier as text
	Checkpoint          string // signed; all entries are in it
	Contents            string
	Streams             []Stream // the departure first
	Entries             []Entry  // in the order of the log
	Growth              []Growth // in the order of their sizes
	Documents           []Document
	Absent              []Absent
}

// encode writes JSON for people and programs alike: an object or a list with
// each of its members on a line.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// EntryOf is an entry of the log as a pack has it. Without salt and body the
// caller says why (Absent).
func EntryOf(e audit.Entry, index int64, path []tlog.Hash, salt, body []byte) Entry {
	x := Entry{
		Index: index, ID: e.ID, Type: e.Type, Micros: strconv.FormatInt(when.Micros(e.At), 10), Actor: e.Actor, Case: e.Case, CaseN: e.CaseN, Key: e.KeyID,
		Commitment: base64.StdEncoding.EncodeToString(e.Commitment[:]), Path: []string{},
	}
	if salt != nil {
		x.Salt, x.Body = base64.StdEncoding.EncodeToString(salt), string(body)
	}
	for _, h := range path {
		x.Path = append(x.Path, h.String())
	}
	return x
}
