package testkit

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/testkit/peers"
)

// StripeMock starts what Stripe publishes of the shapes of its API: it refuses
// requests that the API would not understand, answers with samples, and remembers
// nothing. It is of the same major release of the API as Stripe's library, some
// months later, which only adds. It returns its address and ends with the test. scripts/provision.sh builds it.
func StripeMock(t testing.TB) string {
	t.Helper()
	program, err := peers.Tool(Root(t), "stripe", "stripe-mock")
	if err != nil {
		t.Fatal(err)
	}
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
