package declaration

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// Entry is one system of the file while its kind reads it. It remembers which
// node stands where, so that what is wrong is told at its place. Paths are keys
// below the system: {"auth", "value"}.
type Entry struct {
	*loader
	Name  string
	val   ast.Node
	at    []string            // of the system in the file
	nodes map[string]ast.Node // where things stand, by path below the system; "": its name
	vals  map[string]ast.Node // what stands there
	title map[string]string   // what people call it, by language
}

// Map is the values of a mapping, by key.
type Map map[string]ast.Node

// Has reports whether the key is there.
func (m Map) Has(key string) bool { _, ok := m[key]; return ok }

// read finds the kind of the entry and has it read.
func (e *Entry) read(kinds []Kind) (Declared, bool) {
	n, kind := e.kind(), ""
	if n != nil {
		kind = n.GetToken().Value
	}
	for _, k := range kinds {
		if k.Name == kind {
			return k.Read(e)
		}
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	if e.entries(e.val, e.at) == nil {
		return nil, false
	}
	if n == nil {
		e.bad(e.nodes[""], e.below([]string{"kind"}), "system.missing_word", "key", "kind", "words", strings.Join(names, ", "))
		return nil, false
	}
	e.bad(n, e.below([]string{"kind"}), "system.kind", "kind", kind, "kinds", strings.Join(names, ", "))
	return nil, false
}

// kind returns the node of what an entry says that it is; nil if it says nothing.
func (e *Entry) kind() ast.Node {
	switch n := e.val.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if v.Key.GetToken().Value == "kind" {
				return v.Value
			}
		}
	case *ast.MappingValueNode:
		if n.Key.GetToken().Value == "kind" {
			return n.Value
		}
	}
	return nil
}

// Top returns the values of the entry, which may have only these keys beside
// its kind and its title; nil when it is no mapping. A kind that reads a title of its
// own names it.
func (e *Entry) Top(keys ...string) Map {
	own := slices.Contains(keys, "title")
	m := e.keys(e.val, nil, append(keys, "kind", "title")...)
	if !own && m.Has("title") {
		e.title = e.Table(m, nil, "title")
		for _, p := range CheckTitles(e.title, Path("title")) {
			e.Bad(p.At, p.Code, p.Args...)
		}
	}
	return m
}

// Keys returns the values of the mapping at a path, which may have only these
// keys; nil when it is not there or no mapping.
func (e *Entry) Keys(path []string, keys ...string) Map {
	n, ok := e.vals[strings.Join(path, "/")]
	if !ok {
		return nil
	}
	return e.keys(n, path, keys...)
}

func (e *Entry) keys(n ast.Node, path []string, keys ...string) Map {
	m := e.fields(n, e.below(path), keys...)
	for k, v := range m {
		at := strings.Join(Below(path, k), "/")
		e.nodes[at], e.vals[at] = v, v
	}
	return m
}

// Names returns the keys of the mapping at a path in their order: whatever it
// holds.
func (e *Entry) Names(path []string) (names []string) {
	n, ok := e.vals[strings.Join(path, "/")]
	if !ok {
		return nil
	}
	for _, p := range e.entries(n, e.below(path)) {
		names = append(names, p.key)
		at := strings.Join(Below(path, p.key), "/")
		e.nodes[at], e.vals[at] = p.node, p.val
	}
	return names
}

// List returns how many things the list at a path holds, each of which is then
// found below its index; false where no list stands.
func (e *Entry) List(path []string) (n int, ok bool) {
	seq, ok := e.vals[strings.Join(path, "/")].(*ast.SequenceNode)
	if !ok {
		return 0, false
	}
	for i, v := range seq.Values {
		at := strings.Join(Below(path, strconv.Itoa(i)), "/")
		e.nodes[at], e.vals[at] = v, v
	}
	return len(seq.Values), true
}

// Table reads a mapping of names to values as they are written; nil when it is
// not there.
func (e *Entry) Table(m Map, path []string, key string) map[string]string {
	if !m.Has(key) {
		return nil
	}
	where, out := Below(path, key), map[string]string{}
	for _, name := range e.Names(where) {
		at := Below(where, name)
		n := e.vals[strings.Join(at, "/")]
		e.nodes[strings.Join(at, "/")] = n
		out[name] = e.scalar(n, e.below(at))
	}
	return out
}

// Number reads a whole number; zero when it is not there.
func (e *Entry) Number(m Map, path []string, key string) int {
	n, ok := m[key]
	if !ok {
		return 0
	}
	x, _ := e.number(n, e.below(Below(path, key)))
	return x
}

