package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/backup"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
)

type restoreCmd struct {
	common
	unlocking
	File     string `arg:"" type:"existingfile"`
	Keys     string `help:"File of keys (hasta backup keys), where this machine has none." type:"existingfile"`
	Identity string `help:"File with the identity of age that opens the file of keys." type:"existingfile"`
	Files    string `help:"Folder for the files of the configuration that are in the backup; it must not exist." type:"path"`
	Reason   string `required:"" help:"Why; it stays in the log for ever."`
	JSON     bool   `help:"Answer as JSON."`
}

// restored is what the command answers.
type restored struct {
	Rows   int64 `json:"rows"`
	Tables int   `json:"tables"`
	From   int64 `json:"given_up_from"` // entries of the log that are known to be lost
	To     int64 `json:"given_up_to"`
	// Heads are the signed ends of what was given up: size and root.
	Heads []string `json:"given_up_heads"`
	// Back says that this is a branch that an earlier restore gave up.
	Back    bool `json:"branch_again,omitempty"`
	KeyGone int  `json:"keys_gone"` // destroyed after the backup; what they sealed stays closed
	Again   int  `json:"erased_again"`
	Quiet   int  `json:"quiet_again"` // customers who had asked not to be written to
	// Scrub says that what the backup had of them is still in free pages and the log
	// of the database.
	Scrub bool     `json:"scrub,omitempty"`
	Open  []string `json:"open"` // departures of those who were erased again that the backup has as not over
	Keys  int64    `json:"keys"` // that came back from the file of keys
	Files string   `json:"files,omitempty"`
}

func (c *restoreCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	r, err := backup.Open(c.File) // every sum, before anything is written
	if err != nil {
		return err
	}
	defer r.Close()
	done, err := c.bringBack(ctx, cfg, r)
	if err != nil {
		return err
	}
	if err := c.unpack(r); err != nil {
		return err
	}
	done.Files = c.Files
	if err := c.tell(ctx, o, r, &done); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(o.stdout).Encode(done)
	}
	fmt.Fprintf(o.stdout, "restored %d rows of %d tables\n", done.Rows, done.Tables)
	if done.Keys > 0 {
		fmt.Fprintf(o.stdout, "restored %d keys of customers\n", done.Keys)
	}
	if done.To > done.From {
		fmt.Fprintf(o.stdout, "entries %d to %d of the log were given up\n", done.From, done.To-1)
	}
	if done.Back {
		fmt.Fprintln(o.stdout, "an earlier restore had given this backup up: what was recorded since then is given up in its place, and both stay signed")
	}
	for _, h := range done.Heads {
		fmt.Fprintf(o.stdout, "given up as it was signed: %s\n", h)
	}
	if done.KeyGone > 0 {
		fmt.Fprintf(o.stdout, "%d keys were destroyed after the backup and stay so; %d customers who had been erased meanwhile were erased again\n", done.KeyGone, done.Again)
	}
	if done.Quiet > 0 {
		fmt.Fprintf(o.stdout, "%d customers had asked meanwhile not to be written to, and are not\n", done.Quiet)
	}
	if done.Scrub {
		fmt.Fprintln(o.stdout, "what the backup had of them is still in the files of the database: hasta erase scrub, on PostgreSQL as a superuser")
	}
	for _, code := range done.Open {
		fmt.Fprintf(o.stdout, "%s is not over in the backup, and its customer is erased: look at it before you release\n", code)
	}
	fmt.Fprintln(o.stdout, "nothing leaves the house, and nothing is begun, until you looked and say: hasta release")
	fmt.Fprintln(o.stdout, "the log says that it was restored, and nothing differs from what was signed")
	return nil
}

// bringBack puts keys and rows where none are.
func (c *restoreCmd) bringBack(ctx context.Context, cfg config, r *backup.Reader) (done restored, err error) {
	s, err := store.Open(ctx, store.Config{URL: cfg.Database})
	if err != nil {
		return done, err
	}
	defer s.Close()
	if unused, err := s.Unused(ctx); err != nil {
		return done, err
	} else if !unused {
		return done, fault.New(fault.Conflict, "restore.in_use")
	}
	if newest, err := s.NewestSchema(); err != nil {
		return done, err
	} else if newest < r.Manifest.Schema {
		return done, fault.New(fault.Invalid, "restore.newer", "program", r.Manifest.Program)
	}
	if c.Keys != "" {
		if done.Keys, err = c.bringKeys(ctx, cfg); err != nil {
			return done, err
		}
	} else if !seal.HasKeys(cfg.Keys.Dir) { // new ones would open nothing
		return done, fault.New(fault.NotFound, "restore.keys_missing", "folder", cfg.Keys.Dir)
	}
	keys, err := openKeys(ctx, cfg)
	if err != nil {
		return done, err
	}
	defer keys.Close()
	if empty, err := keys.Empty(ctx); err != nil {
		return done, err
	} else if empty {
		return done, fault.New(fault.NotFound, "restore.keys_missing", "folder", cfg.Keys.Dir)
	}
	pub, err := r.File("log.pub")
	if err != nil {
		return done, err
	}
	if own := strings.TrimSpace(string(pub)); own != "" && own != keys.LogPublic() {
		return done, fault.New(fault.Conflict, "restore.other_keys", "folder", cfg.Keys.Dir)
	}
	if err := s.Restore(ctx, r); err != nil {
		return done, err
	}
	done.Rows, done.Tables = r.Manifest.Rows(), len(r.Manifest.Tables)
	signed, err := r.File("checkpoints.log")
	if err != nil {
		return done, err
	}
	return done, keys.Adopt(signed)
}

