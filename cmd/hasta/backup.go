package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/backup"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/when"
)

type backupCmd struct {
	Make   backupMakeCmd   `cmd:"" default:"withargs" help:"Write the database, the checkpoints and the files of the configuration into one new file, also while a server runs. No key is in it."`
	Keys   backupKeysCmd   `cmd:"" help:"Write the keys into one new file, encrypted. Keep it for days, and apart from the other."`
	Verify backupVerifyCmd `cmd:"" help:"Really restore a backup into a temporary database, count its rows and verify its log. Exit status 1 if anything differs."`
}

type backupMakeCmd struct {
	common
	File string `arg:"" help:"New file; it is never written over." type:"path"`
	JSON bool   `help:"Answer as JSON."`
}

// madeBackup is what the command answers.
type madeBackup struct {
	File    string   `json:"file"`
	SHA256  string   `json:"sha256"`
	Tables  int      `json:"tables"`
	Rows    int64    `json:"rows"`
	Size    int64    `json:"log_size"`
	Root    string   `json:"log_root"`
	LeftOut []string `json:"left_out"`
	Logged  bool     `json:"logged"` // not into a database of another schema
}

func (c *backupMakeCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	made, err := makeBackup(ctx, cfg, c.file(), c.File)
	if err != nil {
		return err
	}
	if made.Logged { // what an older database holds is kept before anything migrates it
		h, err := c.openToWrite(ctx, o)
		if err != nil {
			return err
		}
		defer h.close()
		if err := h.app.BackedUp(ctx, "", app.Backup{SHA256: made.SHA256, Size: made.Size, Root: made.Root, Rows: made.Rows}); err != nil {
			return err
		}
	}
	if c.JSON {
		return json.NewEncoder(o.stdout).Encode(made)
	}
	fmt.Fprintf(o.stdout, "%s: %d rows of %d tables, log of %d entries\nsha256 %s\n", made.File, made.Rows, made.Tables, made.Size, made.SHA256)
	for _, name := range made.LeftOut {
		fmt.Fprintf(o.stdout, "left out, since it holds a secret or cannot be read: %s\n", name)
	}
	fmt.Fprintln(o.stdout, "the keys are not in it: hasta backup keys")
	if !made.Logged {
		fmt.Fprintln(o.stdout, "the database has another schema than this program: the log does not tell of this backup")
	}
	return nil
}

// existing opens a database that must be there already, and migrates nothing.
func existing(ctx context.Context, cfg config) (*store.Store, error) {
	if !strings.HasPrefix(cfg.Database, "postgres") {
		if _, err := os.Stat(cfg.Database); err != nil { // opening would make one
			return nil, fault.New(fault.NotFound, "backup.nothing", "database", cfg.Database).At("backup", err)
		}
	}
	return store.Open(ctx, store.Config{URL: cfg.Database})
}

func makeBackup(ctx context.Context, cfg config, configFile, path string) (made madeBackup, err error) {
	s, err := existing(ctx, cfg)
	if err != nil {
		return made, err
	}
	defer s.Close()
	if unused, err := s.Unused(ctx); err != nil {
		return made, err
	} else if unused {
		return made, fault.New(fault.NotFound, "backup.nothing", "database", redacted(cfg.Database))
	}
	newest, err := s.NewestSchema()
	if err != nil {
		return made, err
	}
	w, err := backup.Create(path)
	if err != nil {
		return made, err
	}
	defer w.Discard()
	w.Manifest.MadeAt, w.Manifest.Program = when.Machine{}.Wall().UTC(), programVersion()
	if err := s.Backup(ctx, w); err != nil {
		return made, err
	}
	if err := addFiles(w, cfg, configFile); err != nil {
		return made, err
	}
	m := &w.Manifest
	made = madeBackup{File: path, Tables: len(m.Tables), Rows: m.Rows(), Size: m.Tree.Size, Root: m.Tree.Root, LeftOut: m.LeftOut, Logged: m.Schema == newest}
	made.SHA256, err = w.Commit()
	return made, err
}

// secretInURL is a password that stands in an address.
var secretInURL = regexp.MustCompile(`://[^\s/:@]*:[^\s/@]+@`)

