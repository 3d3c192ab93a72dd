// Package spool keeps what customers declare as files while the server, or its
// database, is away: one file for each declaration, on the disk before anybody
// is told that it is kept. It registers nothing and knows no database, no page
// and no letter; whoever delivers removes a file once the declaration is
// registered, and not before.
//
// The rules of the folder:
//
//	waiting/NAME.json  is whole from the moment it is there, and never changed
//	waiting/.new-*     is being written; of no use, whoever left it behind
//	aside/NAME.json    cannot be registered: a person has to look
//	company.json       who the company is to its customers, from the server
//
// Names are sums of what makes two declarations the same, so that one that is
// sent twice is kept once, across restarts and whoever writes.
package spool

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// Declaration is what somebody declared, with the instant that counts.
type Declaration struct {
	ID        string    `json:"id"`   // it is registered once under it, however often it is delivered
	Code      string    `json:"code"` // that they were told; follows from ID
	At        time.Time `json:"at"`   // when it was received
	Name      string    `json:"name,omitempty"`
	Account   string    `json:"account"`
	Receipt   string    `json:"receipt,omitempty"`
	Reference string    `json:"reference,omitempty"`
	When      string    `json:"when,omitempty"`
	Act       string    `json:"act,omitempty"`    // cancel or withdraw; empty: cancel
	Kind      string    `json:"kind,omitempty"`   // ordinary or for_cause, where it was asked
	Ground    string    `json:"ground,omitempty"` // of one for cause
	Line      string    `json:"line,omitempty"`   // number of a telephone line
	Language  string    `json:"language"`
	Network   string    `json:"network,omitempty"` // block of addresses that it came from
}

// maxFile bounds a file; the texts of a declaration are bounded far below.
const maxFile = 16 << 10

// Parse reads a file strictly. Errors are fault.Invalid with the code
// spool.unreadable, and the cause.
func Parse(raw []byte) (d Declaration, err error) {
	bad := func(cause error) (Declaration, error) {
		return Declaration{}, fault.New(fault.Invalid, "spool.unreadable").At("spool.Parse", cause)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return bad(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return bad(errors.New("something follows the declaration"))
	}
	switch {
	case d.ID == "" || len(d.ID) > 64:
		return bad(errors.New("no id"))
	case d.Code != id.CodeFor(d.ID):
		return bad(errors.New("the code is not that of the id"))
	case d.At.IsZero() || d.At.Year() > 9999:
		return bad(errors.New("no instant"))
	case d.Account == "":
		return bad(errors.New("no account"))
	}
	d.At = d.At.UTC().Truncate(time.Microsecond)
	return d, nil
}

// Folder is the folder of a spool. It may be used by any number of goroutines
// and processes.
type Folder struct {
	dir  string
	most int // declarations that may wait

	mu      sync.Mutex
	counted time.Time
	n       int
}

// waiting and aside are the folders below.
const (
	waiting = "waiting"
	aside   = "aside"
	suffix  = ".json"
	unborn  = ".new-"
)

// Open makes the folder if it is not there, for its owner alone. most bounds the
// declarations that may wait in it; 0: there is no bound.
func Open(dir string, most int) (*Folder, error) {
	for _, d := range []string{dir, filepath.Join(dir, waiting), filepath.Join(dir, aside)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, broken("spool.Open", err)
		}
	}
	return &Folder{dir: dir, most: most}, nil
}

// Dir is where it lies.
func (f *Folder) Dir() string { return f.dir }

// broken words an error of the disk: what was asked for did not happen.
func broken(op string, err error) error {
	code := "spool.unwritable"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code = "spool.full"
	}
	return fault.New(fault.Transient, code).At(op, err)
}

// Keep writes a declaration down under what makes it the same as another, and
// returns only when it would outlive a loss of power. Where the same is kept
// already, that one is returned and nothing is written: whoever sends twice
// gets the first instant. Errors are fault.Transient: nothing was kept.
func (f *Folder) Keep(d Declaration, same ...string) (Declaration, error) {
	d.At = d.At.UTC().Truncate(time.Microsecond)
	raw, err := json.Marshal(d)
	if err != nil {
		return d, fault.Wrap("spool.Keep", err)
	}
	path := f.path(waiting, nameOf(same))
	for range 10 { // one that is delivered just now is there, and then is not
		if kept, err := read(path); err == nil {
			return kept, syncFolder(filepath.Dir(path)) // whoever wrote it may not have come so far
		} else if !errors.Is(err, fs.ErrNotExist) {
			return d, broken("spool.Keep", err)
		}
		if err := f.room(d.At); err != nil {
			return d, err
		}
		if err := write(path, raw); err == nil {
			return d, nil
		} else if !errors.Is(err, fs.ErrExist) {
			return d, broken("spool.Keep", err)
		}
	}
	return d, broken("spool.Keep", fs.ErrExist)
}

// nameOf is a name that says nothing about anybody.
func nameOf(same []string) string {
	h := sha256.New()
	for _, s := range same {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}

func (f *Folder) path(folder, name string) string { return filepath.Join(f.dir, folder, name+suffix) }

// recount is how old a count of what waits may be.
const recount = time.Second

// room refuses when too many wait.
func (f *Folder) room(now time.Time) error {
	if f.most == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.counted).Abs() > recount {
		list, err := f.Waiting()
		if err != nil {
			return err
		}
		f.counted, f.n = now, len(list)
	}
	if f.n >= f.most {
		return fault.New(fault.Transient, "spool.full").At("spool.Keep", errors.New("too many wait"))
	}
	f.n++
	return nil
}

