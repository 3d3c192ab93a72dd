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

// Put keeps a piece, in the place of what was there under its number. When it
// returns, the piece would outlive a loss of power. Errors are Transient
// (blobs.full, blobs.unwritable): what was there stays.
func (f *Folder) Put(_ context.Context, set string, file, piece int, body []byte) (err error) {
	const op = "blobs.Put"
	dir, err := f.at(set)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return broken(op, err)
	}
	t, err := os.CreateTemp(dir, unborn)
	if err != nil {
		return broken(op, err)
	}
	_, err = t.Write(body)
	if err == nil {
		err = t.Sync()
	}
	if e := t.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(t.Name(), filepath.Join(dir, name(file, piece)))
	}
	if err == nil {
		err = sync(dir)
	}
	if err != nil {
		_ = os.Remove(t.Name())
		return broken(op, err)
	}
	return nil
}

func name(file, piece int) string { return fmt.Sprintf("%d-%d", file, piece) }

// sync has the folder itself on the disk, and so what it calls its files.
func sync(dir string) error {
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
