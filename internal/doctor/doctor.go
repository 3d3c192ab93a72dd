// Package doctor looks at an installation from outside, as its customers and
// their mail servers do: the public address and its certificate, the mail
// server, the records of the sender's domain, the disk and who may read what
// lies there. It looks and says; it mends nothing, sends no letter, and knows no
// database: what is inside is looked at by the program. It holds no sentence:
// words come from text, by code.
package doctor

import (
	"context"
	"net"
	"slices"
	"time"
)

// Level is how bad it is.
type Level string

// Levels.
const (
	OK      Level = "ok"
	Unknown Level = "unknown" // nobody could look, or was told where
	Warning Level = "warning"
	Fault   Level = "fault"
)

// Finding is one thing that was seen. Its words are doctor.<code>, and what to
// do about it doctor.<code>.do.
type Finding struct {
	Area  string   `json:"area"`
	Code  string   `json:"code"`
	Level Level    `json:"level"`
	Args  []string `json:"args,omitempty"` // alternating name, value
}

// Report is everything that was seen.
type Report []Finding

// Add takes what was seen of an area; nothing seen means that it is well.
func (r *Report) Add(area string, list []Finding) {
	if len(list) == 0 {
		list = []Finding{{Code: area + ".ok", Level: OK}}
	}
	for _, f := range list {
		f.Area = area
		*r = append(*r, f)
	}
}

// Faulty reports whether anything is at fault.
func (r Report) Faulty() bool {
	return slices.ContainsFunc(r, func(f Finding) bool { return f.Level == Fault })
}

// At reports whether an area has a finding of a level.
func (r Report) At(area string, l Level) bool {
	return slices.ContainsFunc(r, func(f Finding) bool { return f.Area == area && f.Level == l })
}

// found is a finding with its arguments.
func found(level Level, code string, args ...string) Finding {
	return Finding{Code: code, Level: level, Args: args}
}

// Found is for those who look at what this package does not know.
func Found(level Level, code string, args ...string) Finding { return found(level, code, args...) }

// Resolver asks a server of names of its own, or the machine's when address is
// empty.
func Resolver(address string) *net.Resolver {
	if address == "" {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: wait}).DialContext(ctx, network, address)
	}}
}

// wait is how long one look takes at most.
const wait = 10 * time.Second
