package flow

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// The lexicons are data: one file per language with lists of phrases. In a
// phrase, a word that ends in * stands for every word that begins so, _ for up to
// three words of any kind, and <name> for any word of the class of that name: a
// family of phrases is written once.
//
//go:embed lexicon/*.yaml
var lexicons embed.FS

// lexicon is what one language says in each of our lists.
type lexicon struct {
	lists map[string][][]string
	hard  int // readability above which a text is hard: Björnsson's LIX
}

var allLexicons = sync.OnceValue(func() map[string]*lexicon {
	out := map[string]*lexicon{}
	entries, err := lexicons.ReadDir("lexicon")
	if err != nil {
		panic(err) // the program was built without them
	}
	for _, e := range entries {
		src, err := lexicons.ReadFile("lexicon/" + e.Name())
		if err != nil {
			panic(err)
		}
		var f struct {
			Hard    int                 `yaml:"hard"`
			Classes map[string][]string `yaml:"classes"`
			Lists   map[string][]string `yaml:"lists"`
		}
		if err := yaml.UnmarshalWithOptions(src, &f, yaml.Strict()); err != nil {
			panic(fmt.Errorf("lexicon %s: %w", e.Name(), err))
		}
		l := &lexicon{lists: map[string][][]string{}, hard: f.Hard}
		for name, phrases := range f.Lists {
			for _, p := range phrases {
				words := strings.Fields(strings.ToLower(p))
				for i, w := range words {
					if class, ok := strings.CutPrefix(w, "<"); ok {
						all := f.Classes[strings.TrimSuffix(class, ">")]
						if len(all) == 0 {
							panic(fmt.Errorf("lexicon %s: %s: no class %s", e.Name(), p, w))
						}
						words[i] = strings.ToLower(strings.Join(all, either))
					}
				}
				l.lists[name] = append(l.lists[name], words)
			}
		}
		out[strings.TrimSuffix(e.Name(), path.Ext(e.Name()))] = l
	}
	return out
})

// token is a word of a text and where it stands in it.
type token struct {
	word     string
	from, to int
	ends     bool // a sentence ends behind it
	pauses   bool // or a comma stands there
}

// read is a text that was cut into words once.
type read struct {
	text   string
	lex    *lexicon
	tokens []token
	found  map[string]string
	marks  *marks
}

// marks are the addresses and telephone numbers of a text.
type marks struct{ links, phones []string }

func (t *read) marked() *marks {
	if t.marks == nil {
		t.marks = &marks{linkForm.FindAllString(t.text, -1), phonesIn(t.text)}
	}
	return t.marks
}

// reader remembers the texts of one check: the same text stands in many
// variants.
type reader struct {
	texts map[[2]string]*read
}

func newReader() *reader { return &reader{texts: map[[2]string]*read{}} }

func (r *reader) read(lang, text string) *read {
	key := [2]string{lang, text}
	if t, ok := r.texts[key]; ok {
		return t
	}
	lex := allLexicons()[lang]
	if lex == nil {
		lex = &lexicon{}
	}
	t := &read{text: text, lex: lex, tokens: cut(text), found: map[string]string{}}
	r.texts[key] = t
	return t
}

// cut splits a text into words in small letters. A slot such as {date} is one
// word.
func cut(text string) (out []token) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '{':
			j := strings.IndexByte(text[i:], '}')
			if j < 0 {
				j = len(text) - i - 1
			}
			out = append(out, token{word: strings.ToLower(text[i : i+j+1]), from: i, to: i + j + 1})
			i += j + 1
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			j := i
			for j < len(text) {
				r, size := utf8.DecodeRuneInString(text[j:])
				if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' && !unicode.Is(unicode.Mn, r) {
					break
				}
				j += size
			}
			out = append(out, token{word: strings.ToLower(strings.ReplaceAll(strings.TrimRight(text[i:j], "'’"), "’", "'")), from: i, to: j})
			i = j
		default:
			if last := len(out) - 1; last >= 0 {
				out[last].ends = out[last].ends || strings.ContainsRune(".!?…:;\n", r)
				out[last].pauses = out[last].pauses || r == ','
			}
			i += size
		}
	}
	return out
}

// says is the first passage of the text that matches a list; empty: none does.
func (t *read) says(list string) string {
	if s, ok := t.found[list]; ok {
		return s
	}
	s := ""
	for i := range t.tokens {
		for _, p := range t.lex.lists[list] {
			// "No, cancel it" does not say "not cancel".
			if to, ok := match(t.tokens[i:], p); ok && (list != "not_exit" || !pauses(t.tokens[i:i+to-1])) {
				s = t.text[t.tokens[i].from:t.tokens[i+to-1].to]
				break
			}
		}
		if s != "" {
			break
		}
	}
	t.found[list] = s
	return s
}

func pauses(words []token) bool {
	return slices.ContainsFunc(words, func(t token) bool { return t.pauses })
}

// count is how many words of the text are in a list.
func (t *read) count(list string) (n int) {
	for i := range t.tokens {
		for _, p := range t.lex.lists[list] {
			if _, ok := match(t.tokens[i:], p); ok {
				n++
				break
			}
		}
	}
	return n
}

// match reports whether words begin with a phrase, and how many it takes. A
// phrase never goes beyond its sentence.
func match(words []token, phrase []string) (int, bool) {
	if len(phrase) == 0 {
		return 0, true
	}
	if phrase[0] == "_" {
		for skip := 0; skip <= 3 && skip < len(words); skip++ {
			if n, ok := match(words[skip:], phrase[1:]); ok {
				return skip + n, true
			}
			if words[skip].ends {
				break
			}
		}
		return 0, false
	}
	if len(words) == 0 || !like(words[0].word, phrase[0]) || len(phrase) > 1 && words[0].ends {
		return 0, false
	}
	n, ok := match(words[1:], phrase[1:])
	return n + 1, ok
}

// either stands between the words of a class.
const either = "|"

func like(word, pattern string) bool {
	for strings.Contains(pattern, either) {
		first, rest, _ := strings.Cut(pattern, either)
		if like(word, first) {
			return true
		}
		pattern = rest
	}
	if stem, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(word, stem)
	}
	return word == pattern
}

// sentences are the parts of a text, as texts of their own.
func (r *reader) sentences(lang, text string) (out []*read) {
	t := r.read(lang, text)
	from := 0
	for i, tok := range t.tokens {
		to := len(text)
		if i < len(t.tokens)-1 {
			to = t.tokens[i+1].from
		}
		if tok.ends || to == len(text) {
			out = append(out, r.read(lang, strings.TrimSpace(text[from:to])))
			from = to
		}
	}
	return out
}

// words is how many words there are to read; hard is Björnsson's measure of
// how hard they are: the words of a sentence, and the long words in a hundred.
func (t *read) words() int { return len(t.tokens) }

func (t *read) difficulty() int {
	if len(t.tokens) == 0 {
		return 0
	}
	sentences, long := 0, 0
	for i, w := range t.tokens {
		if w.ends || i == len(t.tokens)-1 {
			sentences++
		}
		if utf8.RuneCountInString(w.word) > 6 && w.word[0] != '{' {
			long++
		}
	}
	return len(t.tokens)/sentences + 100*long/len(t.tokens)
}
