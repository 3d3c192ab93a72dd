package jurisdiction

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

// digestOf parses the text of a pack.
func digestOf(t *testing.T, f File) *digest {
	t.Helper()
	d := &digest{SHA256: hashOf(f.Source)}
	at, err := source.Decode(f.Name, f.Source, &d.Pack)
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{File: at}
	d.ReviewBy[0], d.ReviewBy[1] = c.reviewBy()
	for i := range d.Pack.Rules {
		d.Lines = append(d.Lines, c.line(i))
	}
	return d
}

// said is a value without what says nothing: null, "", 0, false and groups of those.
func said(in any) any {
	switch x := in.(type) {
	case map[string]any:
		for k, v := range x {
			if k == "Value" { // of a rule, where 0 says something
				continue
			}
			if v = said(v); v == nil {
				delete(x, k)
			} else {
				x[k] = v
			}
		}
		if len(x) == 0 {
			return nil
		}
	case []any:
		for i := range x {
			x[i] = said(x[i])
		}
	case json.Number:
		if x == "0" {
			return nil
		}
	case string:
		if x == "" {
			return nil
		}
	case bool:
		if !x {
			return nil
		}
	}
	return in
}

// asJSON is a digest on one line.
func asJSON(t *testing.T, d *digest) []byte {
	t.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var short map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&short); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(said(short)); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

// The digests are of the packs as they are, and say all that stands in them.
func TestReferenceDigestsAreWhatThePacksSay(t *testing.T) {
	t.Parallel()
	var lines [][]byte
	var parsed []*digest
	for _, f := range ShippedFiles() {
		d := digestOf(t, f)
		parsed, lines = append(parsed, d), append(lines, asJSON(t, d))
	}
	want := append(append([]byte("[\n"), bytes.Join(lines, []byte(",\n"))...), "\n]\n"...)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile("digest.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(digested, want) {
		t.Error("digest.json is not what the packs say: go test ./internal/jurisdiction -run Reference -update")
	}
	back, err := readDigests(want)
	if err != nil {
		t.Fatal(err)
	}
	for i := range parsed {
		if !reflect.DeepEqual(back[i], parsed[i]) {
			t.Errorf("%s is another one when it was digested", parsed[i].Pack.Pack)
		}
	}
}

// Whoever asks a library cannot tell whether its packs were parsed or digested:
// every rule, place and day is the same.
func TestADigestedLibraryIsTheOneThatIsParsed(t *testing.T) {
	t.Parallel()
	slow, err := load(ShippedFiles(), nil)
	for _, e := range fault.Fields(err) {
		t.Error(e)
	}
	if err != nil {
		t.Fatal("the shipped packs cannot be read")
	}
	fast, err := load(ShippedFiles(), digests())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Library{slow, fast} {
		for _, r := range l.rules {
			if (r.condition == nil) != (r.When == "") {
				t.Errorf("%s: is its condition asked?", r.ID)
			}
			if r.condition == nil {
				continue
			}
			if _, err := r.condition(); err != nil {
				t.Errorf("%s: %v", r.ID, err)
			}
			r.condition = nil // two functions are never the same
		}
	}
	if len(slow.rules) == 0 || !reflect.DeepEqual(fast.byID, slow.byID) || !reflect.DeepEqual(fast.packs, slow.packs) || !reflect.DeepEqual(fast.rules, slow.rules) {
		t.Error("they differ")
	}
	for _, p := range slow.packs {
		if !reflect.DeepEqual(fast.chain(fast.byID[p.ID]), slow.chain(p)) {
			t.Errorf("%s extends others", p.ID)
		}
	}
}

// A text of which a single byte is another one is parsed.
func TestADigestIsBelievedForItsOwnTextOnly(t *testing.T) {
	t.Parallel()
	files := ShippedFiles()
	files[0].Source = append(bytes.Clone(files[0].Source), "nonsense: true\n"...)
	if _, err := Load(files); err == nil {
		t.Error("what nobody knows was not seen")
	}
}

func BenchmarkShippedPacks(b *testing.B) {
	files := ShippedFiles()
	for name, known := range map[string]bool{"parsed": false, "digested": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var with map[string]*digest
				if known {
					list, err := readDigests(digested)
					if err != nil {
						b.Fatal(err)
					}
					with = map[string]*digest{}
					for _, d := range list {
						with[d.SHA256] = d
					}
				}
				if _, err := load(files, with); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
