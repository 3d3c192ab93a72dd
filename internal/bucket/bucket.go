// Package bucket is a store of the customer's own (S3 and what speaks like it), into
// which they have us put what they take along. It is pure: it calls nobody and never
// holds a secret for longer than it is asked about it.
package bucket

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/fault"
)

// ID identifies a sending (snd_…).
type ID string

// Target is where a file is put, and with which key.
type Target struct {
	Endpoint string `json:"endpoint"` // https://s3.eu-west-1.amazonaws.com
	Region   string `json:"region"`
	Bucket   string `json:"bucket"`
	Folder   string `json:"folder,omitempty"` // without slashes at its ends
	KeyID    string `json:"key_id"`
	Secret   string `json:"secret"`
}

var (
	goodBucket = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	goodRegion = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	goodFolder = regexp.MustCompile(`^[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*$`)
	goodKey    = regexp.MustCompile(`^[!-~]{1,300}$`)
)

// Read makes a target of what somebody typed: spaces around it are none of theirs.
// Errors: Invalid at endpoint, region, bucket, folder, key_id, secret.
func Read(in Target) (Target, fault.List) {
	var l fault.List
	wrong := func(field, code string) { l = append(l, fault.New(fault.Invalid, code).On(field)) }
	for _, s := range []*string{&in.Endpoint, &in.Region, &in.Bucket, &in.Folder, &in.KeyID, &in.Secret} {
		*s = strings.TrimSpace(*s)
	}
	in.Folder = strings.Trim(in.Folder, "/")
	in.Endpoint = strings.TrimRight(in.Endpoint, "/")
	u, err := url.Parse(in.Endpoint)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(in.Endpoint) > 300 {
		wrong("endpoint", "bucket.endpoint")
	}
	if !goodRegion.MatchString(in.Region) {
		wrong("region", "bucket.region")
	}
	if !goodBucket.MatchString(in.Bucket) || strings.Contains(in.Bucket, "..") {
		wrong("bucket", "bucket.name")
	}
	if in.Folder != "" && (len(in.Folder) > 300 || !goodFolder.MatchString(in.Folder) || slices.ContainsFunc(strings.Split(in.Folder, "/"), func(s string) bool { return s == "." || s == ".." })) {
		wrong("folder", "bucket.folder")
	}
	if !goodKey.MatchString(in.KeyID) {
		wrong("key_id", "field.required")
	}
	if !goodKey.MatchString(in.Secret) {
		wrong("secret", "field.required")
	}
	return in, l
}

// Place is where it goes, as a person reads it. It never says the key.
func (t Target) Place() string {
	p := t.Bucket
	if t.Folder != "" {
		p += "/" + t.Folder
	}
	if u, err := url.Parse(t.Endpoint); err == nil {
		p += " (" + u.Host + ")"
	}
	return p
}

// Object is the name of a file there.
func (t Target) Object(file string) string {
	if t.Folder == "" {
		return file
	}
	return t.Folder + "/" + file
}

// State is how far a sending is.
type State string

// The states.
const (
	Sending State = "sending"
	Sent    State = "sent"   // it is there whole, and was looked for there
	Failed  State = "failed" // it is not, for Code
)

// Most is how often a store is tried that does not answer, or does not have what it
// took.
const Most = 10

// Progress is how far a file is on its way; it is kept from one try to the next.
type Progress struct {
	Upload string   `json:"upload,omitempty"` // what the store calls it while it comes in parts
	Parts  []string `json:"parts,omitempty"`  // what it called each part that it took, in their order
	Put    bool     `json:"put,omitempty"`    // all of it was put there: it is looked for
}

// Done is how much of it there is, to compare two of the same file.
func (p Progress) Done() int {
	n := len(p.Parts)
	if p.Upload != "" {
		n++
	}
	if p.Put {
		n++
	}
	return n
}

// Send is one file on its way into a store of the customer's own.
type Send struct {
	ID       ID
	Case     string
	Customer string
	Blob     string
	State    State
	Code     string // of Failed
	Tries    int    // that came to nothing, one after another
	AskedAt  time.Time
	OverAt   time.Time
	Version  int64
}

// Done says that it is there.
func (s *Send) Done(now time.Time) { s.State, s.OverAt = Sent, now }

// Fail says that it is not, and will not be.
func (s *Send) Fail(code string, now time.Time) { s.State, s.Code, s.OverAt = Failed, code, now }
