package fault

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// MostPlaces is how many problems of files are told at once: more help nobody.
const MostPlaces = 100

// Place is where in a file something is wrong, as the argument "at" says it:
// "systems.yaml:12:5".
type Place struct {
	File         string
	Line, Column int
}

// PlaceOf is the place of an error; false where it has none.
func PlaceOf(e *Error) (p Place, ok bool) {
	if len(e.Args) < 2 || e.Args[0] != "at" {
		return p, false
	}
	at, _ := e.Args[1].(string)
	at, p.Column, ok = cutLast(at)
	if !ok {
		return p, false
	}
	p.File, p.Line, ok = cutLast(at)
	return p, ok
}

// cutLast splits "file:12" before its last colon.
func cutLast(s string) (before string, n int, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil
}

// InOrder returns problems of files in the order in which they stand there, and no more
// than MostPlaces: then the last one says how many there are beside (file.more). Where one
// of them has no place, the list stays as it is.
func (l List) InOrder() List {
	for _, e := range l {
		if _, ok := PlaceOf(e); !ok {
			return l
		}
	}
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b *Error) int {
		x, _ := PlaceOf(a)
		y, _ := PlaceOf(b)
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	if len(sorted) <= MostPlaces {
		return sorted
	}
	last := sorted[MostPlaces-1]
	more := New(last.Kind, "file.more", "at", last.Args[1], "n", len(sorted)-MostPlaces)
	return append(sorted[:MostPlaces:MostPlaces], more.On(last.Field))
}

// lists are the arguments under which errors name what could have been written.
var lists = []string{"known", "words", "kinds", "names"}

// Meant adds to an error about a word that is none of a known list which of them was
// likely meant (the argument "near"), if one is near. written is the word; empty: the
// argument "value" or, without one, the first that is no place and no list.
func (e *Error) Meant(written string) *Error {
	var known []string
	given := written != ""
	for i := 0; i+1 < len(e.Args); i += 2 {
		name, _ := e.Args[i].(string)
		value, _ := e.Args[i+1].(string)
		switch {
		case name == "near":
			return e
		case slices.Contains(lists, name):
			known = strings.Split(value, ", ")
		case name == "value" && !given, name != "at" && written == "":
			written = value
		}
	}
	near := Near(written, known)
	if near == "" {
		return e
	}
	c := *e
	c.Args = append(slices.Clone(e.Args), "near", near)
	return &c
}

// mostEdits is by how many letters a word may differ from the one that was meant.
const mostEdits = 2

// Near returns which of some words was likely meant by one that is none of them: the
// nearest, by two letters at most and by less than half of what was written; "" if none is.
func Near(written string, known []string) string {
	best, at := "", mostEdits+1
	for _, k := range known {
		if n := edits([]rune(written), []rune(k)); n > 0 && n < at && 2*n < len([]rune(written)) {
			best, at = k, n
		}
	}
	return best
}

// edits counts letters put in, left out, changed, or put before the one that follows
// (optimal string alignment).
func edits(a, b []rune) int {
	if d := len(a) - len(b); d > mostEdits || d < -mostEdits {
		return mostEdits + 1
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