func (e *Entry) below(path []string) []string { return append(slices.Clone(e.at), path...) }

// Word reads the text of a key; empty when it is not there.
func (e *Entry) Word(m Map, path []string, key string) string {
	n, ok := m[key]
	if !ok {
		return ""
	}
	return e.text(n, e.below(Below(path, key)))
}

// Ref reads a reference to a secret or an address: env:NAME, file:PATH (which
// starts at the folder of the file), or the text itself.
func (e *Entry) Ref(m Map, path []string, key string) string { return e.Root(e.Word(m, path, key)) }

// Words reads a list of texts; nil when it is not there.
func (e *Entry) Words(m Map, path []string, key string) []string {
	n, ok := m[key]
	if !ok {
		return nil
	}
	return e.texts(n, e.below(Below(path, key)))
}

// Scalars reads one value or a list of values as they are written.
func (e *Entry) Scalars(m Map, path []string, key string) []string {
	n, ok := m[key]
	if !ok {
		return nil
	}
	return e.scalars(n, e.below(Below(path, key)))
}

// Numbers reads a list of whole numbers.
func (e *Entry) Numbers(m Map, path []string, key string) []int {
	n, ok := m[key]
	if !ok {
		return nil
	}
	return e.numbers(n, e.below(Below(path, key)))
}

// Flag reads true, which is all that it may be.
func (e *Entry) Flag(m Map, path []string, key string) bool {
	n, ok := m[key]
	return ok && e.flag(n, e.below(Below(path, key)))
}

// Duration reads 10s or 24h; zero when it is not there.
func (e *Entry) Duration(m Map, path []string, key string) time.Duration {
	return e.duration(m[key], e.below(Below(path, key)))
}

// Rate reads 20/s, 600/min or 5000/h, as calls a second; zero when it is not
// there.
func (e *Entry) Rate(m Map, path []string, key string) float64 {
	n, ok := m[key]
	if !ok {
		return 0
	}
	at := e.below(Below(path, key))
	if _, bare := n.(*ast.IntegerNode); bare { // a number says not of what
		e.bad(n, at, "system.rate_unit", "value", n.GetToken().Value)
		return 0
	}
	count, per, _ := strings.Cut(e.text(n, at), "/")
	x, err := strconv.Atoi(count)
	unit := map[string]float64{"s": 1, "min": 60, "h": 3600}[per]
	if err != nil || x < 1 || unit == 0 {
		if !e.told(e.at, Below(path, key)) {
			e.bad(n, at, "system.rate")
		}
		return 0
	}
	return float64(x) / unit
}

// Size reads 4096, 64KiB or 1MiB, in bytes; zero when it is not there.
func (e *Entry) Size(m Map, path []string, key string) int64 {
	return e.size(m[key], e.below(Below(path, key)))
}

// Prefixes reads private networks or addresses that may be called.
func (e *Entry) Prefixes(m Map, path []string, key string) []netip.Prefix {
	return e.prefixes(m[key], e.below(Below(path, key)))
}

// Body reads a mapping of any values; nil when it is not there.
func (e *Entry) Body(m Map, path []string, key string) map[string]any {
	n, ok := m[key]
	if !ok {
		return nil
	}
	return e.body(n, e.below(Below(path, key)))
}

// Mark is how much was wrong so far.
func (e *Entry) Mark() int { return len(e.list) }

// Bad tells that something is wrong at a path.
func (e *Entry) Bad(path []string, code string, args ...any) {
	e.bad(e.nearest(path), e.below(path), code, args...)
}

// Judge tells what a check of what was read found. A wrong type hides a value:
// then only what is there can be judged, and what was told is not told again. It
// reports whether the entry is good. mark is Mark before the reading.
func (e *Entry) Judge(mark int, found []Problem) bool {
	whole := len(e.list) == mark
	for _, p := range found {
		p.At = e.listed(p.At)
		above := e.above(p.At)
		n, there := e.nodes[strings.Join(p.At, "/")]
		told, missing := p.missing(above)
		switch {
		case whole:
			e.bad(e.nearest(p.At), e.below(p.At), told.Code, told.Args...)
		case there && !e.told(e.at, p.At):
			p, _ = p.missing(p.At)
			e.bad(n, e.below(p.At), p.Code, p.Args...)
		case !there && missing && !e.hidden(p.At, above): // nobody need mend one thing to hear of the other
			e.bad(e.nearest(p.At), e.below(p.At), told.Code, told.Args...)
		}
	}
	return len(e.list) == mark
}

