//go:build chaos

package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/testkit"
)

// smallDisk mounts a file system of its own, of so many MiB.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", size)); err != nil {
		t.Fatalf("mount: %v (make chaos needs root)", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fill takes what is left of the disk, and returns what gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 20; size >= 512; { // the last bytes too
		if _, err = f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	_ = f.Close()
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// onSmallDisk is a database of the engine on a disk of its own.
func onSmallDisk(t *testing.T, e testkit.Engine) (db, dir string) {
	t.Helper()
	dir = smallDisk(t, 256)
	if e.Name == "sqlite" {
		return filepath.Join(dir, "hasta.db"), dir
	}
	out, err := exec.CommandContext(t.Context(), "chown", "postgres", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("chown: %v %s", err, out)
	}
	for up := filepath.Dir(dir); up != os.TempDir(); up = filepath.Dir(up) { // the server must get there
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	server, err := sql.Open("pgx", os.Getenv("HASTA_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	space := strings.ReplaceAll(id.New("space"), "-", "")
	run := func(q string) {
		if _, err := server.ExecContext(context.Background(), q); err != nil {
			t.Errorf("%s: %v", q, err)
		}
	}
	run(fmt.Sprintf("CREATE TABLESPACE %s LOCATION '%s'", space, dir))
	t.Cleanup(func() { run("DROP TABLESPACE " + space); _ = server.Close() })
	db = testkit.FreshPostgres(t, os.Getenv("HASTA_TEST_POSTGRES")) // dropped before its space
	u, err := url.Parse(db)
	if err != nil {
		t.Fatal(err)
	}
	run(fmt.Sprintf("ALTER DATABASE %s SET TABLESPACE %s", strings.TrimPrefix(u.Path, "/"), space))
	return db, dir
}

// declareUntilFull takes declarations until the database takes no more, and
// returns the codes of those that were accepted.
func (s *scene) declareUntilFull() (codes []string) {
	s.t.Helper()
	for range 50_000 {
		r, err := s.app.RequestExit(s.t.Context(), app.ExitInput{AccountEmail: "nobody@x.example", Language: "es"})
		if err != nil {
			if fault.KindOf(err) != fault.Transient {
				s.t.Errorf("a full disk is told as %v", err)
			}
			return codes
		}
		codes = append(codes, r.Code)
	}
	s.t.Fatal("the disk is never full")
	return nil
}

// A full disk loses nothing that was accepted, turns no error into a hot loop,
// and once there is room again everything goes on by itself.
func TestChaosOfAFullDisk(t *testing.T) {
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		db, dir := onSmallDisk(t, e)
		s := setScene(t, db, min(many, 100), connector.Keyed, true)
		rounds := max(3, kills/10)
		var accepted []string
		w := s.start("slow")
		for range rounds {
			free := fill(t, dir)
			accepted = append(accepted, s.declareUntilFull()...)
			errs := 0
			for end := time.After(3 * time.Second); ; {
				select {
				case line := <-w.lines:
					if strings.Contains(line, "msg=claim") {
						errs++
					}
					continue
				case <-end:
				}
				break
			}
			if errs > 30 { // two lanes that each back off from 200 ms
				t.Errorf("%d claims failed in three seconds", errs)
			}
			free()
		}
		w.signal(syscall.SIGTERM)
		if err := w.cmd.Wait(); err != nil {
			t.Errorf("the worker: %v", err)
		}
		for _, code := range accepted {
			s.must(s.store.View(t.Context(), func(tx app.Tx) error { _, err := tx.FindRequestByCode(t.Context(), code); return err }))
		}
		s.end()
		t.Logf("chaos: %s: disk full %d times over %d departures and %d declarations", e.Name, rounds, len(s.cases), len(accepted))
	})
}

// A database that crashes and comes back under load loses nothing and has
// nothing done twice.
func TestChaosOfADatabaseThatRestarts(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		t.Fatal(err)
	}
	pg := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(context.Background(), "../../scripts/postgres.sh", args...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("postgres.sh %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	db := pg("start", dir, "durable")
	t.Cleanup(func() { pg("stop", dir); _ = os.RemoveAll(dir) })
	s := setScene(t, db, min(many, 200), connector.Keyed, true)
	restarts := max(2, kills/5)
	w := s.start("slow")
	for range restarts {
		w.wait("holding")
		pg("restart", dir)
	}
	w.kill()
	s.end()
	t.Logf("chaos: postgres: %d crashes of the database over %d departures", restarts, len(s.cases))
}
