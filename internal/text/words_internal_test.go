package text

import (
	"maps"
	"path"
	"testing"
)

// The quick reader of words adds what the strict one does, for every file that
// we write, and leaves to it whatever is not as plain.
func TestWordsThatAreSkimmedAreThoseThatAreRead(t *testing.T) {
	t.Parallel()
	for _, lang := range catalogued {
		entries, err := files.ReadDir("words/" + lang)
		if err != nil || len(entries) == 0 {
			t.Fatal(lang, err)
		}
		for _, e := range entries {
			name := path.Join("words", lang, e.Name())
			raw, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			strict, quick := map[string]string{}, map[string]string{}
			if err := read(strict, name, raw); err != nil {
				t.Error(err) // as Check says too
			}
			if !skim(quick, string(raw)) || !maps.Equal(quick, strict) {
				t.Errorf("%s is not plain, or another one when it is skimmed", name)
			}
		}
	}
}

func TestWhatIsNotPlainIsNotSkimmed(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		``, ` `, `{`, `{}`, `[]`, `{"a"}`, `{"a":}`, `{"a":"b"`, `{"a":"b",}`, `{"a":"b"} {`, `{"a":"b"}x`, `{"a":"b" "c":"d"}`, `{"a":"b","a":"c"}`, `{"kept":"b"}`,
		`{"x":"b","kept":"b"}`, `{"a":""}`, `{"a":1}`, `{"a":null}`, `{"a":{"b":"c"}}`, `{"a":"b`, `{"a":"b\`, `{"a":"b\"`, `{"a":"\q"}`, `{"a":"\u12"}`, "{\"a\":\"b\nc\"}", "{\"a\":\"\xff\"}", `{a:"b"}`, `{'a':'b'}`,
	} {
		m := map[string]string{"kept": "as it was"}
		if skim(m, src) || len(m) != 1 || m["kept"] != "as it was" {
			t.Errorf("%s: %v", src, m)
		}
	}
	m := map[string]string{}
	if !skim(m, "{\n \"a\" : \"x\\u00a0\\\"y\\\"\\n\" ,\t\"b\":\"é\"}\r\n") || m["a"] != "x\u00a0\"y\"\n" || m["b"] != "é" {
		t.Errorf("%q", m)
	}
}

func FuzzSkim(f *testing.F) {
	for _, src := range []string{`{"a":"b"}`, `{"a":"b","a":"c"}`, `{"a":"\u00e9\""} `, `{"a":{}}`} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		quick, strict := map[string]string{}, map[string]string{}
		if skim(quick, src) && (read(strict, "f.json", []byte(src)) != nil || !maps.Equal(quick, strict)) {
			t.Errorf("%q: %v, and %v when it is read", src, quick, strict)
		}
	})
}

func BenchmarkWords(b *testing.B) {
	for name, quick := range map[string]bool{"read": false, "skimmed": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m := make(map[string]string, 8192)
				entries, err := files.ReadDir("words/es")
				if err != nil {
					b.Fatal(err)
				}
				for _, e := range entries {
					raw, err := files.ReadFile("words/es/" + e.Name())
					if err != nil {
						b.Fatal(err)
					}
					if quick && skim(m, string(raw)) {
						continue
					}
					if err := read(m, e.Name(), raw); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
