package foldersystem

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// OpenFile opens a file that is still the one that was listed.
func (s *System) OpenFile(ctx context.Context, collection, owner string, f connector.HeldFile, offset int64) (io.ReadCloser, error) {
	const op = "foldersystem.OpenFile"
	if f.Skipped != "" || offset < 0 || offset > f.Size {
		return nil, s.say(fault.Invalid, "connector.refused").At(op, nil)
	}
	if err := ctx.Err(); err != nil {
		return nil, s.fault(op, err)
	}
	root, err := s.open(op, collection, owner)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, s.say(fault.Transient, "connector.not_all").At(op, nil)
	}
	defer func() { _ = root.Close() }()
	is, err := root.Lstat(f.Name)
	if err != nil {
		return nil, s.fault(op, err)
	}
	if !is.Mode().IsRegular() || version(is) != f.Version {
		return nil, s.say(fault.Transient, "connector.not_all").At(op, nil)
	}
	// Something else may be put in its place at this moment: a pipe would let us wait
	// for ever, and a link leads to another file.
	file, err := root.OpenFile(f.Name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, s.fault(op, err)
	}
	now, err := file.Stat()
	if err == nil && (!os.SameFile(is, now) || version(now) != f.Version) {
		err = s.say(fault.Transient, "connector.not_all").At(op, nil)
	}
	if err == nil {
		_, err = file.Seek(offset, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, s.fault(op, err)
	}
	return &reader{s: s, ctx: ctx, file: file, is: f, left: f.Size - offset}, nil
}

// reader gives as many bytes as were listed, and says at their end whether the file
// is still the one that was opened.
type reader struct {
	s    *System
	ctx  context.Context
	file *os.File
	is   connector.HeldFile
	left int64
}

func (r *reader) Read(p []byte) (int, error) {
	const op = "foldersystem.Read"
	if err := r.ctx.Err(); err != nil {
		return 0, r.s.fault(op, err)
	}
	if r.left == 0 {
		now, err := r.file.Stat()
		switch {
		case err != nil:
			return 0, r.s.fault(op, err)
		case version(now) != r.is.Version:
			return 0, r.s.say(fault.Transient, "connector.not_all").At(op, nil)
		}
		return 0, io.EOF
	}
	n, err := r.file.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF): // it is shorter than it was
		return n, r.s.say(fault.Transient, "connector.not_all").At(op, nil)
	case err != nil:
		return n, r.s.fault(op, err)
	}
	return n, nil
}

func (r *reader) Close() error { return r.file.Close() }
