package main

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

var eventually = testkit.Eventually

// found are the markers that stand in the bytes or names of the files below
// folders, also of what is packed in them, and in which file.
func (p *planted) found(dirs ...string) map[string]string {
	p.t.Helper()
	out := map[string]string{}
	note := func(where string, raw []byte) {
		for _, m := range p.marker.FindAll(raw, -1) {
			out[string(m)] = where
		}
	}
	for _, dir := range dirs {
		ok(p.t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) { // engines take files away while they are looked through
				return nil
			}
			if err != nil {
				return err
			}
			note(path, []byte(d.Name()))
			if !d.Type().IsRegular() {
				return nil
			}
			raw, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			note(path, raw)
			if archive, bad := zip.NewReader(bytes.NewReader(raw), int64(len(raw))); bad == nil {
				for _, m := range archive.File {
					note(path, []byte(m.Name))
					note(path, unpacked(p.t, m))
				}
			}
			return err
		}))
	}
	return out
}

func unpacked(t *testing.T, m *zip.File) []byte {
	t.Helper()
	r, err := m.Open()
	ok(t, err)
	defer r.Close()
	raw, err := io.ReadAll(r)
	ok(t, err)
	return raw
}

// state is where a step is.
func (p *planted) state(c offboarding.CaseID, step string) (s offboarding.StepState) {
	p.t.Helper()
	ok(p.t, p.site.store.View(p.t.Context(), func(tx app.Tx) error {
		plan, err := tx.FindPlan(p.t.Context(), c)
		if err == nil {
			s = plan.Step(step).State
		}
		return err
	}))
	return s
}

// until pushes the clock from one thing that waits for it to the next, until a step
// is there.
func (p *planted) until(c offboarding.CaseID, step string, state offboarding.StepState) {
	p.t.Helper()
	ctx, a := p.t.Context(), p.site.app
	for range 40 {
		eventually(p.t, "quiet", func() bool { return !p.site.busy() })
		if p.state(c, step) == state {
			return
		}
		next, err := a.NextTimer(ctx)
		ok(p.t, err)
		if !next.IsZero() {
			ok(p.t, a.PushClock(ctx, "", next))
		}
	}
	p.t.Fatalf("%s is %s", step, p.state(c, step))
}

