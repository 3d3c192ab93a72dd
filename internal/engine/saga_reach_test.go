package engine_test

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// narrowing leaves accesses to read; what closes them comes long after what a saga
// looks at.
const narrowing = "  - {id: do, kind: narrow_access, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n" +
	"  - {id: ended, kind: wait, title: {es: \"A\", en: \"A\"}, after: [do], params: {until: effective}}\n" +
	"  - {id: window, kind: wait, title: {es: \"A\", en: \"A\"}, after: [ended], params: {until: end_of_retrieval}}\n" +
	"  - {id: shut, kind: revoke_access, title: {es: \"A\", en: \"A\"}, after: [window], params: {system: far}}\n"

// pgNarrowDeed takes roles out of a group that writes, and puts them into one that
// reads.
func pgNarrowDeed(t *testing.T) deed {
	b := pgBase(t)
	if b == nil {
		return deed{}
	}
	dir, mark := t.TempDir(), strings.ToLower(id.New("r"))
	role := func(ref string) string { return mark + "_" + ref }
	writers, readers := role("writers"), role("readers")
	b.exec(t, "CREATE TABLE member (name text PRIMARY KEY, shown boolean NOT NULL DEFAULT true)")
	for _, g := range []string{writers, readers} {
		b.exec(t, "CREATE ROLE "+g)
		t.Cleanup(func() { b.exec(t, "DROP OWNED BY "+g); b.exec(t, "DROP ROLE "+g) })
	}
	b.exec(t, "GRANT SELECT, UPDATE ON member TO "+writers)
	b.exec(t, "GRANT SELECT ON member TO "+readers)
	in := func(t *testing.T, ref, group string) bool {
		return b.number(t, "SELECT count(*) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member WHERE g.rolname = $1 AND u.rolname = $2", group, role(ref)) > 0
	}
	// Our connection is cut with the process, and its role is asked as they are.
	writes := func(t *testing.T, ref string) bool {
		theirs := *b.url
		theirs.User = url.UserPassword(role(ref), "hers")
		c, err := pgx.Connect(context.Background(), theirs.String())
		if err != nil {
			t.Error(err)
			return false
		}
		defer func() { _ = c.Close(context.Background()) }()
		_, err = c.Exec(context.Background(), "UPDATE member SET shown = NOT shown")
		return err == nil
	}
	begin := func(t *testing.T, ref string) {
		put(t, dir, role(ref), "hers")
		b.exec(t, "CREATE ROLE "+role(ref)+" LOGIN PASSWORD 'hers'")
		b.exec(t, "GRANT "+writers+" TO "+role(ref))
		t.Cleanup(func() { b.exec(t, "DROP ROLE "+role(ref)) })
	}
	begin(t, "bystander")
	d := deed{
		name: "postgres narrows", kind: "narrow_access", steps: narrowing, back: true, begin: begin,
		row: func(ref string) []ingest.Row {
			row := access(ref, "far")
			row.Grant.Account = role(ref)
			return []ingest.Row{row}
		},
		done: func(t *testing.T, ref string) bool { return !writes(t, ref) && in(t, ref, readers) },
		whole: func(t *testing.T, ref string) bool {
			return writes(t, ref) && in(t, ref, writers) && !in(t, ref, readers)
		},
		others: func(t *testing.T) bool { return writes(t, "bystander") && !in(t, "bystander", readers) },
	}
	d.systems, d.files, d.wires = b.entry("    roles:\n      password: \"file:" + dir + "/{reference}\"\n      read_only: {leave: [" + writers + "], join: [" + readers + "], try: UPDATE member SET shown = NOT shown}\n")
	d.systems, d.files["url"], d.wires = strings.ReplaceAll(d.systems, "{{pg}}", "{{pggroup}}"), strings.ReplaceAll(d.files["url"], "{{pg}}", "{{pggroup}}"), map[string]string{"pggroup": d.wires["pg"]}
	return d
}

