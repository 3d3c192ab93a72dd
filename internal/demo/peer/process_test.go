package peer_test

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
	"time"

	"hastaluego/internal/demo/peer"
)

// asPeer in the environment turns the test binary into the billing system.
const asPeer = "HASTA_TEST_AS_PEER"

const token = "peer-token"

func TestMain(m *testing.M) {
	if os.Getenv(asPeer) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := peer.Run(ctx, peer.Options{
		Listen: "127.0.0.1:0", Token: token, File: os.Getenv("PEER_FILE"),
		HonourKeys: os.Getenv("PEER_KEYS") == "yes", Out: os.Stdout,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// process is the billing system as a process of the operating system.
type process struct {
	peer.Client
	cmd  *exec.Cmd
	file string
	keys bool
}

func start(t *testing.T, honour bool) *process {
	t.Helper()
	p := &process{file: filepath.Join(t.TempDir(), "journal.jsonl"), keys: honour}
	p.run(t)
	return p
}

func (p *process) run(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), asPeer+"=yes", "PEER_FILE="+p.file)
	if p.keys {
		p.cmd.Env = append(p.cmd.Env, "PEER_KEYS=yes")
	}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := p.cmd
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- line
	}()
	select {
	case line := <-said:
		url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
		if !ok {
			t.Fatalf("the peer said %q", line)
		}
		p.Client = peer.Client{Base: url, Token: token}
	case <-time.After(20 * time.Second):
		t.Fatal("the peer does not listen")
	}
}

// kill ends the process as a power cut would and starts it again.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	p.run(t)
}

func (p *process) seed(t *testing.T, refs ...string) {
	t.Helper()
	subs := make([]peer.Subscription, len(refs))
	for i, r := range refs {
		subs[i] = peer.Subscription{Reference: r, Status: peer.Active, AmountMinor: 2990, Currency: "EUR", Plan: "basic"}
	}
	if err := p.Seed(t.Context(), subs); err != nil {
		t.Fatal(err)
	}
}

func (p *process) clock(t *testing.T, now time.Time) {
	t.Helper()
	if err := p.SetClock(t.Context(), now); err != nil {
		t.Fatal(err)
	}
}

func (p *process) faults(t *testing.T, f peer.Faults) {
	t.Helper()
	if err := p.SetFaults(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// applied returns "kind kind …" of the subscription's effects.
func (p *process) applied(t *testing.T, reference string) string {
	t.Helper()
	all, err := p.Effects(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	kinds := make([]string, len(all))
	for i, e := range all {
		kinds[i] = e.Kind
	}
	return strings.Join(kinds, " ")
}
