package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/fault"
)

// prepareFolder makes the folder, or refuses one that others may enter.
func prepareFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return private(dir, info)
}

// private refuses what anybody but the owner may touch.
func private(path string, info fs.FileInfo) error {
	if m := info.Mode().Perm(); m&0o077 != 0 {
		return fault.New(fault.Invalid, "seal.permissions", "file", path, "mode", fmt.Sprintf("%04o", m))
	}
	return nil
}

// putSecret writes a new file that only the owner may read, whole or not at
// all. If somebody was faster, what they wrote stays and is returned.
func putSecret(path string, content []byte) ([]byte, error) {
	temp, err := writeBeside(path, content)
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp)
	// A link, unlike a rename, never replaces a key that is there.
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return readSecret(path)
}

// putPublic makes the file say content.
func putPublic(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	temp, err := writeBeside(path, content)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(temp, 0o644), os.Rename(temp, path)); err != nil {
		_ = os.Remove(temp)
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// writeBeside writes a file of mode 0600 beside path and returns its name.
func writeBeside(path string, content []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// publicOf returns the verifier text of a signer text
// (PRIVATE+KEY+name+hash+base64 of the algorithm byte and the seed).
func publicOf(signer string) (string, error) {
	parts := strings.SplitN(signer, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("seal: no signer text")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", errors.New("seal: no signer text")
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}
