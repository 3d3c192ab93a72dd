// Package sigv4 signs requests as the services of Amazon, and those that speak
// like them, want it. It sends nothing.
package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Key is a key and its secret. It is never printed.
type Key struct {
	ID     string
	secret func() string // a closure, so that no way of printing it shows the secret
}

// NewKey makes a Key.
func NewKey(id, secret string) Key { return Key{id, func() string { return secret }} }

// Scope is what a signature is for.
type Scope struct {
	Service string // s3, iam, sts
	Region  string
}

// Request makes a signed request. header is of things that are signed too.
func Request(ctx context.Context, as Key, in Scope, method, address string, body []byte, header http.Header, wall time.Time) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	maps.Copy(req.Header, header)
	req.Header.Set("X-Amz-Content-Sha256", hash)
	req.Header.Set("User-Agent", "hasta-luego")
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return req, signer.SignHTTP(ctx, aws.Credentials{AccessKeyID: as.ID, SecretAccessKey: as.secret()}, req, hash, in.Service, in.Region, wall)
}