// write puts a whole file in its place, or nothing; fs.ErrExist when one is
// there. What it returned for survives a loss of power.
func write(path string, raw []byte) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, unborn+"*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(raw)
	if err == nil {
		err = tmp.Sync()
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	if err := syncFolder(dir); err != nil {
		// They are told that nothing is kept: so nothing is.
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func read(path string) (Declaration, error) {
	file, err := os.Open(path)
	if err != nil {
		return Declaration{}, err
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return Declaration{}, err
	}
	if len(raw) > maxFile {
		return Declaration{}, fault.New(fault.Invalid, "spool.unreadable").At("spool.read", errors.New("larger than any declaration"))
	}
	return Parse(raw)
}

// Waiting are the names of what waits to be delivered.
func (f *Folder) Waiting() ([]string, error) { return f.names(waiting) }

// Aside are the names of what cannot be registered.
func (f *Folder) Aside() ([]string, error) { return f.names(aside) }

func (f *Folder) names(folder string) (out []string, err error) {
	list, err := os.ReadDir(filepath.Join(f.dir, folder))
	if err != nil {
		return nil, broken("spool.names", err)
	}
	for _, e := range list {
		if name, ok := strings.CutSuffix(e.Name(), suffix); ok && !strings.HasPrefix(name, ".") {
			out = append(out, name)
		}
	}
	return out, nil
}

// Look is what can be said of a spool without reading what is in it.
type Look struct {
	Waiting int
	Oldest  time.Time // when the oldest that waits was written; zero: none waits
	Aside   int
}

// Look counts.
func (f *Folder) Look() (l Look, err error) {
	list, err := f.Waiting()
	if err != nil {
		return l, err
	}
	for _, name := range list {
		info, err := os.Stat(f.path(waiting, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // delivered meanwhile
		}
		if err != nil {
			return l, broken("spool.Look", err)
		}
		if l.Waiting++; l.Oldest.IsZero() || info.ModTime().Before(l.Oldest) {
			l.Oldest = info.ModTime()
		}
	}
	rest, err := f.Aside()
	l.Aside = len(rest)
	return l, err
}

// Sweep removes what was being written when somebody was killed, once it is
// older than an hour: it has words of customers in it.
func (f *Folder) Sweep(now time.Time) error {
	list, err := filepath.Glob(filepath.Join(f.dir, waiting, unborn+"*"))
	for _, path := range list {
		if info, e := os.Stat(path); e == nil && now.Sub(info.ModTime()) > time.Hour {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// Register registers a declaration, once for each ID, and reports whether this
// was that time. It returns no error only when that is committed.
type Register func(Declaration) (fresh bool, err error)

// Delivered is what became of what waited.
type Delivered struct {
	Fresh int // registered now
	Known int // had been registered before
	Aside []string
	Left  int   // not registered yet
	Err   error // why, of the last one that is left
}

// Deliver hands everything that waits to register, the oldest first, and removes
// each file once it is registered. What can never be registered (fault.Invalid)
// is laid aside. Where the database is away it stops; nothing is
// lost by stopping anywhere.
func (f *Folder) Deliver(register Register) (out Delivered) {
	list, err := f.byTime()
	if err != nil {
		return Delivered{Err: err}
	}
	odd := 0
	for i, name := range list {
		fresh, err := f.deliver(name, register)
		switch kind := fault.KindOf(err); {
		case errors.Is(err, fs.ErrNotExist): // somebody else delivered it
		case err == nil && fresh:
			out.Fresh++
		case err == nil:
			out.Known++
		case kind == fault.Invalid:
			if err := f.lay(name); err != nil {
				out.Left, out.Err = out.Left+1, err
				continue
			}
			out.Aside = append(out.Aside, name)
		default:
			out.Left, out.Err = out.Left+1, err
			if odd++; kind == fault.Transient || odd == enough {
				out.Left += len(list) - i - 1
				return out
			}
		}
	}
	return out
}

// enough is how many may fail for reasons of our own before the rest waits for
// the next time.
const enough = 10

// byTime are the names of what waits, oldest first; what cannot be read is last.
func (f *Folder) byTime() ([]string, error) {
	list, err := f.Waiting()
	if err != nil {
		return nil, err
	}
	written := map[string]time.Time{}
	for _, name := range list {
		if info, err := os.Stat(f.path(waiting, name)); err == nil {
			written[name] = info.ModTime()
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		if c := written[a].Compare(written[b]); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return list, nil
}

func (f *Folder) deliver(name string, register Register) (fresh bool, err error) {
	path := f.path(waiting, name)
	d, err := read(path)
	if err != nil {
		return false, err
	}
	if fresh, err = register(d); err != nil {
		return false, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fresh, broken("spool.Deliver", err) // delivered again, it is known
	}
	return fresh, syncFolder(filepath.Dir(path))
}

// lay puts a file where people look at it.
func (f *Folder) lay(name string) error {
	if err := os.Rename(f.path(waiting, name), f.path(aside, name)); err != nil {
		return broken("spool.lay", err)
	}
	if err := errors.Join(syncFolder(filepath.Join(f.dir, aside)), syncFolder(filepath.Join(f.dir, waiting))); err != nil {
		return broken("spool.lay", err)
	}
	return nil
}

// Try writes something and takes it away, to see whether declarations could be
// kept.
func (f *Folder) Try() error {
	path := filepath.Join(f.dir, waiting, unborn+"try")
	raw := bytes.Repeat([]byte{'.'}, maxFile)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.Write(raw)
		err = errors.Join(err, file.Sync(), file.Close(), os.Remove(path))
	}
	if err != nil {
		return broken("spool.Try", err)
	}
	return nil
}
