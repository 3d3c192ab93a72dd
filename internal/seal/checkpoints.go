package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"hastaluego/internal/fault"
)

// Checkpoints is the file of signed checkpoints outside the database: one JSON
// string a line, only ever appended to. It does not judge what it keeps.
type Checkpoints struct {
	mu   sync.Mutex
	path string
}

// AppendCheckpoint adds a checkpoint; when it returns nil, it is on the disk.
// The rest of a line that a crash cut off is removed first.
func (c *Checkpoints) AppendCheckpoint(text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fault.Wrap("seal.AppendCheckpoint", c.append(text))
}

func (c *Checkpoints) append(text string) (err error) {
	var line bytes.Buffer
	e := json.NewEncoder(&line) // ends the line
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return err
	}
	_, missing := os.Lstat(c.path)
	f, err := os.OpenFile(c.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := cutTorn(f); err != nil {
		return err
	}
	if _, err := f.Write(line.Bytes()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if missing != nil {
		return syncFolder(filepath.Dir(c.path))
	}
	return nil
}

// cutTorn removes what follows the last line end.
func cutTorn(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	keep := size
	for b := make([]byte, 1); keep > 0; keep-- {
		if _, err := f.ReadAt(b, keep-1); err != nil {
			return err
		}
		if b[0] == '\n' {
			break
		}
	}
	if keep == size {
		return nil
	}
	return f.Truncate(keep)
}

// ReadCheckpoints returns all checkpoints, oldest first; none if there is no
// file. A last line without its end was never finished and is left out. Any
// other line that is no JSON string is returned as it stands, for the verifier
// to refuse.
func (c *Checkpoints) ReadCheckpoints() ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := os.ReadFile(c.path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap("seal.ReadCheckpoints", err)
	}
	return ParseCheckpoints(b), nil
}

// ParseCheckpoints is ReadCheckpoints for the content of the file, wherever it
// was kept.
func ParseCheckpoints(b []byte) (out []string) {
	for line := range bytes.Lines(b) {
		line, whole := bytes.CutSuffix(line, []byte("\n"))
		if !whole {
			break
		}
		var text string
		if json.Unmarshal(line, &text) != nil {
			text = string(line)
		}
		out = append(out, text)
	}
	return out
}