// addFiles keeps what belongs to the database and lies outside of it. Keys are
// not among that, nor is a file with a password in it.
func addFiles(w *backup.Writer, cfg config, configFile string) error {
	files := map[string]string{
		"checkpoints.log": filepath.Join(cfg.Keys.Dir, "checkpoints.log"), "log.pub": filepath.Join(cfg.Keys.Dir, "log.pub"),
	}
	names := []string{"checkpoints.log", "log.pub"}
	for _, path := range append([]string{configFile, cfg.Systems, cfg.Achievements, cfg.Playbook}, cfg.Playbooks...) {
		if _, builtin := playbook.Builtin()[path]; path == "" || builtin {
			continue
		}
		name := filepath.Base(path)
		for n := 2; files[name] != "" && files[name] != path; n++ {
			name = fmt.Sprintf("%d-%s", n, filepath.Base(path))
		}
		if files[name] == "" {
			files[name], names = path, append(names, name)
		}
	}
	for _, name := range names {
		content, err := os.ReadFile(files[name])
		if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(files[name], cfg.Keys.Dir) {
			continue // nothing was signed yet
		}
		if err != nil || secretInURL.Match(content) {
			w.Manifest.LeftOut = append(w.Manifest.LeftOut, files[name])
			continue
		}
		if err := w.File(name, strings.NewReader(string(content))); err != nil {
			return err
		}
	}
	return nil
}

// unlocking says who may open a file of keys.
type unlocking struct {
	Passphrase string `help:"Passphrase of the file of keys, as env:NAME or file:PATH; 15 characters at least."`
}

type backupKeysCmd struct {
	common
	unlocking
	File string `arg:"" help:"New file; it is never written over." type:"path"`
	To   string `help:"Public key of age (age1…): whoever has its identity can open the file, and this machine cannot."`
}

func (c *backupKeysCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	phrase, err := secret(c.Passphrase)
	if err != nil {
		return err
	}
	who, err := seal.Recipient(c.To, phrase)
	if err != nil {
		return err
	}
	if !seal.HasKeys(cfg.Keys.Dir) {
		return fault.New(fault.NotFound, "restore.keys_missing", "folder", cfg.Keys.Dir)
	}
	k, err := openKeys(ctx, cfg)
	if err != nil {
		return err
	}
	defer k.Close()
	var n int64
	err = backup.WriteNew(c.File, func(f *os.File) (err error) {
		n, err = k.Export(ctx, f, who)
		return err
	})
	if err == nil {
		fmt.Fprintf(o.stdout, "%s: the master key, the key of the log and %d keys of customers, encrypted\n", c.File, n)
	}
	return err
}

type backupVerifyCmd struct {
	common
	File string `arg:"" type:"existingfile"`
	Into string `help:"An unused database to restore into; by default a SQLite file that is removed again."`
	JSON bool   `help:"Answer as JSON."`
}

// verifiedBackup is what the command answers.
type verifiedBackup struct {
	SHA256      string       `json:"sha256"`
	MadeAt      string       `json:"made_at"`
	Program     string       `json:"program"`
	Schema      int64        `json:"schema"`
	Tables      int          `json:"tables"`
	Rows        int64        `json:"rows"`
	Log         audit.Report `json:"log"`
	ErasedSince int          `json:"erased_since"` // keys that were destroyed after it was made
	Ours        bool         `json:"own_key"`      // against the key of this house, not only the one in the backup
	// Branch says that a restore gave up what this is a backup of: it is whole, and
	// restoring it gives up what was recorded since.
	Branch bool `json:"branch,omitempty"`
	OK     bool `json:"ok"`
}

func (c *backupVerifyCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	v, err := verifyBackup(ctx, cfg, c.File, c.Into)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(o.stdout).Encode(v)
	} else {
		fmt.Fprintf(o.stdout, "%s, made %s by %s, schema %d\nevery sum is right; restored %d rows of %d tables\n%d entries, root %s\n",
			c.File, v.MadeAt, v.Program, v.Schema, v.Rows, v.Tables, v.Log.Entries, v.Log.Root)
		for _, f := range v.Log.Findings {
			fmt.Fprintf(o.stdout, "found: %s\n", f)
		}
		if v.ErasedSince > 0 {
			fmt.Fprintf(o.stdout, "%d keys were destroyed since: what they sealed stays closed\n", v.ErasedSince)
		}
		against := "the key of the log of this house"
		if !v.Ours {
			against = "the key that lies in the backup itself: this machine has none to compare it with"
		}
		if v.Branch {
			fmt.Fprintln(o.stdout, "a restore gave up what this is a backup of; it is as it was signed, and restoring it gives up what was recorded since")
		}
		if v.OK {
			fmt.Fprintf(o.stdout, "nothing differs from what was signed, against %s\n", against)
		}
	}
	if err == nil && !v.OK {
		return errCheck
	}
	return err
}

