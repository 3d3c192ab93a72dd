package mail

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"hastaluego/internal/fault"
)

// Folder writes messages as .eml files, which mail programs open, for a house
// without a mail server. The name is the Message-ID, so a message that is sent
// again replaces itself.
type Folder struct{ dir string }

// NewFolder makes the folder if it is not there; only its owner can read it.
func NewFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap("mail.NewFolder", err)
	}
	return &Folder{dir}, nil
}

// Send writes the message. The file is there whole, or not at all. Errors:
// fault.Invalid as SMTP's for what cannot be a mail, fault.Transient
// (mail.unreachable) when it cannot be written.
func (f *Folder) Send(ctx context.Context, m Message) error {
	const op = "mail.Folder"
	if err := ctx.Err(); err != nil {
		return fault.New(fault.Transient, "mail.unreachable").At(op, err)
	}
	msg, err := compose(m)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return fault.Wrap(op, err)
	}
	if err := write(filepath.Join(f.dir, fileName(m.ID)), b.Bytes()); err != nil {
		return fault.New(fault.Transient, "mail.unreachable").At(op, err)
	}
	return nil
}

// Forget deletes the file of a message; again, it changes nothing. Errors:
// fault.Transient (mail.unreachable) when it cannot be deleted, or the folder is
// not there.
func (f *Folder) Forget(id string) error {
	if kept, err := f.Keeps(id); err != nil || !kept {
		return err
	}
	if err := os.Remove(filepath.Join(f.dir, fileName(id))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Transient, "mail.unreachable").At("mail.Folder", err)
	}
	return nil
}

// Keeps reports whether there is a file of a message. Errors as Forget: of a folder
// that is away nobody knows what is in it.
func (f *Folder) Keeps(id string) (bool, error) {
	_, err := os.Stat(filepath.Join(f.dir, fileName(id)))
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(f.dir)
		if err == nil {
			return false, nil
		}
	}
	if err != nil {
		return false, fault.New(fault.Transient, "mail.unreachable").At("mail.Folder", err)
	}
	return true, nil
}

// fileName keeps what is harmless in any file system.
func fileName(id string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '@', r == '.':
			return r
		}
		return '_'
	}, strings.Trim(id, "<>"))
	if len(name) > 150 {
		name = name[:150]
	}
	return strings.TrimLeft(name, ".") + ".eml"
}

func write(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".mail-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