// s3NarrowDeed denies to write to one principal.
func s3NarrowDeed(t *testing.T) deed {
	d, direct, tried, policy := s3Store(t)
	writes := func(t *testing.T, ref string) bool { return tried(t, writer{direct.Writes}, ref) }
	reads := func(t *testing.T, ref string) bool { return tried(t, direct.Prober, ref) }
	d.name, d.kind, d.steps, d.more = "s3 narrows", "narrow_access", narrowing, nil
	d.done = func(t *testing.T, ref string) bool { return !writes(t, ref) && reads(t, ref) }
	d.whole = func(t *testing.T, ref string) bool {
		var p struct {
			Statement []struct {
				Sid       string
				Principal json.RawMessage
			}
		}
		good(t, json.Unmarshal([]byte(policy(t)), &p))
		for _, s := range p.Statement {
			if strings.HasPrefix(s.Sid, "HastaLuego") && strings.Contains(string(s.Principal), `"`+ref+`"`) {
				return false
			}
		}
		return writes(t, ref) && reads(t, ref)
	}
	d.others = func(t *testing.T) bool { return writes(t, "bystander") && reads(t, "bystander") }
	return d
}

// writer tries to write where another would try to get in.
type writer struct{ connector.WriteProber }

func (w writer) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	return w.ProbeWrite(ctx, account)
}

// httpNarrowDeed gives an account another role, and the one back that it had.
func httpNarrowDeed(t *testing.T) deed {
	d, dir := openDoors(t), t.TempDir()
	role := func(ref string) string { d.mu.Lock(); defer d.mu.Unlock(); return d.role[ref] }
	return deed{
		name: "http narrows", kind: "narrow_access", steps: narrowing, wires: map[string]string{"http": host(t, d.URL)}, back: true, plain: true,
		systems: d.entry(dir, "far", "{{http}}", shutDoor) + `      read_only:
        path: role
        words: [viewer]
        narrow: {method: PUT, path: "/accounts/{reference}/role", body: {role: viewer}}
        widen: {method: PUT, path: "/accounts/{reference}/role", body: {role: "{held}"}}
`,
		begin: func(t *testing.T, ref string) {
			put(t, dir, ref, "hers")
			d.mu.Lock()
			defer d.mu.Unlock()
			d.role[ref], d.role["bystander"] = "owner", "owner"
		},
		done:  func(_ *testing.T, ref string) bool { return role(ref) == "viewer" },
		whole: func(_ *testing.T, ref string) bool { return role(ref) == "owner" },
		others: func(*testing.T) bool {
			_, _, acts := d.is("far", "bystander")
			return role("bystander") == "owner" && acts == 0
		},
		times: func(_ *testing.T, ref string) int { _, _, acts := d.is("far", ref); return acts },
	}
}

// httpAnewDeed closes accounts that come back with a new secret alone.
func httpAnewDeed(t *testing.T) deed {
	d := httpDeed(t)
	d.name, d.anew, d.systems = "http anew", true, strings.Replace(d.systems, "undo: restorable", "undo: reissuable", 1)
	return d
}

// listing are the deeds at systems that can list what a customer has there.
var listing = []func(t *testing.T) deed{ldapDeed, scimDeed, pgRoleDeed, s3Deed, iamDeed, httpDeed}

const finding = "  - {id: find, kind: find_access, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n"

const findingAndClosing = finding +
	"  - {id: do, kind: revoke_access, title: {es: \"A\", en: \"A\"}, after: [find], params: {system: far}}\n"

// Wherever a process dies that asks a system which accesses a customer has there: what
// nobody had written down is on the inventory, once, and is not closed before a person has
// said whose it is; then all of it is closed, and nobody else's.
func TestWhereverAProcessDiesNoAccessIsLostFromTheInventory(t *testing.T) {
	t.Parallel()
	eachDeed(t, listing, func(t *testing.T, e testkit.Engine, d deed) {
		begin := d.begin
		d.begin = func(t *testing.T, ref string) { begin(t, ref); d.more(t, ref) }
		d.steps = finding
		t.Run("found", func(t *testing.T) { foundOnce(t, e.AnotherMigrated(t), d) })
		d.steps = findingAndClosing
		t.Run("closed", func(t *testing.T) { foundAndClosed(t, e.AnotherMigrated(t), d) })
	})
}

