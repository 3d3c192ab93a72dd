// Package blobs keeps the pieces of large files in a folder beside the
// database. A piece comes sealed and is written whole: it is there, or it is
// not. Which pieces belong together, and what is in them, is the database's to
// say.
//
//	SET/FILE-PIECE  a piece: numbers from zero
//	SET/.new-*      is being written; of no use, whoever left it behind
package blobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"hastaluego/internal/fault"
)

// Folder is the folder. It may be used by any number of goroutines and
// processes; several nodes need one that all of them see.
type Folder struct{ dir string }

// Open makes the folder, for its owner alone, when the first piece is kept.
func Open(dir string) *Folder { return &Folder{dir} }

// Dir is where it lies.
func (f *Folder) Dir() string { return f.dir }

// names are those of sets: ids.
var names = regexp.MustCompile(`^[a-z]{3}_[0-9a-zA-Z]{1,60}$`)

const unborn = ".new-"

func (f *Folder) at(set string) (string, error) {
	if f.dir == "" || !names.MatchString(set) {
		return "", fault.New(fault.Internal, "internal").At("blobs: the folder "+f.dir+" or the name of a set "+set, nil)
	}
	return filepath.Join(f.dir, set), nil
}

// broken words an error of the disk. A full one is Transient: somebody makes
// room.
func broken(op string, err error) error {
	code := "blobs.unwritable"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code = "blobs.full"
	}
	return fault.New(fault.Transient, code).At(op, err)
}

// Put keeps the pieces that fill hands over, each in the place of what was there under
// its number; a body is read before put returns, and nobody holds it afterwards. When
// Put returns, they would outlive a loss of power: what the disk takes for that it takes
// once for all of them. Errors are Transient (blobs.full, blobs.unwritable), or what fill
// returned: then any of them may be there, whole, and of the others what was there.
func (f *Folder) Put(_ context.Context, set string, fill func(put func(file, piece int, body []byte) error) error) (err error) {
	const op = "blobs.Put"
	dir, err := f.at(set)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return broken(op, err)
	}
	var list []written
	defer func() {
		for _, x := range list { // what is not in its place
			_ = os.Remove(x.temp.Name())
		}
	}()
	err = fill(func(file, piece int, body []byte) error {
		t, err := os.CreateTemp(dir, unborn)
		if err != nil {
			return broken(op, err)
		}
		list = append(list, written{temp: t, name: name(file, piece)})
		if _, err := t.Write(body); err != nil {
			return broken(op, err)
		}
		return nil
	})
	if e := syncAll(list); err == nil && e != nil {
		err = broken(op, e)
	}
	if err != nil || len(list) == 0 {
		return err
	}
	for len(list) > 0 {
		if err := os.Rename(list[0].temp.Name(), filepath.Join(dir, list[0].name)); err != nil {
			return broken(op, err)
		}
		list = list[1:]
	}
	if err := syncFolder(dir); err != nil {
		return broken(op, err)
	}
	return nil
}

// written is a piece that is written and would not outlive a loss of power yet.
type written struct {
	temp *os.File
	name string // that it gets
}

// syncAll has them on the disk, all at once, as it takes little longer than one, and
// closes them.
func syncAll(list []written) error {
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, x := range list {
		all.Go(func() { errs[i] = errors.Join(x.temp.Sync(), x.temp.Close()) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func name(file, piece int) string { return fmt.Sprintf("%d-%d", file, piece) }

// syncFolder has the folder itself on the disk, and so what it calls its files.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}

// Get reads a piece. One that is not there is NotFound (blobs.missing).
func (f *Folder) Get(_ context.Context, set string, file, piece int) ([]byte, error) {
	const op = "blobs.Get"
	dir, err := f.at(set)
	if err != nil {
		return nil, err
	}
	body, err := os.ReadFile(filepath.Join(dir, name(file, piece)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "blobs.missing").At(op, err)
	}
	if err != nil {
		return nil, fault.New(fault.Transient, "blobs.unreadable").At(op, err)
	}
	return body, nil
}

// Drop removes every piece of a set; again it changes nothing.
func (f *Folder) Drop(_ context.Context, set string) error {
	dir, err := f.at(set)
	if err == nil {
		if e := os.RemoveAll(dir); e != nil {
			err = broken("blobs.Drop", e)
		}
	}
	return err
}

// Sets are those of which something is there that nothing was added to since.
func (f *Folder) Sets(_ context.Context, since time.Time) (sets []string, err error) {
	list, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.New(fault.Transient, "blobs.unreadable").At("blobs.Sets", err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil || !e.IsDir() || strings.HasPrefix(e.Name(), ".") || !names.MatchString(e.Name()) || info.ModTime().After(since) {
			continue
		}
		sets = append(sets, e.Name())
	}
	return sets, nil
}
