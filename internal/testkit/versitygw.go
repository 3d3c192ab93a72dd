package testkit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Store is a server of S3 (versitygw), which ends with its test.
type Store struct {
	Base    string // http://127.0.0.1:PORT
	program string
}

// Whoever has this key may do anything at a Store.
const (
	StoreKey    = "root"
	StoreSecret = "root-secret-of-the-store"
)

// StartStore starts a server of its own. scripts/provision.sh builds it.
func StartStore(t *testing.T) Store {
	t.Helper()
	sum, err := os.ReadFile(filepath.Join(Root(t), "tools", "peers", "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	version := sha256.Sum256(sum)
	s := Store{program: filepath.Join(cache, "hasta-tools", hex.EncodeToString(version[:])[:16], "versitygw")}
	if _, err := os.Stat(s.program); err != nil {
		t.Fatalf("%v: scripts/provision.sh builds what the tests need", err)
	}
	dir := t.TempDir()
	// What it knows of a bucket lies beside it: not every disk keeps attributes of
	// files.
	data, users, beside := filepath.Join(dir, "data"), filepath.Join(dir, "users"), filepath.Join(dir, "beside")
	for _, d := range []string{data, users, beside} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for try := 0; ; try++ {
		address := freePort(t)
		s.Base = "http://" + address
		var complaints bytes.Buffer
		cmd := exec.Command(s.program, "--access", StoreKey, "--secret", StoreSecret, "--port", address, "--quiet", "--iam-dir", users, "posix", "--sidecar", beside, data)
		cmd.Stdout, cmd.Stderr = &complaints, &complaints
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }() // it is killed: its status says nothing
		if answers(address, ended) {
			t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
			return s
		}
		_ = cmd.Process.Kill()
		<-ended
		if try == 3 {
			t.Fatalf("the store does not start: %s", complaints.String())
		}
	}
}

// Admin does what its administrator can: "create-user", "--access", "ana", …
func (s Store) Admin(t *testing.T, args ...string) {
	t.Helper()
	all := append([]string{"admin", "--access", StoreKey, "--secret", StoreSecret, "--endpoint-url", s.Base}, args...)
	if out, err := exec.CommandContext(t.Context(), s.program, all...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
}
