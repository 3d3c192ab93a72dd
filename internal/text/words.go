package text

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// files holds one folder for each language and one flat JSON file (code to
// text) for each area: words/es/error.json.
//
//go:embed words/*/*.json
var files embed.FS

// languages are those of the people who work here, in the order in which they
// are offered and, for a code that one of them lacks, asked: every word is in
// them.
var languages = []string{"es", "en"}

// spoken are the languages that customers are spoken to in: what they read is in
// all of them.
var spoken = []string{"es", "en", "de", "fr"}

// catalogued are the languages that have a folder of words.
var catalogued = []string{"es", "en", "de", "fr"}

// words is the loaded catalogue: language, code, text.
type words map[string]map[string]string

// dictionaries read the words of one language each, when they are first asked
// for: a command speaks one.
var dictionaries = func() map[string]func() (map[string]string, error) {
	all := map[string]func() (map[string]string, error){}
	for _, lang := range catalogued {
		all[lang] = sync.OnceValues(func() (map[string]string, error) { return load(lang) })
	}
	return all
}()

// dictionary is the words of a language by their codes, as far as they can be
// read (Check tells what cannot); nil: nobody wrote any.
func dictionary(lang string) map[string]string {
	read, ok := dictionaries[lang]
	if !ok {
		return nil
	}
	m, _ := read()
	return m
}

// catalogue is the words of every language.
func catalogue() (words, error) {
	all := words{}
	var faults []error
	for _, lang := range catalogued {
		m, err := dictionaries[lang]()
		all[lang], faults = m, append(faults, err)
	}
	return all, errors.Join(faults...)
}

func load(lang string) (map[string]string, error) {
	m := make(map[string]string, 8192)
	entries, err := files.ReadDir("words/" + lang)
	faults := []error{err}
	for _, e := range entries {
		name := path.Join("words", lang, e.Name())
		raw, err := files.ReadFile(name)
		faults = append(faults, err)
		if skim(m, string(raw)) {
			continue
		}
		faults = append(faults, read(m, name, raw))
	}
	return m, errors.Join(faults...)
}

// skim adds one file to m as read does, in a twentieth of the time: half a
// megabyte of words stands before the first one that a command says. It adds
// nothing and reports false where anything is not as plain as we write it; read
// then tells what is wrong.
func skim(m map[string]string, src string) bool {
	if !utf8.ValidString(src) {
		return false
	}
	type entry struct{ code, text string }
	list := make([]entry, 0, len(src)/64)
	x := skimmer{src: src}
	if !x.next('{') {
		return false
	}
	for more := true; more; more = x.next(',') {
		code, ok := x.quoted()
		if !ok || !x.next(':') {
			return false
		}
		text, ok := x.quoted()
		if !ok || text == "" {
			return false
		}
		if _, twice := m[code]; twice {
			return false
		}
		list = append(list, entry{code, text})
	}
	if !x.next('}') || strings.Trim(x.src, " \n\t\r") != "" {
		return false
	}
	before := len(m)
	for _, e := range list {
		m[e.code] = e.text
	}
	if len(m) == before+len(list) {
		return true
	}
	for _, e := range list { // a code stands twice in this file
		delete(m, e.code)
	}
	return false
}

// skimmer is what is left of a file.
type skimmer struct{ src string }

// next takes the sign that comes next; false: it is another one.
func (x *skimmer) next(want byte) bool {
	for i := 0; i < len(x.src); i++ {
		switch x.src[i] {
		case ' ', '\n', '\t', '\r':
		case want:
			x.src = x.src[i+1:]
			return true
		default:
			return false
		}
	}
	return false
}

