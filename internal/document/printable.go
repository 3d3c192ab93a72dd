package document

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// box stands for a character that the embedded fonts cannot draw.
const box = '□'

// Printable returns the text as the embedded fonts can draw it: composed
// (NFC), on one line, narrow and special spaces and hyphens as plain ones,
// ticks as the sign that the fonts have, and □ for every character without a
// glyph. Invisible joiners and selectors go; whatever is put in, the result
// can be printed, and printing it again changes nothing.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		switch {
		case r == '\u202f', r == '\u2007':
			r = '\u00a0'
		case r == '\u2010', r == '\u2011':
			r = '-'
		case r == '✓', r == '✔':
			r = '√' // not a word: it must read in every language
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector), r >= '\U0001f3fb' && r <= '\U0001f3ff':
			continue // parts of a character that is a box already
		case unicode.In(r, unicode.Zs) && r != '\u00a0':
			r = ' '
		}
		if !drawable(r) {
			r = box
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// boxed reports whether Printable put a box for something else.
func boxed(s, printable string) bool {
	return strings.Count(printable, string(box)) > strings.Count(s, string(box))
}

// glyphs says of every character of the first plane, the only one that the PDF
// writer knows, whether the fonts have it. All weights that the PDF embeds have
// the same characters; a test says so.
var glyphs = sync.OnceValue(func() *[1 << 16]bool {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic("document: the embedded font is broken: " + err.Error())
	}
	var has [1 << 16]bool
	var buf sfnt.Buffer
	for r := range has {
		g, err := f.GlyphIndex(&buf, rune(r))
		has[r] = err == nil && g != 0
	}
	return &has
})

func drawable(r rune) bool { return r >= 0 && r < 1<<16 && glyphs()[r] }
