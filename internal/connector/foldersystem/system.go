package foldersystem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// System is one folder behind its declaration. It is safe for concurrent use.
type System struct{ cfg Config }

var (
	_ connector.Exporter = (*System)(nil)
	_ connector.Eraser   = (*System)(nil)
	_ connector.Checker  = (*System)(nil)
)

// New connects the declared folder; it opens nothing. The error is a fault.List of
// Invalid faults with JSON pointers as fields.
func New(cfg Config) (*System, error) {
	var list fault.List
	for _, p := range cfg.check() {
		list = append(list, p.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	return &System{cfg}, nil
}

// Connector returns what the folder can do.
func (s *System) Connector() connector.System {
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Checker: s}
	if len(s.cfg.Export) > 0 {
		out.Exporter = s
	}
	if len(s.cfg.Erase) > 0 {
		out.Eraser = s
	}
	return out
}

// Info describes the system.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// Close has nothing to let go of.
func (s *System) Close() {}

// Collections are the declared folders, in their order.
func (s *System) Collections() []connector.Collection {
	out := make([]connector.Collection, len(s.cfg.Export))
	for i, x := range s.cfg.Export {
		out[i] = connector.Collection{Name: x.Name, Titles: x.Titles, Files: x.Rules}
	}
	return out
}

func (s *System) say(kind fault.Kind, code string) *fault.Error {
	return fault.New(kind, code, "system", s.cfg.System)
}

// fault classes what the machine said. Its words would quote the path, and with it
// the customer.
func (s *System) fault(op string, err error) error {
	var ours *fault.Error
	var cause syscall.Errno
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return s.say(fault.Transient, "connector.not_sent").At(op, err)
	case errors.Is(err, fs.ErrPermission):
		return s.say(fault.Invalid, "connector.no_right").At(op, nil)
	case errors.Is(err, fs.ErrNotExist): // it was there when it was listed
		return s.say(fault.Transient, "connector.not_all").At(op, nil)
	case errors.As(err, &cause):
		return s.say(fault.Transient, "connector.unreachable").At(op, cause)
	}
	return s.say(fault.Transient, "connector.unreachable").At(op, nil)
}

// root opens the declared folder.
func (s *System) root(op string) (*os.Root, error) {
	is, err := os.Stat(s.cfg.Root)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !is.IsDir() {
		return nil, s.say(fault.Invalid, "connector.no_folder").At(op, nil)
	}
	root, err := os.OpenRoot(s.cfg.Root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, s.say(fault.Invalid, "connector.no_folder").At(op, nil)
	case err != nil:
		return nil, s.fault(op, err)
	}
	return root, nil
}

// open opens the folder of an owner; nil when there is none. Everything below is
// reached through it, so that nothing leads out of it.
func (s *System) open(op, collection, owner string) (*os.Root, error) {
	i := slices.IndexFunc(s.cfg.Export, func(x Export) bool { return x.Name == collection })
	if i < 0 {
		return nil, fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At(op, nil)
	}
	below, ok := declaration.Owned(s.cfg.Export[i].Below, owner)
	if !ok {
		return nil, s.say(fault.Invalid, "connector.bad_reference").At(op, nil)
	}
	return s.into(op, below)
}

// errLink says that a link or a file stands where a folder should.
var errLink = errors.New("foldersystem: no folder of its own")

// step goes into a folder that is one itself: through a link one would come to
// what is another customer's.
func step(at *os.Root, name string) (*os.Root, error) {
	is, err := at.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !is.IsDir() {
		return nil, errLink
	}
	next, err := at.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if now, err := next.Stat("."); err != nil || !os.SameFile(is, now) { // it was put in its place meanwhile
		_ = next.Close()
		return nil, errLink
	}
	return next, nil
}

// ReadRows has nothing to read: a folder keeps files.
func (s *System) ReadRows(_ context.Context, collection, _, _ string, _ connector.TableSink) error {
	return fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At("foldersystem.ReadRows", nil)
}

// ListFiles lists what lies in the folder of the owner, at every depth. Names are
// the bytes that they are there, whatever their encoding, and so is their order.
// What is neither a file nor a folder is listed as what cannot be taken along.
func (s *System) ListFiles(ctx context.Context, collection, owner, after string, file func(connector.HeldFile) error) error {
	const op = "foldersystem.ListFiles"
	root, err := s.open(op, collection, owner)
	if root == nil || err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	l := &listing{ctx: ctx, root: root, after: after, file: file}
	err = l.folder("")
	if l.kept != nil {
		return l.kept
	}
	if err != nil {
		return s.fault(op, err)
	}
	return nil
}

// Check opens the folder and reads one name of it.
func (s *System) Check(context.Context) error {
	const op = "foldersystem.Check"
	root, err := s.root(op)
	if err != nil {
		return at(err)
	}
	defer func() { _ = root.Close() }()
	f, err := root.Open(".")
	if err != nil {
		return at(s.fault(op, err))
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Readdirnames(1); err != nil && !errors.Is(err, io.EOF) {
		return at(s.fault(op, err))
	}
	return nil
}

// at says where to look in the declaration.
func at(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.On(declaration.Pointer(declaration.Path("root")))
	}
	return err
}

// version changes when the content of a file does, as far as its size and its time
// tell.
func version(is fs.FileInfo) string { return fmt.Sprintf("%d-%d", is.Size(), is.ModTime().UnixNano()) }
