package source_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

type inner struct {
	Name  string            `yaml:"name"`
	Count int               `yaml:"count"`
	Said  map[string]string `yaml:"said"`
}

type outer struct {
	Title string  `yaml:"title"`
	Parts []inner `yaml:"parts"`
	One   *inner  `yaml:"one"`
}

func told(err error) string {
	var out []string
	for _, e := range fault.Fields(err) {
		said := strings.TrimPrefix(e.Field, "f.yaml:") + " " + strings.TrimPrefix(e.Code, "file.")
		for i := 2; i+1 < len(e.Args); i += 2 {
			if e.Args[i] != "what" {
				said += fmt.Sprintf(" %v", e.Args[i+1])
			}
		}
		out = append(out, said)
	}
	return strings.Join(out, "; ")
}

// Whoever writes a file hears of all that is wrong with it at once, in the order in which
// it stands there, and which key was likely meant.
func TestEveryUnknownKeyIsToldAtOnce(t *testing.T) {
	t.Parallel()
	const src = "titel: a\nparts:\n  - {nmae: x, count: 2}\n  - name: y\n    said: {whatever: z}\n    colour: red\none:\n  counts: many\n  count: none\n"
	const want = "1:1 unknown_key titel title; 3:6 unknown_key nmae name; 6:5 unknown_key colour; 8:3 unknown_key counts count; 9:10 syntax"
	var into outer
	if _, err := source.Decode("f.yaml", []byte(src), &into); told(err) != want {
		t.Errorf("got  %s\nwant %s", told(err), want)
	}
	into = outer{}
	f, err := source.Read("f.yaml", []byte("titel: a\nparts: [{name: x}]\n"), &into)
	if err != nil || len(into.Parts) != 1 || into.Parts[0].Name != "x" {
		t.Fatalf("%v, %+v", err, into)
	}
	f.At("$.title", "file.empty_list") // it was meant by another key
	f.At("$.parts[0].count", "file.empty_list")
	if got := told(f.Err()); got != "1:1 unknown_key titel title; 2:10 empty_list" {
		t.Error(got)
	}
}

// However a key is called, what is told of it is its own place, and a file with known
// keys alone is read as it was.
func TestUnknownKeysAreToldWhereTheyStand(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{4,9}`), 1, 6, func(s string) string { return s }).Draw(t, "keys")
		known := map[string]bool{"title": true, "parts": true}
		var src strings.Builder
		var want []string
		for i, k := range keys {
			fmt.Fprintf(&src, "%s:\n", k)
			if !known[k] && k != "one" {
				want = append(want, fmt.Sprintf("f.yaml:%d:1", i+1))
			}
		}
		var into outer
		_, err := source.Decode("f.yaml", []byte(src.String()), &into)
		var got []string
		for _, e := range fault.Fields(err) {
			got = append(got, e.Field)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("%q: %v, not %v", src.String(), got, want)
		}
	})
}
