package envelope_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"pgregory.net/rapid"

	"hastaluego/internal/envelope"
)

func TestAKeyIsReadHoweverItIsTyped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := envelope.NewKey()
		typed := strings.NewReplacer("0", rapid.SampledFrom([]string{"0", "O", "o"}).Draw(t, "zero"), "1", rapid.SampledFrom([]string{"1", "I", "l"}).Draw(t, "one"),
			"-", rapid.SampledFrom([]string{"-", "", " ", " - ", "\n"}).Draw(t, "between")).Replace(key)
		if rapid.Bool().Draw(t, "lower") {
			typed = strings.ToLower(typed)
		}
		if got, ok := envelope.ParseKey(typed); !ok || got != key {
			t.Fatalf("%q is read as %q, not as %q", typed, got, key)
		}
		if _, ok := envelope.ParseKey(typed[1:]); ok {
			t.Fatalf("%q is no whole key", typed[1:])
		}
		if _, ok := envelope.ParseKey(typed + "7"); ok {
			t.Fatalf("%q is more than a key", typed+"7")
		}
	})
}

func TestOnlyItsKeyOpensWhatWasSealed(t *testing.T) {
	t.Parallel()
	key, other := envelope.NewKey(), envelope.NewKey()
	for _, size := range []int{1, 64, 4000, 70_000} {
		plain := bytes.Repeat([]byte("ñ"), size)
		sealed, err := envelope.Seal(key, plain)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sealed, plain) {
			t.Fatal("it is not sealed")
		}
		if got, err := envelope.Open(key, sealed); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q: %v", got, err)
		}
		if got, err := envelope.Open(other, sealed); err == nil {
			t.Fatalf("another key opens it: %q", got)
		}
	}
	if envelope.Lock(envelope.Proof(key)) == envelope.Lock(envelope.Proof(other)) || strings.Contains(envelope.Proof(key), key) {
		t.Fatal("a proof tells the key, or is that of another")
	}
}

func TestAnAgeKeyOpensWhatWasSealedToIt(t *testing.T) {
	t.Parallel()
	theirs, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := envelope.SealTo(" "+theirs.Recipient().String()+"\n", []byte("llave"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(sealed)), theirs)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "llave" {
		t.Errorf("%q: %v", got, err)
	}
	for _, none := range []string{"", "age1", theirs.String()} {
		if _, err := envelope.SealTo(none, []byte("llave")); err == nil {
			t.Errorf("%q is no public key", none)
		}
	}
}

func TestWhatABrowserSendsIsSealedAndHasALock(t *testing.T) {
	t.Parallel()
	lock, sealed := envelope.Lock("proof"), base64.StdEncoding.EncodeToString(make([]byte, 40))
	if _, ok := envelope.Browsers(sealed, lock, 100); !ok {
		t.Error("it is refused")
	}
	for name, x := range map[string][2]string{
		"plain text":    {"llave", lock},
		"too short":     {base64.StdEncoding.EncodeToString(make([]byte, 28)), lock},
		"too long":      {base64.StdEncoding.EncodeToString(make([]byte, 130)), lock},
		"no lock":       {sealed, ""},
		"another lock":  {sealed, lock[:62]},
		"in large type": {sealed, strings.ToUpper(lock)},
	} {
		if _, ok := envelope.Browsers(x[0], x[1], 100); ok {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("7K2MX-00000-11111-ABCDE-ZZZZZ")
	f.Add("o0iL")
	f.Fuzz(func(t *testing.T, s string) {
		key, ok := envelope.ParseKey(s)
		if !ok {
			return
		}
		if again, ok := envelope.ParseKey(key); !ok || again != key || len(key) != 29 {
			t.Errorf("%q is read as %q, and that as %q", s, key, again)
		}
	})
}
