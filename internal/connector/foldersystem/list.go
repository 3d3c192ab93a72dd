package foldersystem

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"hastaluego/internal/connector"
)

// Bounds of looking at one folder.
const (
	batch = 512  // names that are read at once
	held  = 4096 // names that are held at once: a folder of more is read through again
)

// listing is one folder while it is listed.
type listing struct {
	ctx   context.Context
	root  *os.Root
	after string // what is not behind it was listed before
	file  func(connector.HeldFile) error
	kept  error // what whoever takes the files said
}

// entry is one name in a folder. It is ordered as the paths below it are: those of a
// folder have a slash behind its name.
type entry struct {
	name string
	dir  bool
}

func (e entry) order() string {
	if e.dir {
		return e.name + "/"
	}
	return e.name
}

// folder lists one folder, by its path below the root; empty: the root.
func (l *listing) folder(at string) error {
	last := ""
	for {
		names, more, err := l.next(at, last)
		if err != nil {
			return err
		}
		for _, e := range names {
			if err := l.one(at, e); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		last = names[len(names)-1].order()
	}
}

// next are the first names of a folder behind one of them, in their order, and
// whether there are more. However many a folder has, so many are held and no more.
func (l *listing) next(at, last string) (first []entry, more bool, err error) {
	f, err := l.root.Open(cmp.Or(at, "."))
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = f.Close() }()
	sorted := func() {
		slices.SortFunc(first, func(a, b entry) int { return strings.Compare(a.order(), b.order()) })
		if len(first) > held {
			first, more = first[:held], true
		}
	}
	for {
		if err := l.ctx.Err(); err != nil {
			return nil, false, err
		}
		got, err := f.ReadDir(batch)
		for _, d := range got {
			e := entry{d.Name(), d.IsDir()}
			if (last == "" || e.order() > last) && l.ahead(below(at, e.order())) {
				first = append(first, e)
			}
		}
		if len(first) >= 2*held {
			sorted()
		}
		if errors.Is(err, io.EOF) {
			sorted()
			return first, more, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// ahead reports whether a path, or what lies below it, is behind what was listed
// before.
func (l *listing) ahead(order string) bool {
	return l.after == "" || order > l.after || strings.HasSuffix(order, "/") && strings.HasPrefix(l.after, order)
}

// below is the path of a name in a folder, without cleaning: names may be anything.
func below(at, name string) string {
	if at == "" {
		return name
	}
	return at + "/" + name
}

// one lists what a name stands for.
func (l *listing) one(at string, e entry) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	name := below(at, e.name)
	is, err := l.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is no longer there
	}
	if err != nil {
		return err
	}
	f := connector.HeldFile{Name: name, ModifiedAt: is.ModTime().UTC()}
	switch mode := is.Mode(); {
	case mode.IsDir() && e.dir:
		return l.folder(name)
	case mode.IsDir() != e.dir:
		return fs.ErrNotExist // another thing has its name now, which stands at another place of the order
	case mode.IsRegular():
		f.Size, f.Version = is.Size(), version(is)
	case mode&fs.ModeSymlink != 0:
		f.Skipped = "export.symlink"
	default:
		f.Skipped = "export.not_a_file"
	}
	l.kept = l.file(f)
	return l.kept
}