func (c *restoreCmd) bringKeys(ctx context.Context, cfg config) (int64, error) {
	phrase, err := secret(c.Passphrase)
	if err != nil {
		return 0, err
	}
	var identity []byte
	if c.Identity != "" {
		if identity, err = os.ReadFile(c.Identity); err != nil {
			return 0, err
		}
	}
	who, err := seal.Identity(string(identity), phrase)
	if err != nil {
		return 0, err
	}
	f, err := os.Open(c.Keys)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var db *sql.DB
	if strings.HasPrefix(cfg.Database, "postgres") {
		if db, err = sql.Open("pgx", cfg.Database); err != nil {
			return 0, err
		}
		defer db.Close()
	}
	return seal.Import(ctx, cfg.Keys.Dir, db, f, who...)
}

// unpack writes the files of the configuration where they replace nothing.
func (c *restoreCmd) unpack(r *backup.Reader) error {
	if c.Files == "" {
		return nil
	}
	if err := os.Mkdir(c.Files, 0o700); err != nil {
		return fault.New(fault.Invalid, "file.unwritable", "file", c.Files).At("restore", err)
	}
	for _, f := range r.Manifest.Files {
		content, err := r.File(f.Name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(c.Files, filepath.Base(f.Name)), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// tell has the log say what was given up, and verifies what it has now.
func (c *restoreCmd) tell(ctx context.Context, o out, r *backup.Reader, done *restored) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	rep, head, err := h.verifyKeeping(ctx, manyFindings)
	if err != nil {
		return err
	}
	excuse(ctx, h.keys, &rep)
	lost, err := h.givenUp(rep)
	if err != nil {
		return err
	}
	if !rep.Whole() { // what differs was signed as it is by nobody: it is not excused
		lost.From = head.Size
	}
	lost.To = max(lost.From, lost.To)
	done.Back = lost.From < head.Size
	done.From, done.To, done.Heads = lost.From, lost.To, heads(lost)
	if err := h.goOn(ctx); err != nil {
		return err
	}
	// It is held back since the rows are there; now it says why.
	if err := h.app.SetHold(ctx, operator, app.HoldAll, "hasta restore: "+c.Reason); err != nil {
		return err
	}
	if err := h.eraseAgain(ctx, done); err != nil {
		return err
	}
	if done.Quiet, err = h.app.HeedAgain(ctx, ""); err != nil {
		return err
	}
	if done.Again > 0 {
		if err := h.store.Scrub(ctx); err != nil { // it may be done later: they are erased
			h.log.Warn("scrub", "err", err)
			done.Scrub = true
		}
	}
	if err := h.sequence(ctx); err != nil {
		return err
	}
	if rep, _, err = h.verifyKeeping(ctx, manyFindings); err != nil {
		return err
	}
	gone := excuse(ctx, h.keys, &rep)
	why := fmt.Sprintf("%s (backup of %s, sha256 %s)", c.Reason, r.Manifest.MadeAt.Format("2006-01-02T15:04:05Z07:00"), r.Sum)
	if err := h.app.LogRestored(ctx, "", lost, why); err != nil {
		return err
	}
	if err := h.app.KeyGone(ctx, "", gone...); err != nil {
		return err
	}
	done.KeyGone = len(gone)
	if err := h.sequence(ctx); err != nil {
		return err
	}
	if rep, head, err = h.verify(ctx); err != nil {
		return err
	}
	if !rep.OK() {
		tellReport(o.stderr, rep, head, nil, 0)
		return errCheck
	}
	return nil
}

// eraseAgain erases whoever the backup brought back although their key had been
// destroyed since: the keys are the only ones who remember.
func (h *house) eraseAgain(ctx context.Context, done *restored) error {
	subjects, err := h.keys.DestroyedSubjects(ctx, seal.Account)
	if err != nil {
		return err
	}
	done.Open = []string{}
	for _, s := range subjects {
		if !strings.HasPrefix(s, "cus_") {
			continue
		}
		again, open, err := h.app.EraseAgain(ctx, "", customer.ID(s))
		if err != nil {
			return err
		}
		if again {
			done.Again++
			done.Open = append(done.Open, open...)
		}
	}
	return nil
}

// sequence gives everything that waits its place in the log.
func (h *house) sequence(ctx context.Context) error {
	for {
		h.sequencer.Batch(ctx)
		if age, err := h.store.LogAge(ctx); err != nil || age == 0 {
			return err
		}
		select { // another has the lease
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// givenUp is what the checkpoints outside say was there, and the log has not, or
// has differently.
func (h *house) givenUp(rep audit.Report) (audit.Restoring, error) {
	external, err := h.keys.ReadCheckpoints()
	return audit.GivenUp(external, h.keys.LogVerifiers(), rep), err
}

// heads are the ends of what was given up, for a person.
func heads(r audit.Restoring) []string {
	list := make([]string, len(r.Heads))
	for i, h := range r.Heads {
		list[i] = h.String()
	}
	return list
}

// goOn keeps the checkpoint at which the log goes on outside once more: where
// branches part can then be read there, whatever comes back later.
func (h *house) goOn(ctx context.Context) error {
	text, err := h.app.CheckpointOf(ctx, 0)
	if fault.KindOf(err) == fault.NotFound { // nothing was signed yet
		return nil
	}
	if err != nil {
		return err
	}
	return h.keys.AppendCheckpoint(text)
}
