package audit_test

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

func sample() audit.Entry {
	e := audit.Entry{
		ID: "aud_01kb2", Type: "case.opened", At: time.Date(2026, 11, 22, 10, 42, 7, 123456000, time.UTC),
		Actor: "customer", Case: "case_01kb1", CaseN: 2, KeyID: "key_01kb0",
	}
	for i := range e.Commitment {
		e.Commitment[i] = byte(i)
	}
	return e
}

// These bytes are printed in docs/reference/audit-log.md. They never change:
// another format is another version.
func TestTheLeafHasItsPublishedBytes(t *testing.T) {
	t.Parallel()
	want := strings.Join([]string{
		"0000000c", hex.EncodeToString([]byte("hasta-log/v1")),
		"0000000b", hex.EncodeToString([]byte("case.opened")),
		"00000008", "000660db20f26000",
		"00000008", hex.EncodeToString([]byte("customer")),
		"0000000a", hex.EncodeToString([]byte("case_01kb1")),
		"00000008", "0000000000000002",
		"00000009", hex.EncodeToString([]byte("key_01kb0")),
		"00000020", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"00000009", hex.EncodeToString([]byte("aud_01kb2")),
	}, "")
	if diff := cmp.Diff(want, hex.EncodeToString(sample().Leaf())); diff != "" {
		t.Error(diff)
	}
	if got := audit.LeafHash(sample()).String(); got != "mVCTEn7T2Y1GlxrrMzzuDC2CMLferpk/obUp0YQtb0k=" {
		t.Error(got)
	}
	salt, body := make([]byte, 32), []byte(`{"by":"link"}`)
	commitment := audit.Commit(salt, body)
	if got := hex.EncodeToString(commitment[:]); got != "0f48908385d628022f338e9b8b9166c49dc72587b445f8934f91b00cef6d0549" {
		t.Error(got)
	}
}

func entries(t *rapid.T, label string) audit.Entry {
	short := rapid.StringN(0, 4, -1)
	e := audit.Entry{
		ID: short.Draw(t, label+" id"), Type: short.Draw(t, label+" type"), Actor: short.Draw(t, label+" actor"),
		Case: short.Draw(t, label+" case"), KeyID: short.Draw(t, label+" key"),
		At:    when.FromMicros(rapid.Int64Range(-9, 9).Draw(t, label+" at")),
		CaseN: rapid.Int64Range(0, 3).Draw(t, label+" n"),
	}
	e.Commitment[rapid.IntRange(0, 31).Draw(t, label+" place")] = rapid.Byte().Draw(t, label+" commitment")
	return e
}

func TestTwoDifferentEntriesNeverShareTheirBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := entries(t, "a"), entries(t, "b")
		if same := a == b; same != (string(a.Leaf()) == string(b.Leaf())) || same != (audit.LeafHash(a) == audit.LeafHash(b)) {
			t.Fatalf("%+v\n%+v", a, b)
		}
	})
}

func TestTextMayNotWanderBetweenFields(t *testing.T) {
	t.Parallel()
	a, b := sample(), sample()
	a.Type, a.Actor = "case.paused", "2026"
	b.Type, b.Actor = "case.paused2026", ""
	if audit.LeafHash(a) == audit.LeafHash(b) {
		t.Fatal("alike")
	}
	if audit.Commit([]byte("ab"), []byte("c")) == audit.Commit([]byte("a"), []byte("bc")) {
		t.Fatal("alike")
	}
}

func TestABodyIsCanonicalAndKeepsLargeNumbers(t *testing.T) {
	t.Parallel()
	type code string
	var none *int
	for _, c := range []struct {
		args map[string]any
		want string
	}{
		{nil, `{}`},
		{map[string]any{"b": "ñ", "a": true, "": nil, "none": none}, `{"":null,"a":true,"b":"ñ","none":null}`},
		{map[string]any{"n": 9007199254740993, "u": uint64(1 << 63), "small": int32(7), "d": 90 * time.Second}, `{"d":"90000000000","n":"9007199254740993","small":7,"u":"9223372036854775808"}`},
		{map[string]any{"f": 0.5, "list": []string{"x"}, "code": code("a.b"), "map": map[code]int{"k": 1}}, `{"code":"a.b","f":0.5,"list":["x"],"map":{"k":"1"}}`},
		{map[string]any{"at": time.Date(2026, 11, 22, 11, 42, 0, 5000, time.FixedZone("", 3600)), "on": when.Date{Year: 2026, Month: 12, Day: 31}}, `{"at":"2026-11-22T10:42:00.000005Z","on":"2026-12-31"}`},
		{map[string]any{"raw": json.RawMessage(`{"b": 1.50, "a": [12345678901234567890, 3, 1e999]}`), "no": json.RawMessage(nil)}, `{"no":null,"raw":{"a":["12345678901234567890",3,"1e999"],"b":1.5}}`},
		{map[string]any{"bytes": []byte{0xff, 0}}, `{"bytes":"/wA="}`},
	} {
		got, err := audit.Body(c.args)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestABodyRefusesWhatJSONCannotSay(t *testing.T) {
	t.Parallel()
	for _, v := range []any{"\xff", func() {}, map[int]string{1: "x"}, map[string]any{"\xff": 1}, json.RawMessage("{"), json.RawMessage("\"\xff\"")} {
		if _, err := audit.Body(map[string]any{"v": v}); fault.CodeOf(err) != "audit.body_unfit" {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func TestSaltAndBodyComeApartAgain(t *testing.T) {
	t.Parallel()
	salt, body := audit.NewSalt(), []byte("{}")
	s, b, ok := audit.SplitPlain(audit.Plain(salt, body))
	if !ok || string(s) != string(salt) || string(b) != string(body) {
		t.Error(s, b, ok)
	}
	if _, _, ok := audit.SplitPlain(salt[:31]); ok {
		t.Error("there was no salt")
	}
}
