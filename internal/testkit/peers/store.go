package peers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"hastaluego/internal/when"
)

// Store is a server of S3 (versitygw).
type Store struct {
	*Process

	Base    string // http://127.0.0.1:PORT
	Dir     string // of its files
	program string
}

// Whoever has this key may do anything at a Store.
const (
	StoreKey    = "root"
	StoreSecret = "root-secret-of-the-store"
)

// StartStore starts a server in an empty folder.
func StartStore(root, dir string) (s Store, err error) {
	if s.program, err = Tool(root, "peers", "versitygw"); err != nil {
		return s, err
	}
	// What it knows of a bucket lies beside it: not every disk keeps attributes of
	// files.
	data, users, beside, before := filepath.Join(dir, "data"), filepath.Join(dir, "users"), filepath.Join(dir, "beside"), filepath.Join(dir, "before")
	for _, d := range []string{data, users, beside, before} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return s, fmt.Errorf("peers: %w", err)
		}
	}
	var address string
	s.Process, address, err = listening("the store", func(address string) *exec.Cmd {
		return exec.Command(s.program, "--access", StoreKey, "--secret", StoreSecret, "--port", address, "--quiet", "--iam-dir", users, "posix", "--sidecar", beside, "--versioning-dir", before, data)
	})
	s.Base, s.Dir = "http://"+address, dir
	return s, err
}

// Admin does what its administrator can: "create-user", "--access", "ana", …
func (s Store) Admin(args ...string) error {
	all := append([]string{"admin", "--access", StoreKey, "--secret", StoreSecret, "--endpoint-url", s.Base}, args...)
	if out, err := exec.Command(s.program, all...).CombinedOutput(); err != nil {
		return fmt.Errorf("peers: %v: %w: %s", args, err, out)
	}
	return nil
}

// Ask makes a request as its administrator, and returns what it answers.
func (s Store) Ask(ctx context.Context, method, path, body string) (status int, answer string, err error) {
	return s.AskAs(ctx, StoreKey, StoreSecret, method, path, body)
}

// AskAs is Ask with a key of somebody else.
func (s Store) AskAs(ctx context.Context, key, secret, method, path, body string) (status int, answer string, err error) {
	return ask(ctx, aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, "s3", method, s.Base+path, body)
}

// ask makes a request to a service with a key.
func ask(ctx context.Context, as aws.Credentials, service, method, to, body string) (status int, answer string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("peers: %w", err)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(ctx, as, req, hash, service, "us-east-1", when.Machine{}.Wall()); err != nil {
		return 0, "", fmt.Errorf("peers: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("peers: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, "", fmt.Errorf("peers: %w", err)
	}
	return res.StatusCode, string(got), nil
}

// Keys is a server of IAM and of STS (versitygw), at which StoreKey may do
// anything.
type Keys struct {
	*Process

	Base string // http://127.0.0.1:PORT
}

// StartKeys starts a server in an empty folder.
func StartKeys(root, dir string) (s Keys, err error) {
	program, err := Tool(root, "peers", "versitygw")
	if err != nil {
		return s, err
	}
	var address string
	s.Process, address, err = listening("the server of keys", func(address string) *exec.Cmd {
		return exec.Command(program, "--access", StoreKey, "--secret", StoreSecret, "--port", address, "--quiet", "iam", "--dir", dir)
	})
	s.Base = "http://" + address
	return s, err
}

// Ask asks IAM as its administrator, and returns what it answers.
func (s Keys) Ask(ctx context.Context, form url.Values) (answer string, err error) {
	form.Set("Version", "2010-05-08")
	status, answer, err := ask(ctx, aws.Credentials{AccessKeyID: StoreKey, SecretAccessKey: StoreSecret}, "iam", http.MethodGet, s.Base+"/?"+form.Encode(), "")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("peers: %v: %d %s", form, status, answer)
	}
	return answer, err
}
