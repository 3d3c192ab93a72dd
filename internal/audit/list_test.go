package audit_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
)

func TestAListHoldsForItsWordsAndNobodyElses(t *testing.T) {
	t.Parallel()
	keys := func() (note.Signer, note.Verifier) {
		private, public, err := note.GenerateKey(rand.Reader, audit.Origin("a"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := note.NewSigner(private)
		if err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(public)
		if err != nil {
			t.Fatal(err)
		}
		return s, v
	}
	signer, verifier := keys()
	_, other := keys()
	body := json.RawMessage(`{"rows":[{"access":"faro/acc-key","stage":"test"}]}`)
	text, err := audit.SignList(signer, "HL-7K4M-29QX", body)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := audit.List{Code: "HL-7K4M-29QX", Body: body, Note: text}.JSON()
	if err != nil || !audit.IsList(raw) || audit.IsList(body) {
		t.Fatalf("%s %v", raw, err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		t.Fatal(err)
	}
	for _, layout := range [][]byte{raw, compact.Bytes()} {
		if l, err := audit.ParseList(layout, verifier); err != nil || l.Code != "HL-7K4M-29QX" {
			t.Errorf("%v", err)
		}
	}
	if _, err := audit.ParseList(raw, other); err == nil {
		t.Error("another key vouches for it")
	}
	for old, now := range map[string]string{"acc-key": "acc-kez", "HL-7K4M-29QX\"": "HL-7K4M-29QY\"", `"test"`: `"act"`, "access-list@1\"": "receipt@1\""} {
		want := "audit.list_changed"
		if strings.HasPrefix(old, "access-list") { // it does not say that it is one
			want = "audit.receipt"
		}
		changed := strings.Replace(string(raw), old, now, 1)
		if changed == string(raw) {
			t.Fatalf("%s is not there", old)
		}
		if _, err := audit.ParseList([]byte(changed), verifier); fault.CodeOf(err) != want {
			t.Errorf("%s for %s: %v", now, old, err)
		}
	}
	if _, err := audit.OpenCheckpoint(text, verifier); err == nil {
		t.Error("a list is taken for a checkpoint")
	}
}