// scrubbed does what each engine needs for what was deleted to be in none of its files.
func (p *planted) scrubbed() {
	p.t.Helper()
	ctx := p.t.Context()
	said, status := "", 1
	for range 50 { // somebody may be reading
		if said, status = p.hasta("erase", "scrub"); status == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if status != 0 {
		p.t.Fatalf("erase scrub: %s", said)
	}
	for _, q := range []string{`DELETE FROM sqlite_stat4`, `VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		_, err := p.till.ExecContext(ctx, q)
		ok(p.t, err)
	}
	if p.crm == nil {
		return
	}
	for _, q := range []string{`DELETE FROM pg_statistic`, ``, `VACUUM (FULL, ANALYZE)`, `CHECKPOINT`, `SELECT pg_switch_wal()`, `CHECKPOINT`} {
		if q == "" {
			forgotten(p.t, p.crm)
			continue
		}
		_, err := p.crm.ExecContext(ctx, q)
		ok(p.t, err)
	}
}

// told compares what is found with what was said to stay, both ways.
func (p *planted) told(when string, after map[string]string, cert app.Certificate) {
	p.t.Helper()
	n := 0
	for _, f := range cert.Far {
		if f.Stays() {
			n += f.Rows
		}
	}
	for m, stays := range p.stays {
		if stays != (after[m] != "") {
			p.t.Errorf("%s: %s stays: %v, and it is found in %q", when, m, stays, after[m])
		}
	}
	if n != len(after) || n == 0 {
		p.t.Errorf("%s: the certificate tells of %d records that stay, and %d are found", when, n, len(after))
	}
}

// nowhere looks that the number of the customer is in none of our files.
func (p *planted) nowhere(when string, dirs ...string) {
	p.t.Helper()
	was := p.marker
	defer func() { p.marker = was }()
	p.marker = regexp.MustCompile(p.reference())
	if at := p.found(dirs...); len(at) > 0 {
		p.t.Errorf("%s: the number of the customer stands in %v", when, at)
	}
}

// Of more than a hundred markers of a person, in the tables, logs and indexes of our
// database and far ones, a store, folders, letters, the outbox, bundles and our log,
// those are found after the erasure that the certificate tells, and no other; a
// backup from before has them until the day that it tells, and brings none back.
func TestOfAHundredMarkersInEveryPlaceThoseStayThatTheCertificateTells(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		p := plant(t, e)
		ctx, s := t.Context(), p.site
		p.must("webhook", "add", "https://hooks.example/in", "--events", "*")
		_, owner, account := p.inOurRecord()
		p.atFarSystems(owner)
		c, code, token := p.leaves(account)
		eventually(t, "the bundle is made", func() bool {
			return p.state(c, "export") == offboarding.StepDone || p.state(c, "export") == offboarding.StepVerified
		})

		// A letter waits while the folder of letters is away.
		mails := s.cfg.mailDir()
		ok(t, os.Rename(mails, mails+".away"))
		s.browser("es")("/c/"+token+"/data/code", "x", "y")
		p.until(c, "agree", offboarding.StepReady)
		if p.waiting() == 0 {
			t.Fatal("no letter waits")
		}
		if p.n < 100 {
			t.Fatalf("only %d markers were planted", p.n)
		}
		// As engines do by themselves in time.
		for _, db := range []*sql.DB{p.crm, p.till, opened(t, map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[e.Name], e.URL)} {
			if db != nil {
				_, err := db.ExecContext(ctx, `ANALYZE`)
				ok(t, err)
			}
		}
		before := p.found(p.dirs...)
		if got := len(before); got < p.n-p.sealed-asked {
			t.Fatalf("of %d markers that are not sealed %d are found", p.n-p.sealed-asked, got)
		}
		copied := p.file("before.hasta")
		must(makeBackup(ctx, s.cfg, p.file(configName), copied))(t)
		if held := p.found(copied); len(held) < 20 {
			t.Fatalf("the backup holds %d markers", len(held))
		}

		ok(t, s.app.Approve(ctx, desk, c, "agree", true, "De acuerdo"))
		eventually(t, "the letter is taken back", func() bool { return p.waiting() == 1 }) // the certificate waits
		if got := p.state(c, "erase"); got == offboarding.StepVerified || got == offboarding.StepDone {
			t.Errorf("while the folder of letters is away the step is %s", got)
		}
		ok(t, os.Rename(mails+".away", mails))
		eventually(t, "erased and looked at", func() bool { return p.state(c, "erase") == offboarding.StepVerified })
		s.letter("certificate", code)
		p.sentByHand(c)
		eventually(t, "quiet", func() bool { return !s.busy() })
		p.must("evidence", "export", code, "-o", p.file("pack.zip"))
		cert := p.certificate(token)
		if cert.Backups != cert.ErasedOn.AddDays(30) || cert.Invoices != 6 {
			t.Errorf("the certificate: %+v", cert)
		}
		elsewhere := filepath.Join(t.TempDir(), "before.hasta") // until its day
		ok(t, os.Rename(copied, elsewhere))
		p.scrubbed()
		p.told("erased", p.found(p.dirs...), cert)
		p.nowhere("erased", append(filesOf(t, e), p.dir)...)
		if left := p.marker.FindAllString(s.said.String(), -1); len(left) > 0 || !strings.Contains(s.said.String(), "worked") {
			t.Errorf("our log says %v", left)
		}
		if letters := must(os.ReadDir(mails))(t); len(letters) > 0 {
			t.Errorf("%d letters lie in the folder, such as %s", len(letters), letters[0].Name())
		}

		// When the backup comes back they are erased again, and what was put away is put
		// away again.
		who, other := p.identity(), e.Another(t)
		p.must("backup", "keys", p.file("keys.age"), "--to", who.Recipient().String())
		q := place{t, t.TempDir(), other.URL}
		back := q.must("restore", elsewhere, "--reason", "the disk failed", "--keys", p.file("keys.age"), "--identity", p.file("identity.txt"), "--config", p.file(configName), "--json")
		var done restored
		ok(t, json.Unmarshal([]byte(back), &done))
		if done.Again != 1 || done.Scrub {
			t.Errorf("restored: %s", back)
		}
		ours := append(filesOf(t, other), q.dir)
		p.told("restored", p.found(append(ours, p.dirs...)...), cert)
		p.nowhere("restored", ours...)
		type away struct {
			System, Holding string
			Records         int
		}
		read := func(at place) (list []away) {
			ok(t, json.Unmarshal([]byte(at.must("erase", "kept", "--json", "--config", p.file(configName))), &list))
			slices.SortFunc(list, func(a, b away) int { return strings.Compare(a.System+a.Holding, b.System+b.Holding) })
			return list
		}
		if was, is := read(p.place), read(q); len(was) < 3 || !slices.Equal(was, is) {
			t.Errorf("put away: %v, and after the restore %v", was, is)
		}
	})
}

// asked is how many markers were asked for in the address of a page only.
const asked = 5

// waiting is how many letters wait to be sent.
func (p *planted) waiting() (n int) {
	p.t.Helper()
	ok(p.t, p.site.store.View(p.t.Context(), func(tx app.Tx) error {
		list, err := tx.ListMessages(p.t.Context(), "", 1000)
		for _, m := range list {
			if m.State == "queued" {
				n++
			}
		}
		return err
	}))
	return n
}

// sentByHand says of the certificate, which is a file, that somebody sent it.
func (p *planted) sentByHand(c offboarding.CaseID) {
	p.t.Helper()
	var list []app.Message
	ok(p.t, p.site.store.View(p.t.Context(), func(tx app.Tx) (err error) { list, err = tx.ListMessages(p.t.Context(), c, 1000); return err }))
	for _, m := range list {
		if m.Paper == "certificate" {
			ok(p.t, p.site.app.MarkSent(p.t.Context(), everyRole, m.ID))
		}
	}
}

// certificate is what the customer is told, as programs read it.
func (p *planted) certificate(token string) (cert app.Certificate) {
	p.t.Helper()
	a := p.site.browser("es")("/c/" + token + "/certificate.json")
	if err := json.Unmarshal([]byte(a.body), &cert); err != nil || a.status != http.StatusOK {
		p.t.Fatalf("status %d: %s", a.status, a.body)
	}
	return cert
}