// asksWhose reports whether the step that asked waits for a person, and whatever else
// there is to do, so many works, is done.
func (s *saga) asksWhose(c offboarding.CaseID, others int) bool {
	asks := false
	works := s.works(c)
	for _, w := range works {
		switch {
		case w.Kind == "find_access" && w.State == offboarding.WorkFailed:
			asks = true
		case w.State != offboarding.WorkVerified:
			return false
		}
	}
	return asks && len(works) == 1+others
}

func (s *saga) orphans(c offboarding.CaseID) []customer.Grant {
	return slices.DeleteFunc(s.inventory(c), func(g customer.Grant) bool { return g.Status != customer.Orphan })
}

func foundOnce(t *testing.T, e testkit.Engine, d deed) {
	d.kind = "find_access"
	closed := d.done
	s := newSaga(t, e, "f", d)
	var c offboarding.CaseID
	// What this is about is on our record.
	s.deed.done = func(*testing.T, string) bool { return len(s.orphans(c)) > 0 }
	var ref string
	over := func() bool { return s.asksWhose(c, 0) }
	judge := func(what string, before int) {
		t.Helper()
		all, orphans := s.inventory(c), s.orphans(c)
		if len(all) != 2 || len(orphans) != 1 || orphans[0].Name() == all[0].Name() && orphans[0].Name() == all[1].Name() {
			t.Errorf("%s: the inventory is %+v", what, all)
		}
		if n := s.logged(c, "grant.found"); n != 1 {
			t.Errorf("%s: it was found %d times, says the log", what, n)
		}
		if closed(t, ref) || closed(t, ref+"x") || s.asked() != before || !d.others(t) {
			t.Errorf("%s: looking changed something", what)
		}
	}
	ref, c = s.depart("period_end")
	s.rehearse = true
	s.live(death{}, over)
	judge("a life that nothing ended", 0)
	n := s.eachWindow(func(last death) bool {
		before := s.asked()
		ref, c = s.depart("period_end")
		died := s.live(last, over)
		s.live(death{}, over)
		judge(last.String(), before)
		return died
	})
	t.Logf("chaos: %s on %s finds: dead in %d windows", d.name, e.Name, n)
}

func foundAndClosed(t *testing.T, e testkit.Engine, d deed) {
	d.kind = "find_access"
	one := d.done
	d.done = func(t *testing.T, ref string) bool { return one(t, ref) && one(t, ref+"x") }
	s := newSaga(t, e, "g", d)
	s.Kinds = []string{"find_access", "revoke_access"}
	var ref string
	var c offboarding.CaseID
	leave := func() {
		ref, c = s.depart("period_end")
		s.live(death{}, func() bool { return s.asksWhose(c, 1) }) // the one that was known is closed
		if !one(t, ref) || one(t, ref+"x") {
			t.Errorf("%s: before anybody decided, known and closed %v, found and closed %v", ref, one(t, ref), one(t, ref+"x"))
		}
		for _, g := range s.orphans(c) {
			var who customer.Customer
			s.must(s.store.View(t.Context(), func(tx app.Tx) (err error) { who, err = tx.FindCustomer(t.Context(), g.Customer); return err }))
			s.must(s.app.DecideGrant(t.Context(), everybody, app.GrantDecision{Customer: g.Customer, Grant: g.ID, Version: who.Version, Theirs: true}))
		}
	}
	over := func() bool { return len(s.works(c)) == 3 && s.all(c, offboarding.WorkVerified) }
	judge := func(what string) {
		t.Helper()
		if !s.deed.done(t, ref) || !d.others(t) {
			t.Errorf("%s: one is left open, or another's was closed", what)
		}
		for _, g := range s.inventory(c) {
			if g.Status != customer.Revoked {
				t.Errorf("%s: %s is on record as %s", what, g.Name(), g.Status)
			}
		}
		if all := s.inventory(c); len(all) != 2 {
			t.Errorf("%s: the inventory is %+v", what, all)
		}
	}
	leave()
	s.rehearse = true
	s.live(death{}, over)
	judge("a life that nothing ended")
	n := s.eachWindow(func(last death) bool {
		leave()
		died := s.live(last, over)
		if over() && !s.deed.done(t, ref) {
			t.Errorf("%v: verified, and not closed there", last)
		}
		s.live(death{}, over)
		judge(last.String())
		return died
	})
	t.Logf("chaos: %s on %s finds and closes: dead in %d windows", d.name, e.Name, n)
}
