// Package backup is the file that a house is kept in and comes back from: a
// ZIP that any program opens, with one member of rows per table, the files that
// belong to them, a manifest with the sum of every member, and at its very end
// the sum of all bytes before. It writes and reads row by row, so that no size
// is too large for the memory of the machine.
//
// It knows no database, opens no key and decides nothing: what is kept, and
// where it may come back to, is for others to say. It does not encrypt.
package backup

import (
	"encoding/hex"
	"hash"
	"time"
)

// Format is the version of the file.
const Format = 1

// Manifest says what is in a backup.
type Manifest struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // version that made it
	Engine  string    `json:"engine"`  // sqlite or postgres; either takes it back
	Schema  int64     `json:"schema"`  // number of the newest migration
	MadeAt  time.Time `json:"made_at"`
	Tree    Tree      `json:"tree"`
	Tables  []Table   `json:"tables"`
	Files   []File    `json:"files"`
	LeftOut []string  `json:"left_out"` // files that hold a secret, or could not be read
}

// Tree is the head of the log at that instant, and the newest checkpoint that
// was signed of it.
type Tree struct {
	Size       int64  `json:"size"`
	Root       string `json:"root"`
	Checkpoint string `json:"checkpoint"`
}

// Table is one member of rows.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	SHA256  string   `json:"sha256"`
}

// File is one member that is a file.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Rows is how many rows there are in all.
func (m Manifest) Rows() (n int64) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

const (
	manifestName = "manifest.json"
	rowsFolder   = "rows/"
	filesFolder  = "files/"
	rowsEnding   = ".jsonl"
)

func rowsMember(table string) string { return rowsFolder + table + rowsEnding }

// sealed is what the last bytes of the file say: the sum of all before them.
// They are the comment of the ZIP, which has to have its length beforehand.
const (
	sealWords  = "hasta backup, sha256 of what is before: "
	sealLength = len(sealWords) + 64
)

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
