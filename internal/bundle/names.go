package bundle

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// NameLimit is the most that SafeName lets a name be long, in bytes: with what
// stands before it, it fits the 260 that some systems allow a whole path.
const NameLimit = 200

// elementLimit is the same for one element of a path.
const elementLimit = 120

// Names gives the files of a bundle their names: safe on every system, and no
// two alike.
type Names struct {
	files, folders map[string]bool // by key
}

// NewNames knows the names already given, by an earlier run.
func NewNames(given ...string) *Names {
	n := &Names{files: map[string]bool{}, folders: map[string]bool{}}
	for _, g := range given {
		n.take(strings.Split(g, "/"))
	}
	return n
}

// SafeName gives a file a name: SafeName of what it was called, with " (2)",
// " (3)" where that is taken. In the same order the same names come out.
func (n *Names) SafeName(original string) string {
	parts := strings.Split(SafeName(original), "/")
	// What is a file already can be no folder.
	for i := range parts[:len(parts)-1] {
		plain := parts[i]
		for again := 2; n.files[nameKey(strings.Join(parts[:i+1], "/"))]; again++ {
			parts[i] = numbered(plain, again)
		}
	}
	last := len(parts) - 1
	plain := parts[last]
	for again := 2; ; again++ {
		key := nameKey(strings.Join(parts, "/"))
		if !n.files[key] && !n.folders[key] {
			break
		}
		parts[last] = numbered(plain, again)
	}
	n.take(parts)
	return strings.Join(parts, "/")
}

func (n *Names) take(parts []string) {
	for i := range parts[:len(parts)-1] {
		n.folders[nameKey(strings.Join(parts[:i+1], "/"))] = true
	}
	n.files[nameKey(strings.Join(parts, "/"))] = true
}

// numbered puts a number before the ending of a name: "a.txt" → "a (2).txt".
func numbered(name string, n int) string {
	ending := extension(name)
	return strings.TrimSuffix(name, ending) + " (" + strconv.Itoa(n) + ")" + ending
}

// extension is the ending of a name that tells what it is, or "".
func extension(name string) string {
	e := path.Ext(name)
	if len(e) < 2 || len(e) > 16 || e == name {
		return ""
	}
	return e
}

// nameKey is equal for names that some system takes for one: of the same
// letters, composed or not, large or small.
func nameKey(name string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(name))) }

// SafeName makes a path of what a file was called elsewhere: elements parted by
// slashes, that every system can write and none reads as something else. A name
// that is not UTF-8 is read as Windows-1252, in which each byte means something.
// What it was called is kept in the data package (Resource.Original).
func SafeName(original string) string {
	if !utf8.ValidString(original) {
		if s, err := charmap.Windows1252.NewDecoder().String(original); err == nil {
			original = s
		}
		original = strings.ToValidUTF8(original, "_")
	}
	var parts []string
	for _, e := range strings.Split(norm.NFC.String(original), "/") {
		if e = safeElement(e); e != "" {
			parts = append(parts, e)
		}
	}
	if len(parts) == 0 {
		return "_"
	}
	// Too deep: the folders nearest to the file go first.
	for length(parts) > NameLimit && len(parts) > 1 {
		parts = append(parts[:len(parts)-2], parts[len(parts)-1])
	}
	return strings.Join(parts, "/")
}

func length(parts []string) int {
	n := len(parts) - 1
	for _, p := range parts {
		n += len(p)
	}
	return n
}

// safeElement makes one element safe, or returns "" when it says nothing.
func safeElement(e string) string {
	if e == "" || e == "." {
		return ""
	}
	e = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return '_' // controls, what turns the direction of writing, what is no letter
		case unicode.Is(unicode.Zs, r):
			return ' '
		case strings.ContainsRune(`\:*?"<>|`, r) || r == utf8.RuneError:
			return '_'
		}
		return r
	}, e)
	e = norm.NFC.String(e)
	if len(e) > elementLimit {
		ending := extension(e)
		e = cut(strings.TrimSuffix(e, ending), elementLimit-len(ending)) + ending
	}
	e = strings.TrimRight(strings.TrimLeft(e, " "), ". ")
	if e == "" {
		return "_" // ".." among them
	}
	if stem, _, _ := strings.Cut(e, "."); reserved[strings.ToUpper(strings.TrimRight(stem, " "))] {
		return "_" + e
	}
	return e
}

// cut shortens text to at most so many bytes, at the border of what is read as
// one letter.
func cut(s string, limit int) string {
	end := 0
	for end < len(s) {
		n := norm.NFC.NextBoundaryInString(s[end:], true)
		if n <= 0 || end+n > limit {
			break
		}
		end += n
	}
	return s[:end]
}

// reserved are the names that Windows takes for devices, whatever their ending.
var reserved = func() map[string]bool {
	m := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true, "CLOCK$": true}
	for _, n := range "0123456789¹²³" {
		m["COM"+string(n)] = true
		m["LPT"+string(n)] = true
	}
	return m
}()

var (
	errEncoding = errors.New("is not UTF-8")
	errOutside  = errors.New("leaves the bag")
	errControl  = errors.New("has a control character")
	errNotNFC   = errors.New("is not composed (Unicode NFC)")
)

// readPath says what is wrong with the name of a file that is read: what could
// be written elsewhere than below the folder it is unpacked to.
func readPath(name string) error {
	switch {
	case !utf8.ValidString(name):
		return errEncoding
	case strings.ContainsFunc(name, unicode.IsControl):
		return errControl
	case name == "" || name != path.Clean(name) || name == "." || name == ".." || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "../") ||
		strings.Contains(name, `\`) || len(name) > 1 && name[1] == ':':
		return errOutside
	}
	return nil
}

// goodPath is readPath, and what is asked of names that are written besides.
func goodPath(name string) error {
	err := readPath(name)
	if err == nil && !norm.NFC.IsNormalString(name) {
		err = errNotNFC
	}
	if err != nil {
		return fmt.Errorf("the name %q %w", name, err)
	}
	return nil
}
