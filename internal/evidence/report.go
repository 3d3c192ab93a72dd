package evidence

import "fmt"

// Result is what a line of a report says.
type Result string

// The results.
const (
	OK      Result = "ok"
	Unknown Result = "unknown" // nothing speaks against it, and nothing proves it
	Wrong   Result = "wrong"
)

// Verdict is what a report says of the whole.
type Verdict string

// The verdicts.
const (
	// Proved: everything holds, and it comes from whom was trusted.
	Proved Verdict = "proved"
	// OriginUnknown: it is consistent, and anybody could have made it.
	OriginUnknown Verdict = "origin_unknown"
	// Unproved: it comes from whom was trusted and nothing is wrong, but
	// something that was asked cannot be shown with this pack.
	Unproved Verdict = "unproved"
	// Rejected: something is wrong.
	Rejected Verdict = "rejected"
)

// Line is one thing that was looked at: a code of what (and of what is wrong),
// where it stands, and what the words about it are made of.
type Line struct {
	Check   string // key, manifest, checkpoint, entries …; of what is wrong: its code
	Result  Result
	File    string // in the pack; empty: the pack as a whole
	Pointer string // JSON pointer into that file
	Args    []any  // alternating name and value
}

// Report is what Verify saw.
type Report struct {
	Verdict Verdict
	// Manifest is what the pack says of itself, once it was read.
	Manifest Manifest
	Key      string // of the pack
	Lines    []Line
	// Entries are those of the pack, if they were all proved.
	Entries []Entry
}

// OK reports whether everything holds and comes from whom was trusted.
func (r Report) OK() bool { return r.Verdict == Proved }

// Flaws are the lines about what is wrong.
func (r Report) Flaws() (list []Line) {
	for _, l := range r.Lines {
		if l.Result == Wrong {
			list = append(list, l)
		}
	}
	return list
}

// Place is where a line's matter stands: file#pointer.
func (l Line) Place() string {
	if l.Pointer != "" {
		return l.File + "#" + l.Pointer
	}
	return l.File
}

// String is for logs and tests; words for people come from Check and Result.
func (l Line) String() string {
	s := string(l.Result) + " " + l.Check
	if p := l.Place(); p != "" {
		s += " at " + p
	}
	for i := 0; i+1 < len(l.Args); i += 2 {
		s += fmt.Sprintf(" %v=%v", l.Args[i], l.Args[i+1])
	}
	return s
}

// flaw is something wrong.
type flaw struct{ Line }

func wrong(code, file string, args ...any) *flaw {
	return &flaw{Line{Check: code, Result: Wrong, File: file, Args: args}}
}

// in adds the place in the file.
func (f *flaw) in(pointer string, args ...any) *flaw {
	f.Pointer = fmt.Sprintf(pointer, args...)
	return f
}

// mostFlaws is after how many a report ends: whoever changed everything is told
// the beginning.
const mostFlaws = 50