// verifyBackup restores a backup into a database of its own and verifies it
// there.
func verifyBackup(ctx context.Context, cfg config, path, into string) (v verifiedBackup, err error) {
	r, err := backup.Open(path)
	if err != nil {
		return v, err
	}
	defer r.Close()
	m := r.Manifest
	v = verifiedBackup{SHA256: r.Sum, MadeAt: m.MadeAt.Format("2006-01-02T15:04:05Z07:00"), Program: m.Program, Schema: m.Schema, Tables: len(m.Tables), Rows: m.Rows()}
	if into == "" {
		dir, err := os.MkdirTemp("", "hasta-verify-")
		if err != nil {
			return v, err
		}
		defer os.RemoveAll(dir)
		into = filepath.Join(dir, "hasta.db")
	}
	s, err := store.Open(ctx, store.Config{URL: into, Hasty: true})
	if err != nil {
		return v, err
	}
	defer s.Close()
	if err := s.Restore(ctx, r); err != nil {
		return v, err
	}
	// What waited for its place in the log then waits in the backup too, and loses nothing by it.
	options := audit.Options{Now: m.MadeAt, Grace: forever, Keep: manyFindings}
	var keys *seal.Keys
	if seal.HasKeys(cfg.Keys.Dir) {
		if keys, err = openKeys(ctx, cfg); err != nil {
			return v, err
		}
		defer keys.Close()
		v.Ours, options.Opener, options.Verifiers = true, keys, keys.LogVerifiers()
	} else {
		pub, err := r.File("log.pub")
		if err != nil {
			return v, err
		}
		verifier, err := note.NewVerifier(strings.TrimSpace(string(pub)))
		if err != nil {
			return v, fault.New(fault.Invalid, "audit.no_verifier").At("backup", err)
		}
		options.Verifiers = []note.Verifier{verifier}
	}
	if options.External, err = signedBy(r, keys, options.Verifiers); err != nil {
		return v, err
	}
	src, err := s.AuditSource(ctx)
	if err != nil {
		return v, err
	}
	defer src.Close()
	if v.Log, err = audit.Verify(ctx, src, options); err != nil {
		return v, err
	}
	v.ErasedSince = len(excuse(ctx, keys, &v.Log))
	if v.Branch = v.Ours && !v.Log.OK() && v.Log.Whole(); v.Branch {
		v.Log.Found, v.Log.Findings = 0, nil
	}
	head, err := src.Head(ctx)
	if err != nil {
		return v, err
	}
	v.OK = v.Log.OK() && head.Size == m.Tree.Size && (head.Size == 0 || hex.EncodeToString(head.Root[:]) == m.Tree.Root)
	return v, nil
}

const forever = 100 * 365 * 24 * time.Hour

// manyFindings is how many findings are kept where each is looked at.
const manyFindings = 100_000

// signedBy is what was signed, in the backup and in this house, of the log as
// it was at the backup.
func signedBy(r *backup.Reader, keys *seal.Keys, verifiers []note.Verifier) (list []string, err error) {
	raw, err := r.File("checkpoints.log")
	if err != nil {
		return nil, err
	}
	all := seal.ParseCheckpoints(raw)
	if keys != nil {
		ours, err := keys.ReadCheckpoints()
		if err != nil {
			return nil, err
		}
		all = append(all, ours...)
	}
	for _, text := range all {
		if cp, err := audit.OpenCheckpoint(text, verifiers...); err != nil || cp.Size <= r.Manifest.Tree.Size {
			list = append(list, text) // one that cannot be read is for the verification to judge
		}
	}
	return list, nil
}

// excuse takes out of a report what cannot be read since its key was destroyed
// after the backup, and returns those keys.
func excuse(ctx context.Context, keys *seal.Keys, rep *audit.Report) (gone []string) {
	if keys == nil {
		return nil
	}
	var left []audit.Finding
	for _, f := range rep.Findings {
		if f.What == audit.BodyUnreadable && f.KeyID != "" && keys.Destroyed(ctx, f.KeyID) {
			gone = append(gone, f.KeyID)
			rep.Found--
			continue
		}
		left = append(left, f)
	}
	rep.Findings = left
	return gone
}

func redacted(database string) string {
	return secretInURL.ReplaceAllString(database, "://…@")
}
