package testkit

import (
	"testing"

	"hastaluego/internal/testkit/peers"
)

// Store is a server of S3 (versitygw), which ends with its test.
type Store struct{ peers.Store }

// Whoever has this key may do anything at a Store.
const (
	StoreKey    = peers.StoreKey
	StoreSecret = peers.StoreSecret
)

// StartStore starts a server of its own. scripts/provision.sh builds it.
func StartStore(t *testing.T) Store {
	t.Helper()
	s, err := peers.StartStore(Root(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return Store{s}
}

// Admin does what its administrator can: "create-user", "--access", "ana", …
func (s Store) Admin(t *testing.T, args ...string) {
	t.Helper()
	if err := s.Store.Admin(args...); err != nil {
		t.Fatal(err)
	}
}
