package source_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

// laughs is a few hundred bytes that would be a hundred million values if they
// were written out.
func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 7 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	return b.String()
}

// What would keep the parser busy for minutes is refused at its place; without
// that this test does not end.
func TestAFileThatNobodyWouldWriteIsRefusedAndNotRead(t *testing.T) {
	t.Parallel()
	deep := func(open, end string) string {
		return "a: " + strings.Repeat(open, 60_000) + strings.Repeat(end, 60_000)
	}
	for name, c := range map[string]struct{ src, want string }{
		"references to references": {laughs(), "f.yaml:5:20 file.expanded"},
		"brackets":                 {deep("[", "]"), "f.yaml:1:68 file.too_deep"},
		"braces":                   {deep("{a: ", "}"), "f.yaml:1:260 file.too_deep"},
		"anchors":                  {"a: " + strings.Repeat("&a ", 60_000), "f.yaml:1:772 file.references"},
		"blank lines in a block":   {"a: >\n x\n" + strings.Repeat(" \n", 200_000), "f.yaml:503:1 file.blank_lines"},
		"size":                     {"a: " + strings.Repeat("x", 1<<20), "f.yaml:1:1 file.too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var into map[string]any
			_, err := source.Decode("f.yaml", []byte(c.src), &into)
			list := fault.Fields(err)
			if len(list) != 1 {
				t.Fatalf("%d problems: %v", len(list), err)
			}
			if got := list[0].Field + " " + list[0].Code; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestReferencesThatPeopleWriteAreRead(t *testing.T) {
	t.Parallel()
	src := "kept: &kept\n  - {value: yes, label: [a, b, {c: d}]}\nours: *kept\ntheirs: *kept\n" + strings.Repeat("\n", 400) + "more: &more {x: *kept}\nlast: *more\n"
	var into map[string]any
	if _, err := source.Decode("f.yaml", []byte(src), &into); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(into["ours"]) != fmt.Sprint(into["theirs"]) || into["last"] == nil {
		t.Errorf("read %v", into)
	}
}

// The parser panics on a tag before what is no list where a list is wanted.
func TestWhatTheParserGivesUpOnIsRefusedAtItsPlace(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{"! 0000": "f.yaml:1:1 file.syntax", "\n\n  !x y\n": "f.yaml:3:3 file.syntax"} {
		var into []map[string]string
		_, err := source.Decode("f.yaml", []byte(src), &into)
		list := fault.Fields(err)
		if len(list) != 1 || list[0].Field+" "+list[0].Code != want {
			t.Errorf("%q: %v, want %s", src, err, want)
		}
	}
}

// Whatever is given, it is read or refused at a place.
func FuzzDecode(f *testing.F) {
	for _, src := range []string{laughs(), "a: [1, {b: c}]\n", "a: &a {<<: *a}\n", "a: >\n x\n\n y\n", "? a\n: b\n", "a: &a\n  x: *a\n", "c: !x 0\n"} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var into struct {
			A any               `yaml:"a"`
			B map[string]string `yaml:"b"`
			C []struct {
				D string `yaml:"d"`
			} `yaml:"c"`
		}
		file, err := source.Decode("f.yaml", src, &into)
		if err != nil && len(fault.Fields(err)) == 0 {
			t.Errorf("a problem without its place: %v", err)
		}
		if err == nil {
			file.At("$.c[0].d", "file.syntax")
			if line, col := file.Inside("$.b.x"); line < 1 || col < 1 {
				t.Errorf("the place is %d:%d", line, col)
			}
		}
	})
}
