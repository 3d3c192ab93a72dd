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

// What is sealed with a phrase the library opens with it, and with no other; whatever the
// file is made of meanwhile, the same address gives what the phrase opens.
func TestWhatIsSealedWithAPhraseIsOpenedByAge(t *testing.T) {
	t.Parallel()
	const phrase = "ñandú caballo faro 7"
	to, err := bundle.Phrase(phrase, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	seal := func(plain, of string) string {
		t.Helper()
		a, err := bundle.Age(strings.NewReader(plain), int64(len(plain)), to, []byte("secret"), []byte(of))
		if err != nil {
			t.Fatal(err)
		}
		var whole strings.Builder
		if _, err := a.WriteTo(&whole); err != nil {
			t.Fatal(err)
		}
		return whole.String()
	}
	open := func(sealed, phrase string) (string, error) {
		t.Helper()
		who, err := age.NewScryptIdentity(phrase)
		if err != nil {
			t.Fatal(err)
		}
		r, err := age.Decrypt(strings.NewReader(sealed), who)
		if err != nil {
			return "", err
		}
		plain, err := io.ReadAll(r)
		return string(plain), err
	}
	first, later := seal("lo primero", "one"), seal("lo de después", "two")
	for sealed, want := range map[string]string{first: "lo primero", later: "lo de después"} {
		if got, err := open(sealed, phrase); err != nil || got != want {
			t.Errorf("%q: %v", got, err)
		}
	}
	if seal("lo primero", "one") != first {
		t.Error("it is another file at the second reading")
	}
	if _, err := open(first, phrase+"!"); err == nil {
		t.Error("another phrase opens it")
	}
	other, err := bundle.Phrase(phrase, []byte("secret"))
	if err != nil || other == to || strings.Contains(to, "faro") {
		t.Errorf("%q and %q: %v", to, other, err)
	}
	for _, bad := range []string{"", "once letras", strings.Repeat("a", 201)} {
		if _, err := bundle.Phrase(bad, nil); !errors.Is(err, bundle.ErrPhrase) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []string{"scrypt.", to[:len(to)-1], to + "a", strings.Replace(to, ".", "!", 1), to[:len(to)-1] + "\n"} {
		if _, err := bundle.Age(strings.NewReader(""), 0, bad, []byte("secret"), nil); !errors.Is(err, bundle.ErrRecipient) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Whatever stands in an address in the place of a key, it is read or refused.
func FuzzAge(f *testing.F) {
	to, err := bundle.Phrase("correct horse battery", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(to)
	f.Add("scrypt.a.b.c")
	f.Add("age1qqqq")
	f.Fuzz(func(t *testing.T, to string) {
		if _, err := bundle.Age(strings.NewReader("x"), 1, to, nil, nil); err != nil && !errors.Is(err, bundle.ErrRecipient) {
			t.Errorf("%q: %v", to, err)
		}
	})
}
