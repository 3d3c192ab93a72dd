package s3put_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
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

// start starts a store of somebody else with the bucket theirs.
func start(t *testing.T) peers.Store {
	t.Helper()
	store, err := peers.StartStore(testkit.Root(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Stop)
	if status, said, err := store.Ask(t.Context(), "PUT", "/theirs", ""); err != nil || status != 200 {
		t.Fatal(status, said, err)
	}
	return store
}

// A file goes into a store in parts, and goes on with those that are missing; what
// is there is not sent again, and what is in the way is named.
func TestAFileGoesIntoTheirStoreAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	store, ctx := start(t), t.Context()
	const part, size = 5 << 20, 23 << 20
	raw := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(raw)
	sum := sha256.Sum256(raw)
	hash := hex.EncodeToString(sum[:])
	s := s3put.New(here, when.Machine{})
	t.Cleanup(s.Close)
	s.InPartsOf(part)
	to := bucket.Target{Endpoint: store.Base, Region: "us-east-1", Bucket: "theirs", Folder: "2027/faro", KeyID: peers.StoreKey, Secret: peers.StoreSecret}
	var how bucket.Progress
	send := func(ctx context.Context, to bucket.Target, from io.ReaderAt) (bool, error) {
		return s.Send(ctx, to, "HL-1.zip", from, size, hash, &how)
	}
	// Its name there is kept before anything is sent.
	if done, err := send(ctx, to, bytes.NewReader(raw)); done || err != nil || how.Upload == "" || how.Done() != 1 {
		t.Fatalf("begun: %v %v %+v", done, err, how)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	if done, err := send(short, to, bytes.NewReader(raw)); done || err != nil || how.Done() != 1 {
		t.Fatalf("with no time for a part: %v %v", done, err)
	}
	cancel()
	if done, err := send(ctx, to, &breaking{ReaderAt: bytes.NewReader(raw), from: 2 * part}); done || !errors.Is(err, errBroken) || how.Done() != 3 {
		t.Fatalf("broken off: %v %v %+v", done, err, how)
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
	how = bucket.Progress{}
	again := &breaking{ReaderAt: bytes.NewReader(raw), from: size}
	if done, err := send(ctx, to, again); !done || err != nil || again.read != 0 {
		t.Errorf("what is there is sent again: %v %v, %d bytes", done, err, again.read)
	}
	little := []byte("PK little")
	sum = sha256.Sum256(little)
	if done, err := s.Send(ctx, to, "little.zip", bytes.NewReader(little), int64(len(little)), hex.EncodeToString(sum[:]), &bucket.Progress{}); !done || err != nil {
		t.Errorf("a little one: %v %v", done, err)
	}
	for code, change := range map[string]func(*bucket.Target){
		"bucket.key":         func(to *bucket.Target) { to.Secret = "other" },
		"bucket.missing":     func(to *bucket.Target) { to.Bucket = "nobodys" },
		"bucket.unreachable": func(to *bucket.Target) { to.Endpoint = "http://127.0.0.1:1" },
	} {
		wrong := to
		change(&wrong)
		how = bucket.Progress{}
		if done, err := send(ctx, wrong, bytes.NewReader(raw)); done || fault.CodeOf(err) != code {
			t.Errorf("%s: %v %v", code, done, err)
		}
	}
	strict := s3put.New(nil, when.Machine{})
	t.Cleanup(strict.Close)
	if _, err := strict.Send(ctx, to, "x.zip", bytes.NewReader(little), 9, hash, &bucket.Progress{}); fault.CodeOf(err) != "bucket.address" {
		t.Errorf("a private address: %v", err)
	}
}

// What came in parts and will not be joined is taken back: its owner would pay for what
// they do not see.
func TestWhatIsHalfThereIsTakenBack(t *testing.T) {
	t.Parallel()
	store, ctx := start(t), t.Context()
	s := s3put.New(here, when.Machine{})
	t.Cleanup(s.Close)
	s.InPartsOf(5 << 20)
	raw := make([]byte, 12<<20)
	to := bucket.Target{Endpoint: store.Base, Region: "us-east-1", Bucket: "theirs", KeyID: peers.StoreKey, Secret: peers.StoreSecret}
	var how bucket.Progress
	for range 2 {
		_, _ = s.Send(ctx, to, "x.zip", &breaking{ReaderAt: bytes.NewReader(raw), from: 5 << 20}, int64(len(raw)), "ab", &how)
	}
	half := func() bool {
		status, said, err := store.Ask(ctx, "GET", "/theirs?uploads=", "")
		if err != nil || status != 200 {
			t.Fatal(status, said, err)
		}
		return strings.Contains(said, "x.zip")
	}
	if how.Done() != 2 || !half() {
		t.Fatalf("nothing is half there: %+v", how)
	}
	s.Forget(ctx, to, "x.zip", how)
	if half() {
		t.Error("it is still half there")
	}
	// Thrown away there, it is begun anew.
	if done, err := s.Send(ctx, to, "x.zip", bytes.NewReader(raw), int64(len(raw)), "ab", &how); done || fault.KindOf(err) != fault.Transient || how.Done() != 0 {
		t.Errorf("%v %v %+v", done, err, how)
	}
}

// A key that may write and read in its folder and list nothing is enough, as Amazon
// answers such a key; a store that keeps no marks is believed about what was just put;
// and one that took the file and does not have it is told from one that is away.
func TestAKeyThatListsNothingIsEnough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		marks, keeps, lists bool
		code                string
	}{"marks": {true, true, false, ""}, "none": {false, true, false, ""}, "lost": {true, false, true, "bucket.unconfirmed"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body []byte
			var sum string
			far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPut:
					raw, _ := io.ReadAll(r.Body)
					if sum = r.Header.Get("X-Amz-Meta-Sha256"); c.keeps {
						body = raw
					}
				case body != nil && r.URL.RawQuery == "":
					if c.marks {
						w.Header().Set("X-Amz-Meta-Sha256", sum)
					}
					_, _ = w.Write(body) // whole: it knows no ranges
				case c.lists:
					w.WriteHeader(http.StatusNotFound)
					_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
				default:
					w.WriteHeader(http.StatusForbidden)
					_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
				}
			}))
			t.Cleanup(far.Close)
			s := s3put.New(here, when.Machine{})
			t.Cleanup(s.Close)
			to := bucket.Target{Endpoint: far.URL, Region: "eu", Bucket: "theirs", KeyID: "k", Secret: "s"}
			var how bucket.Progress
			done, err := s.Send(t.Context(), to, "x.zip", strings.NewReader("PK"), 2, "ab", &how)
			if done != c.keeps || c.code != "" && (fault.CodeOf(err) != c.code || !how.Put) || c.code == "" && err != nil {
				t.Errorf("%v %v %+v", done, err, how)
			}
		})
	}
}