// quoted takes the text in quotes that comes next.
func (x *skimmer) quoted() (s string, ok bool) {
	if !x.next('"') {
		return "", false
	}
	escapes := false
	for i := 0; i < len(x.src); i++ {
		switch c := x.src[i]; {
		case c == '"':
			s, x.src = x.src[:i], x.src[i+1:]
			if !escapes {
				return s, true
			}
			ok = json.Unmarshal([]byte(`"`+s+`"`), &s) == nil
			return s, ok
		case c == '\\':
			escapes = true
			i++
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// read adds one file to m. It reads token by token because encoding/json keeps
// silent about a code that stands twice in one file.
func read(m map[string]string, name string, raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("text: %s is not a JSON object: %w", name, errors.Join(err))
	}
	var faults []error
	for dec.More() {
		code, err := dec.Token()
		if err != nil {
			return fmt.Errorf("text: %s: %w", name, err)
		}
		value, err := dec.Token()
		if err != nil {
			return fmt.Errorf("text: %s: %w", name, err)
		}
		c, _ := code.(string)
		v, ok := value.(string)
		switch {
		case !ok:
			return fmt.Errorf("text: %s: %s is not a text", name, c)
		case v == "":
			faults = append(faults, fmt.Errorf("text: %s: %s is empty", name, c))
		}
		if _, twice := m[c]; twice {
			faults = append(faults, fmt.Errorf("text: %s: %s stands twice", name, c))
			continue
		}
		m[c] = v
	}
	if _, err := dec.Token(); err != nil {
		return errors.Join(append(faults, fmt.Errorf("text: %s: %w", name, err))...)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		faults = append(faults, fmt.Errorf("text: %s goes on after its object", name))
	}
	return errors.Join(faults...)
}

// Check returns everything that is wrong with the word files: broken JSON, a
// code that stands twice, a code that one language lacks, a plural without its
// forms, slots that differ between the languages. Say works all the same, with
// what could be read.
func Check() error {
	all, err := catalogue()
	faults := []error{err}
	codes := map[string]bool{}
	for _, lang := range languages {
		for code := range all[lang] {
			base, form, _ := strings.Cut(code, "|")
			if form != "" && form != "bare" {
				base += "|other"
			} else {
				base = code
			}
			codes[base] = true
		}
	}
	for _, code := range sortedKeys(codes) {
		var first []string
		for i, lang := range languages {
			s, ok := all[lang][code]
			if !ok {
				faults = append(faults, fmt.Errorf("text: %s lacks %s", lang, code))
				continue
			}
			if base, plural := strings.CutSuffix(code, "|other"); plural {
				for _, form := range pluralForms(lang) {
					if _, ok := all[lang][base+"|"+form]; !ok {
						faults = append(faults, fmt.Errorf("text: %s lacks %s|%s", lang, base, form))
					}
				}
			}
			if slots := slotsOf(s); i == 0 {
				first = slots
			} else if strings.Join(slots, " ") != strings.Join(first, " ") {
				faults = append(faults, fmt.Errorf("text: slots of %s differ: %v in %s, %v in %s", code, first, languages[0], slots, lang))
			}
		}
	}
	for _, lang := range catalogued {
		if slices.Contains(languages, lang) {
			continue
		}
		for _, g := range Gaps(lang) {
			if slices.Contains(spoken, lang) {
				faults = append(faults, fmt.Errorf("text: %s lacks %s, which %s has", lang, g.Key, g.File))
			}
		}
		for _, key := range sortedKeys(keysOf(all[lang])) {
			base, form, _ := strings.Cut(key, "|")
			ours, ok := all[languages[0]][key]
			if !ok && form != "" && slices.Contains(pluralForms(lang), form) { // a form that Spanish has not
				ours, ok = all[languages[0]][base+"|other"]
			}
			if a, b := slotsOf(ours), slotsOf(all[lang][key]); !ok {
				faults = append(faults, fmt.Errorf("text: %s says %s, which %s does not", lang, key, languages[0]))
			} else if !slices.Equal(a, b) {
				faults = append(faults, fmt.Errorf("text: slots of %s differ: %v in %s, %v in %s", key, a, languages[0], b, lang))
			}
		}
	}
	return errors.Join(faults...)
}

// slotsOf returns the distinct slot names of a text in alphabetical order.
func slotsOf(s string) []string {
	set := map[string]bool{}
	fill(s, func(name string) (string, bool) { set[name] = true; return "", true })
	return sortedKeys(set)
}

func keysOf(m map[string]string) map[string]bool {
	set := make(map[string]bool, len(m))
	for k := range m {
		set[k] = true
	}
	return set
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// missing remembers codes that were asked for in vain. It is bounded so that a
// code made from somebody's input cannot fill the memory.
var missing struct {
	sync.Mutex
	codes map[string]bool
}

const missingLimit = 1000

func miss(lang, code string) {
	missing.Lock()
	defer missing.Unlock()
	if missing.codes == nil {
		missing.codes = map[string]bool{}
	}
	if len(missing.codes) < missingLimit {
		missing.codes[lang+" "+code] = true
	}
}

// Missing returns "language code" for every code that Say was asked for and
// did not find in that language, in alphabetical order. Tests of pages end by
// looking here.
func Missing() []string {
	missing.Lock()
	defer missing.Unlock()
	return sortedKeys(missing.codes)
}

// Codes returns the codes below a prefix that have words, in alphabetical
// order and without the prefix: what follows "error." is the code of a fault.
func Codes(prefix string) []string {
	set := map[string]bool{}
	for _, lang := range languages {
		for code := range dictionary(lang) {
			code, _, _ = strings.Cut(code, "|")
			if below, ok := strings.CutPrefix(code, prefix); ok {
				set[below] = true
			}
		}
	}
	return sortedKeys(set)
}
