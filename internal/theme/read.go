package theme

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	mostWords   = 2000 // of a text; what follows is not read
	longestWord = 40   // characters
	leastGram   = 2
	mostGram    = 5
)

// word is a word or a mark (!, :, an emoji) of a text.
type word struct {
	written string
	plain   string // without case and accents, numbers as 0 or 00
	mark    bool
}

// kind is what a feature was read from. Each kind has a length of its own, so
// that the many characters do not drown the words.
type kind uint8

const (
	ofWords      kind = iota // a word, two in a row, or one behind a negation
	ofCharacters             // two to five characters, across words too
	kinds
)

// feature is something that a text has, known by its hash alone.
type feature struct {
	key         uint32
	kind        kind
	first, last int // the words that it was read from
}

// term is a feature that a text has n times: reading.features[from:from+n].
type term struct {
	key     uint32
	kind    kind
	from, n int
}

// reading is what was read of a text.
type reading struct {
	words    []word
	features []feature // by kind and key
	terms    []term
}

// split parts a text into words and marks.
func split(text string) (words []word) {
	for text != "" && len(words) < mostWords {
		r, size := utf8.DecodeRuneInString(text)
		n := size
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError:
		case inWord(r):
			for n < len(text) {
				next, size := utf8.DecodeRuneInString(text[n:])
				after, _ := utf8.DecodeRuneInString(text[n+size:])
				if !inWord(next) && (!apostrophe(next) || !unicode.IsLetter(after)) {
					break
				}
				n += size
			}
			if p := fold(text[:n]); p != "" {
				words = append(words, word{text[:n], p, false})
			}
		default: // a mark, however often: one, or many
			for strings.HasPrefix(text[n:], text[:size]) {
				n += size
			}
			words = append(words, word{text[:n], text[:min(n, 2*size)], true})
		}
		text = text[n:]
	}
	return words
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) }

func apostrophe(r rune) bool { return r == '\'' || r == '’' }

// fold makes what people write in many ways one: case, accents, apostrophes,
// letters repeated for emphasis. Of a number only remains that it is one, with one
// digit or more, so that nobody's is learned.
func fold(s string) string {
	var b strings.Builder
	var before [2]rune
	n := 0
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.IsMark(r) || apostrophe(r):
			continue
		case unicode.IsDigit(r):
			r = '0'
		default:
			r = unicode.ToLower(r)
		}
		if before[0] == r && before[1] == r {
			continue
		}
		if n++; n > longestWord {
			break
		}
		before[0], before[1] = before[1], r
		b.WriteRune(r)
	}
	return b.String()
}

// negations turn what follows them, in what people write in Spanish and English,
// as fold leaves them.
var negations = strings.Fields(`no ni nunca sin tampoco nada jamas nadie
	not never without nothing nobody cant cannot dont doesnt didnt isnt wasnt arent werent couldnt wont wouldnt shouldnt havent hasnt hadnt`)

const negated = 3 // words after a negation, up to the next mark

// read finds the features of a text.
func read(text string) (r reading) {
	r.words = split(text)
	var runes []rune // of the words, with a space around each
	var word []int   // that each is of
	left := 0
	for i, w := range r.words {
		r.features = append(r.features, feature{hash('w', w.plain), ofWords, i, i})
		if i > 0 {
			r.features = append(r.features, feature{hash('w', r.words[i-1].plain+" "+w.plain), ofWords, i - 1, i})
		}
		if w.mark {
			left = 0
		} else if left > 0 {
			left--
			r.features = append(r.features, feature{hash('n', w.plain), ofWords, i, i})
		}
		if slices.Contains(negations, w.plain) {
			left = negated
		}
		runes, word = append(runes, ' '), append(word, i)
		for _, c := range w.plain {
			runes, word = append(runes, c), append(word, i)
		}
	}
	runes, word = append(runes, ' '), append(word, len(r.words)-1)
	for n := leastGram; n <= mostGram && len(r.words) > 0; n++ {
		for at := 0; at+n <= len(runes); at++ {
			first, last := word[at], word[at+n-1]
			if runes[at+n-1] == ' ' { // the space behind a word is its own
				last = word[at+n-2]
			}
			r.features = append(r.features, feature{hash('c', string(runes[at:at+n])), ofCharacters, first, max(first, last)})
		}
	}
	slices.SortFunc(r.features, func(a, b feature) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
	})
	for i, f := range r.features {
		if n := len(r.terms); n > 0 && r.terms[n-1].kind == f.kind && r.terms[n-1].key == f.key {
			r.terms[n-1].n++
		} else {
			r.terms = append(r.terms, term{f.key, f.kind, i, 1})
		}
	}
	return r
}

// hash is FNV-1a of 64 bits, both halves folded into one. Two features with the
// same hash are one to a model; among a hundred thousand there are one or two.
func hash(kind byte, s string) uint32 {
	const prime = 1099511628211
	h := (uint64(14695981039346656037) ^ uint64(kind)) * prime
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	return uint32(h>>32) ^ uint32(h)
}
