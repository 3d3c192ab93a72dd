package testkit

import (
	"encoding/xml"
	"net/url"
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

// Keys is a server of IAM and STS (versitygw), which ends with its test.
type Keys struct{ peers.Keys }

// StartKeys starts a server of its own.
func StartKeys(t *testing.T) Keys {
	t.Helper()
	s, err := peers.StartKeys(Root(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return Keys{s}
}

// Do asks as the administrator: "CreateUser", "UserName", "ana", …
func (s Keys) Do(t *testing.T, action string, args ...string) string {
	t.Helper()
	form := url.Values{"Action": {action}}
	for i := 0; i+1 < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	answer, err := s.Ask(t.Context(), form)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// NewKey makes a key of a user.
func (s Keys) NewKey(t *testing.T, user string) (id, secret string) {
	t.Helper()
	var made struct {
		ID     string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
		Secret string `xml:"CreateAccessKeyResult>AccessKey>SecretAccessKey"`
	}
	if err := xml.Unmarshal([]byte(s.Do(t, "CreateAccessKey", "UserName", user)), &made); err != nil || made.ID == "" {
		t.Fatal(err)
	}
	return made.ID, made.Secret
}
