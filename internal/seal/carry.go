package seal

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/fault"
)

// carried is one line of what Export writes, inside of the encryption.
type carried struct {
	Format int    `json:"format,omitempty"` // of the first line, with what follows it
	Master []byte `json:"master,omitempty"`
	LogKey string `json:"log_key,omitempty"`
	Proof  []byte `json:"proof,omitempty"`

	ID      string `json:"id,omitempty"` // of a subject's key
	Subject string `json:"subject,omitempty"`
	Class   string `json:"class,omitempty"`
	Wrapped []byte `json:"wrapped,omitempty"` // none: destroyed

	Keys *int64 `json:"keys,omitempty"` // of the last line: how many there were
}

const carriedFormat = 1

// Recipient is whoever may open what Export writes: an age1… key, or a
// passphrase.
func Recipient(key, passphrase string) (age.Recipient, error) {
	if key != "" {
		r, err := age.ParseX25519Recipient(key)
		if err != nil {
			return nil, fault.New(fault.Invalid, "seal.recipient").At("seal.Recipient", err)
		}
		return r, nil
	}
	if len([]rune(passphrase)) < 15 {
		return nil, fault.New(fault.Invalid, "seal.passphrase_short")
	}
	return age.NewScryptRecipient(passphrase)
}

// Identity opens what was written to a Recipient: the content of an identity
// file of age, or a passphrase.
func Identity(file, passphrase string) ([]age.Identity, error) {
	if file != "" {
		list, err := age.ParseIdentities(strings.NewReader(file))
		if err != nil {
			return nil, fault.New(fault.Invalid, "seal.identity") // the cause might quote it
		}
		return list, nil
	}
	i, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fault.New(fault.Invalid, "seal.identity")
	}
	return []age.Identity{i}, nil
}

// Export writes every key, encrypted to the recipient and never otherwise. It
// says how many subjects' keys there are, destroyed ones too.
func (k *Keys) Export(ctx context.Context, to io.Writer, who age.Recipient) (n int64, err error) {
	const op = "seal.Export"
	secret, err := age.Encrypt(to, who)
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	logKey, err := readSecret(filepath.Join(filepath.Dir(k.path), "log.key"))
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	proof, err := k.table.proof(ctx)
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	lines := json.NewEncoder(secret)
	if err := lines.Encode(carried{Format: carriedFormat, Master: k.master, LogKey: string(logKey), Proof: proof}); err != nil {
		return 0, fault.Wrap(op, err)
	}
	if err := k.table.every(ctx, func(c carried) error { n++; return lines.Encode(c) }); err != nil {
		return 0, fault.Wrap(op, err)
	}
	return n, fault.Wrap(op, errors.Join(lines.Encode(carried{Keys: &n}), secret.Close()))
}

// Import puts what Export wrote into a folder, and a PostgreSQL (nil: keys.db in
// the folder), that have no keys yet. Errors: fault.Invalid (seal.identity)
// when it cannot be opened, (seal.carried) when it is cut or was changed;
// fault.Conflict (seal.in_use) when there are other keys.
func Import(ctx context.Context, dir string, db *sql.DB, from io.Reader, who ...age.Identity) (n int64, err error) {
	const op = "seal.Import"
	plain, err := age.Decrypt(from, who...)
	if err != nil {
		return 0, fault.New(fault.Invalid, "seal.identity").At(op, err)
	}
	broken := fault.New(fault.Invalid, "seal.carried")
	lines := bufio.NewReader(plain)
	next := func() (c carried, err error) {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return c, broken.At(op, err)
		}
		if err := json.Unmarshal(line, &c); err != nil {
			return c, broken // the cause might quote a key
		}
		return c, nil
	}
	first, err := next()
	if err != nil {
		return 0, err
	}
	if _, err := note.NewSigner(strings.TrimSpace(first.LogKey)); err != nil || first.Format != carriedFormat || len(first.Master) != masterSize {
		return 0, broken
	}
	if err := prepareFolder(dir); err != nil {
		return 0, fault.Wrap(op, err)
	}
	t := &table{db: db, schema: "hasta_keys."}
	if db == nil {
		if db, err = openFile(filepath.Join(dir, "keys.db")); err != nil {
			return 0, fault.Wrap(op, err)
		}
		defer db.Close()
		t = &table{db: db, file: true}
	}
	if err := t.create(ctx); err != nil {
		return 0, err
	}
	err = t.fill(ctx, first.Proof, func(put func(carried) error) error {
		for {
			c, err := next()
			if err != nil {
				return err
			}
			if c.Keys != nil {
				if *c.Keys != n {
					return broken
				}
				break
			}
			if err := put(c); err != nil {
				return err
			}
			n++
		}
		// Before the rows are committed: files of an Import that was interrupted are
		// the same ones.
		for name, want := range map[string][]byte{"master.key": first.Master, "log.key": []byte(first.LogKey)} {
			got, err := putSecret(filepath.Join(dir, name), want)
			if err != nil {
				return err
			}
			if !bytes.Equal(got, want) {
				return fault.New(fault.Conflict, "seal.in_use", "folder", dir)
			}
		}
		return nil
	})
	return n, fault.Wrap(op, err)
}

// HasKeys reports whether the folder was ever used.
func HasKeys(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "master.key"))
	return err == nil
}

// Empty reports whether no subject ever had a key here: with PostgreSQL they
// are not in the folder, and a folder alone opens nothing.
func (k *Keys) Empty(ctx context.Context) (bool, error) {
	empty, err := k.table.empty(ctx)
	return empty, fault.Wrap("seal.Empty", err)
}

// Adopt makes the checkpoints of a backup those of a folder that has none.
func (c *Checkpoints) Adopt(content []byte) error {
	if len(content) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if info, err := os.Lstat(c.path); err == nil && info.Size() > 0 {
		return nil
	}
	temp, err := writeBeside(c.path, content)
	if err != nil {
		return fault.Wrap("seal.Adopt", err)
	}
	return fault.Wrap("seal.Adopt", errors.Join(os.Rename(temp, c.path), syncFolder(filepath.Dir(c.path))))
}
