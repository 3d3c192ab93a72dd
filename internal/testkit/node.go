package testkit

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// NodePeer starts a far system of somebody else that runs on Node, of the folder
// peers, and returns the first line that it says: where it listens. It ends with
// the test. scripts/provision.sh installs what it needs.
func NodePeer(t *testing.T, script string, args ...string) string {
	t.Helper()
	path := filepath.Join(Root(t), "peers", script)
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "node", append([]string{path}, args...)...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	first := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		first <- strings.TrimSpace(line)
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case line := <-first:
		if line != "" {
			return line
		}
		stop()
		_ = cmd.Wait()
		t.Fatalf("%s did not start (scripts/provision.sh installs what it needs): %s", script, complaints.String())
	case <-time.After(time.Minute):
		t.Fatalf("%s says nothing", script)
	}
	return ""
}
