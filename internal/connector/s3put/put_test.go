package s3put_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"hastaluego/internal/bucket"
	"hastaluego/internal/connector/s3put"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/peers"
	"hastaluego/internal/when"
)

var here = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// breaking is a file whose reading fails from an offset on.
type breaking struct {
	io.ReaderAt
	from int64
	read int64
}

var errBroken = errors.New("the disk is gone")

func (b *breaking) ReadAt(p []byte, at int64) (int, error) {
	if at >= b.from {
		return 0, errBroken
	}
	b.read += int64(len(p))
	return b.ReaderAt.ReadAt(p, at)
}

// A file goes into a store in parts, and goes on with those that are missing; what
// is there is not sent again, and what is in the way is named.
func TestAFileGoesIntoTheirStoreAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	store, err := peers.StartStore(testkit.Root(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Stop)
	ctx := t.Context()
	if status, said, err := store.Ask(ctx, "PUT", "/theirs", ""); err != nil || status != 200 {
		t.Fatal(status, said, err)
	}
	const part, size = 5 << 20, 23 << 20
	raw := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(raw)
	sum := sha256.Sum256(raw)
	hash := hex.EncodeToString(sum[:])
	s := s3put.New(here, when.Machine{})
	t.Cleanup(s.Close)
	s.InPartsOf(part)
	to := bucket.Target{Endpoint: store.Base, Region: "us-east-1", Bucket: "theirs", Folder: "2027/faro", KeyID: peers.StoreKey, Secret: peers.StoreSecret}
	send := func(ctx context.Context, to bucket.Target, from io.ReaderAt) (bool, error) {
		return s.Send(ctx, to, "HL-1.zip", from, size, hash)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	if done, err := send(short, to, bytes.NewReader(raw)); done || err != nil {
		t.Fatalf("with no time for a part: %v %v", done, err)
	}
	cancel()
	if done, err := send(ctx, to, &breaking{ReaderAt: bytes.NewReader(raw), from: 2 * part}); done || !errors.Is(err, errBroken) {
		t.Fatalf("broken off: %v %v", done, err)
	}
	rest := &breaking{ReaderAt: bytes.NewReader(raw), from: size}
	if done, err := send(ctx, to, rest); !done || err != nil {
		t.Fatalf("gone on: %v %v", done, err)
	}
	if rest.read != size-2*part {
		t.Errorf("%d bytes were sent the second time, and %d were missing", rest.read, size-2*part)
	}
	if status, got, err := store.Ask(ctx, "GET", "/theirs/2027/faro/HL-1.zip", ""); err != nil || status != 200 || got != string(raw) {
		t.Errorf("it is %d with %d bytes: %v", status, len(got), err)
	}
	again := &breaking{ReaderAt: bytes.NewReader(raw), from: size}
	if done, err := send(ctx, to, again); !done || err != nil || again.read != 0 {
		t.Errorf("what is there is sent again: %v %v, %d bytes", done, err, again.read)
	}
	little := []byte("PK little")
	sum = sha256.Sum256(little)
	if done, err := s.Send(ctx, to, "little.zip", bytes.NewReader(little), int64(len(little)), hex.EncodeToString(sum[:])); !done || err != nil {
		t.Errorf("a little one: %v %v", done, err)
	}
	for code, change := range map[string]func(*bucket.Target){
		"bucket.key":         func(to *bucket.Target) { to.Secret = "other" },
		"bucket.missing":     func(to *bucket.Target) { to.Bucket = "nobodys" },
		"bucket.unreachable": func(to *bucket.Target) { to.Endpoint = "http://127.0.0.1:1" },
	} {
		wrong := to
		change(&wrong)
		if done, err := send(ctx, wrong, bytes.NewReader(raw)); done || fault.CodeOf(err) != code {
			t.Errorf("%s: %v %v", code, done, err)
		}
	}
	strict := s3put.New(nil, when.Machine{})
	t.Cleanup(strict.Close)
	if _, err := strict.Send(ctx, to, "x.zip", bytes.NewReader(little), 9, hash); fault.CodeOf(err) != "bucket.address" {
		t.Errorf("a private address: %v", err)
	}
}
