// Package seal keeps what must not lie in the domain database: the master key,
// the log's signing key, one key per subject and class that seals what is
// personal, and the signed checkpoints. Destroying a subject's key shreds
// everything that it sealed, here and in every backup of the domain database.
//
// It decides nothing: when a key is made or destroyed, and that this is
// logged, is app's business. It does not back itself up (its backups must be
// kept for days, not years: a key that comes back brings everything back) and
// it does not protect against whoever may read its folder. A PostgreSQL server
// keeps the bytes of a destroyed, wrapped key in dead rows and WAL until it
// recycles them; they open nothing without the master key.
//
// The folder (mode 0700): master.key (32 random bytes), log.key and log.pub
// (note signer and verifier text), checkpoints.log, and keys.db where the
// nodes do not share a PostgreSQL.
package seal

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// Keys is an open key folder. It is safe for concurrent use, also by several
// processes at once.
type Keys struct {
	*Checkpoints
	master   []byte
	wrapping cipher.AEAD
	table    *table
	owned    *sql.DB // closed with the Keys
	signer   note.Signer
	verifier note.Verifier
	public   string
	cache    *cache
}

// OpenKeys opens the key folder and its keys.db, and makes what is missing at
// the first start. The log is called logID; empty takes the name that the
// folder has, or a random one at the first start. Errors: fault.Invalid with
// code seal.permissions (args file, mode) when others may read a key,
// seal.master_missing or seal.log_key_missing when keys were in use and are
// gone, seal.master_wrong when master.key is not the one that wrapped the
// keys, seal.log_key_wrong when log.key is unreadable or of another log.
func OpenKeys(ctx context.Context, dir, logID string) (*Keys, error) {
	const op = "seal.OpenKeys"
	if err := prepareFolder(dir); err != nil {
		return nil, fault.Wrap(op, err)
	}
	db, err := openFile(filepath.Join(dir, "keys.db"))
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	k, err := open(ctx, dir, logID, &table{db: db, file: true})
	if err != nil {
		_ = db.Close()
		return nil, fault.Wrap(op, err)
	}
	k.owned = db
	return k, nil
}

// OpenKeysPostgres is OpenKeys with the subject keys in the schema hasta_keys of
// a PostgreSQL that several nodes share; all of them have the same master.key
// and log.key. db must be a pool of its own: keys are asked for while a
// transaction of the domain holds a connection. Close leaves it open.
func OpenKeysPostgres(ctx context.Context, dir, logID string, db *sql.DB) (*Keys, error) {
	const op = "seal.OpenKeysPostgres"
	if err := prepareFolder(dir); err != nil {
		return nil, fault.Wrap(op, err)
	}
	k, err := open(ctx, dir, logID, &table{db: db, schema: "hasta_keys."})
	return k, fault.Wrap(op, err)
}

func open(ctx context.Context, dir, logID string, t *table) (*Keys, error) {
	if err := t.create(ctx); err != nil {
		return nil, err
	}
	proof, err := t.proof(ctx)
	if err != nil {
		return nil, err
	}
	k := &Keys{
		Checkpoints: &Checkpoints{path: filepath.Join(dir, "checkpoints.log")},
		table:       t, cache: newCache(),
	}
	// Whoever has a proof has had keys: new ones would only hide the loss.
	first := proof == nil
	if k.master, err = masterKey(dir, first); err != nil {
		return nil, err
	}
	if k.wrapping, err = aead(k.derive("wrap", "")); err != nil {
		return nil, err
	}
	if err := k.logKey(dir, logID, first); err != nil {
		return nil, err
	}
	if first {
		if proof, err = t.putProof(ctx, k.wrapping.Seal(nil, nil, nil, proofAAD)); err != nil {
			return nil, err
		}
	}
	if _, err := k.wrapping.Open(nil, nil, proof, proofAAD); err != nil {
		return nil, fault.New(fault.Invalid, "seal.master_wrong", "file", filepath.Join(dir, "master.key"))
	}
	return k, nil
}

// proofAAD is what the proof of the master key is bound to.
var proofAAD = []byte("hasta-luego master")

