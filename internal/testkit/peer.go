package testkit

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hastaluego/internal/demo/peer"
)

// asPeer in the environment turns a test binary into the billing system.
const asPeer = "HASTA_TEST_AS_PEER"

// peerToken is the bearer token of billing systems in tests.
const peerToken = "peer-token"

// PeerMain is called first in TestMain: where StartPeer started this process
// it runs the billing system and does not return.
func PeerMain() {
	if os.Getenv(asPeer) == "" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := peer.Run(ctx, peer.Options{
		Listen: "127.0.0.1:0", Token: peerToken, File: os.Getenv("PEER_FILE"), HonourKeys: os.Getenv("PEER_KEYS") == "yes", Out: os.Stdout,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// StartPeer starts a billing system as a process of its own and ends it with
// the test. With honour it answers a known idempotency key as before.
func StartPeer(t testing.TB, honour bool) peer.Client {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asPeer+"=yes", "PEER_FILE="+filepath.Join(t.TempDir(), "billing.jsonl"))
	if honour {
		cmd.Env = append(cmd.Env, "PEER_KEYS=yes")
	}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed: its status says nothing
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the billing system did not start: %v", err)
	}
	return peer.Client{Base: strings.TrimSpace(strings.TrimPrefix(line, "listening ")), Token: peerToken}
}
