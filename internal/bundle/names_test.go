package bundle_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"hastaluego/internal/bundle"
)

func TestNamesAreMadeSafe(t *testing.T) {
	t.Parallel()
	for original, want := range map[string]string{
		"":                                "_",
		"a.txt":                           "a.txt",
		"a/./b//c":                        "a/b/c",
		"../../etc/passwd":                "_/_/etc/passwd",
		"/etc/passwd":                     "etc/passwd",
		`C:\Users\x`:                      "C__Users_x",
		"a\x00b\nc":                       "a_b_c",
		"factura\u202egpj.exe":            "factura_gpj.exe",
		"con":                             "_con",
		"Aux.tar.gz":                      "_Aux.tar.gz",
		"com¹.txt":                        "_com¹.txt",
		"console":                         "console",
		" x . ":                           "x",
		"...":                             "_",
		"n\u0303andu\u0301":               "ñandú",
		"ma\xf1ana":                       "mañana", // as Windows-1252 writes it
		"a\u00a0b":                        "a b",
		`what?*<>|".txt`:                  "what______.txt",
		"data":                            "data",
		strings.Repeat("ñ", 200):          strings.Repeat("ñ", 60),
		strings.Repeat("x", 150) + ".pdf": strings.Repeat("x", 116) + ".pdf",
		strings.Repeat("a", 100) + "/" + strings.Repeat("b", 100) + "/c.txt":      strings.Repeat("a", 100) + "/c.txt",
		strings.Repeat("a", 110) + "/" + strings.Repeat("b", 110) + "/" + "c.txt": strings.Repeat("a", 110) + "/c.txt",
	} {
		if got := bundle.SafeName(original); got != want {
			t.Errorf("%q became %q, not %q", original, got, want)
		}
	}
}

func TestNoTwoNamesAreAlike(t *testing.T) {
	t.Parallel()
	n := bundle.NewNames("data.csv")
	for _, c := range [][2]string{
		{"data.csv", "data (2).csv"},
		{"DATA.CSV", "DATA (3).CSV"},
		{"a/b", "a/b"},
		{"a", "a (2)"},
		{"a (2)/c", "a (2) (2)/c"},
		{"a/b", "a/b (2)"},
		{"n\u0303", "ñ"},
		{"Ñ", "Ñ (2)"},
		{"data.csv/x", "data (4).csv/x"},
	} {
		if got := n.SafeName(c[0]); got != c[1] {
			t.Errorf("%q became %q, not %q", c[0], got, c[1])
		}
	}
}

func TestAnyNameMakesABag(t *testing.T) {
	t.Parallel()
	odd := rapid.SampledFrom([]string{"a", "A", "/", ".", "..", " ", "con", "ñ", "n\u0303", "\u202e", "\xff", "\\", "\n", "%25", "🏳️‍🌈", strings.Repeat("x", 90), "(2)"})
	rapid.Check(t, func(t *rapid.T) {
		names, again := bundle.NewNames(), bundle.NewNames()
		var files []bundle.File
		for _, parts := range rapid.SliceOfN(rapid.SliceOfN(odd, 0, 6), 1, 12).Draw(t, "names") {
			original := strings.Join(parts, "")
			name := names.SafeName(original)
			if len(name) > bundle.NameLimit+5 || !norm.NFC.IsNormalString(name) {
				t.Fatalf("%q became %q", original, name)
			}
			if other := again.SafeName(original); other != name {
				t.Fatalf("%q became %q, then %q", original, name, other)
			}
			files = append(files, bundle.File{Name: name})
		}
		var out bytes.Buffer
		if err := bundle.Write(&out, root, info, files); err != nil {
			t.Fatal(err)
		}
		if r, err := check(out.Bytes()); err != nil || r.Files != len(files) {
			t.Fatal(err)
		}
	})
}
