package bundle_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"

	"hastaluego/internal/bundle"
)

// What is sealed here the library opens, whole; any range of it is the same bytes at
// every reading, and other bytes or another key make another file.
func TestWhatIsSealedToAKeyIsOpenedByAge(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 3*64<<10+1)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(noise)
	who, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.OneOf(rapid.SampledFrom([]int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 2 * 64 << 10, len(noise)}), rapid.IntRange(0, len(noise))).Draw(r, "size")
		plain := noise[:size]
		seal := func(of string) *bundle.Aged {
			a, err := bundle.Age(bytes.NewReader(plain), int64(size), who.Recipient().String(), []byte("secret"), []byte(of))
			if err != nil {
				r.Fatal(err)
			}
			return a
		}
		a := seal("one")
		var whole bytes.Buffer
		if n, err := a.WriteTo(&whole); err != nil || n != a.Size() || int64(whole.Len()) != n {
			r.Fatalf("%d of %d bytes: %v", n, a.Size(), err)
		}
		open, err := age.Decrypt(bytes.NewReader(whole.Bytes()), who)
		if err != nil {
			r.Fatal(err)
		}
		if got, err := io.ReadAll(open); err != nil || !bytes.Equal(got, plain) {
			r.Fatalf("other bytes: %v", err)
		}
		from := rapid.IntRange(0, whole.Len()-1).Draw(r, "from")
		part := make([]byte, rapid.IntRange(0, whole.Len()-from).Draw(r, "n"))
		if _, err := seal("one").ReadAt(part, int64(from)); err != nil || !bytes.Equal(part, whole.Bytes()[from:from+len(part)]) {
			r.Fatalf("from %d on it is another file: %v", from, err)
		}
		var other bytes.Buffer
		if _, err := seal("two").WriteTo(&other); err != nil || bytes.Equal(other.Bytes(), whole.Bytes()) {
			r.Fatalf("other bytes are sealed alike: %v", err)
		}
	})
}

func TestWhatIsNoKeyOfAgeIsRefused(t *testing.T) {
	t.Parallel()
	who, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	good := who.Recipient().String()
	for _, bad := range []string{
		"", "age1", "hola", who.String(), good[:len(good)-1], strings.Replace(good, good[10:11], map[bool]string{true: "p", false: "q"}[good[10] == 'q'], 1),
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN",
	} {
		if _, err := bundle.Age(bytes.NewReader(nil), 0, bad, []byte("secret"), nil); !errors.Is(err, bundle.ErrRecipient) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := bundle.Age(bytes.NewReader(nil), 0, " "+good+"\n", []byte("secret"), nil); err != nil {
		t.Errorf("with space around it: %v", err)
	}
}