const masterSize = 32

func masterKey(dir string, first bool) ([]byte, error) {
	path := filepath.Join(dir, "master.key")
	b, err := readSecret(path)
	if err != nil || b == nil && !first {
		if err == nil {
			err = fault.New(fault.Invalid, "seal.master_missing", "file", path)
		}
		return nil, err
	}
	if b == nil {
		fresh := make([]byte, masterSize)
		_, _ = rand.Read(fresh) // crypto/rand.Read never fails since Go 1.24
		if b, err = putSecret(path, fresh); err != nil {
			return nil, err
		}
	}
	if len(b) != masterSize {
		return nil, fault.New(fault.Invalid, "seal.master_wrong", "file", path)
	}
	return b, nil
}

// logKey reads or makes log.key and writes log.pub beside it.
func (k *Keys) logKey(dir, logID string, first bool) error {
	path := filepath.Join(dir, "log.key")
	b, err := readSecret(path)
	if err != nil {
		return err
	}
	if b == nil {
		if !first {
			return fault.New(fault.Invalid, "seal.log_key_missing", "file", path)
		}
		if logID == "" {
			logID = strings.TrimPrefix(id.New("log"), "log_")
		}
		private, _, err := note.GenerateKey(rand.Reader, audit.Origin(logID))
		if err != nil {
			return err
		}
		if b, err = putSecret(path, []byte(private+"\n")); err != nil {
			return err
		}
	}
	wrong := fault.New(fault.Invalid, "seal.log_key_wrong", "file", path)
	private := strings.TrimSpace(string(b))
	if k.signer, err = note.NewSigner(private); err != nil {
		return wrong // the cause might quote the key
	}
	if logID != "" && k.signer.Name() != audit.Origin(logID) {
		return wrong
	}
	if k.public, err = publicOf(private); err != nil {
		return wrong
	}
	if k.verifier, err = note.NewVerifier(k.public); err != nil {
		return wrong
	}
	return putPublic(filepath.Join(dir, "log.pub"), []byte(k.public+"\n"))
}

// LogSigner signs checkpoints; its name is the origin of the log.
func (k *Keys) LogSigner() note.Signer { return k.signer }

// LogVerifier checks what LogSigner signed.
func (k *Keys) LogVerifier() note.Verifier { return k.verifier }

// LogVerifiers returns LogVerifier as the list that audit.Verify wants.
func (k *Keys) LogVerifiers() []note.Verifier { return []note.Verifier{k.verifier} }

// LogPublic returns the verifier as text, as log.pub has it and as it may be
// published.
func (k *Keys) LogPublic() string { return k.public }

// HMACKey returns 32 bytes that only follow from the master key and the name.
// The same name gives the same bytes for as long as the master key lives.
func (k *Keys) HMACKey(name string) []byte { return k.derive("hmac", name) }

// derive keeps the uses of the master key apart (HKDF, RFC 5869).
func (k *Keys) derive(use, name string) []byte {
	b, err := hkdf.Key(sha256.New, k.master, nil, "hasta-luego/"+use+"/"+name, masterSize)
	if err != nil {
		panic("seal: 32 bytes are never too many for HKDF: " + err.Error())
	}
	return b
}

// Usable reports whether the folder can still be used: its master key is there
// for the next start, and checkpoints can be kept.
func (k *Keys) Usable() error {
	dir := filepath.Dir(k.path)
	if b, err := readSecret(filepath.Join(dir, "master.key")); err != nil || b == nil {
		if err == nil {
			err = fault.New(fault.Invalid, "seal.master_missing", "file", filepath.Join(dir, "master.key"))
		}
		return fault.Wrap("seal.Usable", err)
	}
	f, err := os.OpenFile(k.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fault.Wrap("seal.Usable", err)
	}
	return f.Close()
}

// Close forgets the keys in memory and closes keys.db.
func (k *Keys) Close() error {
	k.cache.close()
	if k.owned == nil {
		return nil
	}
	return k.owned.Close()
}

// readSecret returns nil when there is no such file.
func readSecret(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