// hidden reports whether what is missing at a path may be there all the same: under a key
// that was likely meant to be it, or in what is of a wrong type.
func (e *Entry) hidden(path, above []string) bool {
	field := Pointer(e.below(path))
	if slices.ContainsFunc(e.meant, func(m string) bool { return m == field || strings.HasPrefix(field, m+"/") }) {
		return true
	}
	for i := range len(above) + 1 {
		at := Pointer(e.below(path[:i]))
		if slices.ContainsFunc(e.list, func(x *fault.Error) bool { return x.Field == at }) {
			return true
		}
	}
	return slices.ContainsFunc(e.list, func(x *fault.Error) bool { return x.Field == field })
}

// listed is a path as the file has it: what stands alone may be written as a list of one.
func (e *Entry) listed(path []string) (out []string) {
	for _, key := range path {
		seq, is := e.vals[strings.Join(out, "/")].(*ast.SequenceNode)
		if _, err := strconv.Atoi(key); is && err != nil && len(seq.Values) == 1 {
			out = append(out, "0")
		}
		out = append(out, key)
	}
	return out
}

// above is the path itself or, when nothing stands there, the closest one above
// it at which something does.
func (e *Entry) above(path []string) []string {
	for i := len(path); i > 0; i-- {
		if _, ok := e.nodes[strings.Join(path[:i], "/")]; ok {
			return path[:i]
		}
	}
	return nil
}

// nearest returns the node at the path or, when it is not there, the closest
// one above it.
func (e *Entry) nearest(path []string) ast.Node { return e.nodes[strings.Join(e.above(path), "/")] }

// Root makes a file that holds a secret start at the folder of the declaration,
// wherever the program was started.
func (e *Entry) Root(ref string) string {
	if path := strings.TrimPrefix(ref, "file:"); IsFile(ref) && !filepath.IsAbs(path) {
		return "file:" + filepath.Join(filepath.Dir(e.name), path)
	}
	return ref
}

// Places is where everything of an entry stands in its file, and what people call its
// system. The zero value is of a declaration that came from no file.
type Places struct {
	at     map[string]string // by path
	titles map[string]string // by language
}

// Places returns them.
func (e *Entry) Places() Places {
	out := Places{at: make(map[string]string, len(e.nodes)), titles: e.title}
	for path, n := range e.nodes {
		out.at[path] = e.place(first(n))
	}
	return out
}

// Place is where the nearest thing at the path stands: systems.yaml:12:5.
func (p Places) Place(path ...string) string {
	for i := len(path); i > 0; i-- {
		if at, ok := p.at[strings.Join(path[:i], "/")]; ok {
			return at
		}
	}
	return p.at[""]
}

// Titles are what people call the system, by language; nil: the declaration does not say.
func (p Places) Titles() map[string]string { return p.titles }

// Problem is one thing wrong with a declaration; At is the path of keys to it.
type Problem struct {
	At   []string
	Code string
	Args []any
}

// Fault tells the problem of a declaration that came from no file.
func (p Problem) Fault(system string) *fault.Error {
	field := Pointer(p.At)
	return fault.New(fault.Invalid, p.Code, append([]any{"at", system + field}, p.Args...)...).On(field)
}

// CheckLoss finds what is wrong with what an act says that it loses, at the path
// of its undoing: only a final one loses anything.
func CheckLoss(undo []string, class connector.UndoClass, loses connector.Loss) (found []Problem) {
	switch {
	case loses == "":
	case class != connector.Final:
		found = append(found, Problem{At: Below(undo, "loses"), Code: "system.needs", Args: []any{"key", "loses", "needs", "class: final"}})
	case !slices.Contains(Losses, loses):
		found = append(found, Problem{At: Below(undo, "loses"), Code: "system.word", Args: []any{"words", "data, access"}})
	}
	return found
}

// Pointer is the JSON pointer (RFC 6901) of a path.
func Pointer(path []string) string {
	var b strings.Builder
	for _, key := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	}
	return b.String()
}

// Path writes a path of keys.
func Path(keys ...string) []string { return keys }

// Effects, Undos and Losses are the words for what may be done when an answer was
// lost, for what undoing brings back, and for what a final act loses.
var (
	Effects = []connector.EffectClass{connector.Idempotent, connector.Keyed, connector.Verifiable, connector.Ask}
	Undos   = []connector.UndoClass{connector.Restorable, connector.Reissuable, connector.Final}
	Losses  = []connector.Loss{connector.LosesData, connector.LosesAccess}
)
