package testkit

import (
	"testing"

	"hastaluego/internal/testkit/peers"
)

// NodePeer starts a far system of somebody else that runs on Node, of the folder
// peers, and returns the first line that it says: where it listens. It ends with
// the test. scripts/provision.sh installs what it needs.
func NodePeer(t *testing.T, script string, args ...string) string {
	t.Helper()
	p, line, err := peers.Node(Root(t), script, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return line
}
