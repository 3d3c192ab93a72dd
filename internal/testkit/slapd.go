package testkit

import (
	"testing"

	"hastaluego/internal/testkit/peers"
)

// Directory is a server of OpenLDAP with a password policy, which ends with its
// test.
type Directory = peers.Directory

// What every Directory holds: whoever Root is may do anything.
const (
	DirectoryBase     = peers.DirectoryBase
	DirectoryRoot     = peers.DirectoryRoot
	DirectoryPassword = peers.DirectoryPassword
)

// StartDirectory starts a server of its own, with further lines of its
// configuration (of the database: access rules, sizes) and further entries in
// LDIF below ou=people and ou=groups. scripts/provision.sh installs it.
func StartDirectory(t *testing.T, conf, ldif string) Directory {
	t.Helper()
	d, err := peers.StartDirectory(t.TempDir(), conf, ldif)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	return d
}
