package testkit

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// StripeMock starts what Stripe publishes of the shapes of its API: it refuses
// requests that the API would not understand, answers with samples, and remembers
// nothing. It is of the same major release of the API as Stripe's library, some
// months later, which only adds. It returns its address and ends with the test. scripts/provision.sh builds it.
func StripeMock(t testing.TB) string {
	t.Helper()
	sum, err := os.ReadFile(filepath.Join(Root(t), "tools", "stripe", "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	version := sha256.Sum256(sum)
	program := filepath.Join(cache, "hasta-tools", hex.EncodeToString(version[:])[:16], "stripe-mock")
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-http-addr", "127.0.0.1:", "-https-addr", "127.0.0.1:")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		t.Fatalf("%v: scripts/provision.sh builds what the tests need", err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, at, ok := strings.Cut(lines.Text(), "Listening for HTTP at address: "); ok {
				address <- "http://" + at
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case at := <-address:
		return at
	case <-time.After(time.Minute):
		t.Fatal("stripe-mock says nothing")
		return ""
	}
}
