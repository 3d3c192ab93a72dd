package evidence

import (
	"bytes"
	"encoding/json"
	"testing"
)

// Whatever the reader takes, encoding/json takes, and reads the same in it again;
// and nothing makes it fall over.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`[{"index":0,"id":"a","type":"b","micros":"0","actor":"","case":"","case_n":1,"key":"","commitment":"","salt":"x","path":["\ud83d\ude00"]}]`,
		`[{"Index":0}]`, `[{"index":1e3}]`, `["\ud800"]`, `["\ud800\u0041"]`, `[null]`, `null`, ` [ ] `, `[{}] x`, `[{"a":{"b":[1,{"c":"\"\\"}]}}]`, "[\"\xff\"]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var list []Entry
		if decode(raw, &list) == nil {
			again, err := json.Marshal(list)
			if err != nil || list == nil {
				t.Fatalf("%q is read as %v: %v", raw, list, err)
			}
			var second []Entry
			if m := decode(again, &second); m != nil {
				t.Errorf("what was read of %q is refused when it is written again: %s %s", raw, m.place, m.why)
			}
		}
		var body map[string]json.RawMessage
		if m := decode(raw, &body); m == nil && (!json.Valid(raw) || !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{"))) {
			t.Errorf("%q is taken for an object", raw)
		}
	})
}
