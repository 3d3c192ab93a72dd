// Package declaration reads systems.yaml: which far systems there are, of which
// kind, and where in the file everything stands. What an entry may say is its
// kind's business: each connector brings a Kind, and reads its entries with what
// this package offers, so that all of them are strict in the same way and tell
// what is wrong at its place.
package declaration

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Declared is one far system as it is declared, not connected yet. It may be
// printed: secrets are references.
type Declared interface {
	Name() string // of the system: "billing"
	// Titles are what people call it, by language; nil: it does not say.
	Titles() map[string]string
	Info() connector.Info
	// Can lists what the system could do, and its actions.
	Can() (can, actions []string)
	// Secrets are the references to secrets that it needs.
	Secrets() []string
	// Place is where the nearest thing at the path of keys stands:
	// systems.yaml:12:5.
	Place(path ...string) string
	// Open connects it and makes no call. References are read here, once; vault
	// opens those that are sealed. The error is a fault.List of Invalid faults with
	// JSON pointers as fields.
	Open(clock when.Clock, vault Vault) (Opened, error)
}

// Acting is a declaration with acts of its own, which describes each without
// connecting anything.
type Acting interface {
	ActionInfo(name string) (connector.Info, bool)
}

// Narrowing is a declaration by which narrowing an access may be for good: it
// describes it without connecting anything. What is no such declaration widens
// again whatever it narrowed.
type Narrowing interface {
	NarrowInfo() connector.Info
}

// Opened is a connected system.
type Opened interface {
	Connector() connector.System
	Close() // lets go of idle connections
}

// Kind reads the entries of one kind.
type Kind struct {
	Name string
	// Read reads an entry; false when something is wrong, which the entry was told
	// (Entry.Bad).
	Read func(e *Entry) (Declared, bool)
}

// Load reads the declarations in src, in their order. name is the name of the
// file as people know it. It finds every problem at once: the error is a
// fault.List of Invalid faults, each with its place in the argument "at"
// (systems.yaml:12:5) and a JSON pointer as its field. Nothing is looked up:
// neither environment nor files nor network.
func Load(name string, src []byte, kinds ...Kind) ([]Declared, error) {
	l := &loader{name: name}
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, l.syntax(err)
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(docs) != 1 {
		if len(docs) > 1 {
			l.bad(docs[1].Body, nil, "system.one_document")
		} else {
			l.list = append(l.list, fault.New(fault.Invalid, "system.empty", "at", name+":1:1"))
		}
		return nil, l.list
	}
	if n := indirect(docs[0].Body); n != nil {
		// Anchors would let one entry change another, far away.
		l.bad(n, nil, "system.alias")
		return nil, l.list
	}
	var all []Declared
	root := l.fields(docs[0].Body, nil, "systems")
	if root == nil {
		return nil, l.list.InOrder().Or()
	}
	systems, ok := root["systems"]
	if !ok {
		l.bad(docs[0].Body, []string{"systems"}, "system.missing", "key", "systems", "example", "systems:")
		return nil, l.list
	}
	for _, p := range l.entries(systems, []string{"systems"}) {
		e := &Entry{loader: l, Name: p.key, val: p.val, at: []string{"systems", p.key}, nodes: map[string]ast.Node{"": p.node}, vals: map[string]ast.Node{}}
		if d, ok := e.read(kinds); ok {
			all = append(all, d)
		}
	}
	if len(l.list) > 0 {
		return nil, l.list.InOrder()
	}
	return all, nil
}

type loader struct {
	name  string
	list  fault.List
	meant []string // keys that were likely meant by others, as pointers
}

// written is what somebody wrote at a node, if it is one word.
func written(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode:
		return n.GetToken().Value
	}
	return ""
}

// unquoted is a slot that somebody wrote without quotes, which YAML takes for a mapping
// with one key and nothing behind it: {reference}.
func unquoted(n ast.Node) (slot string, is bool) {
	m, ok := n.(*ast.MappingNode)
	if !ok || len(m.Values) != 1 || m.Start == nil || m.Start.Type != token.MappingStartType {
		return "", false
	}
	v := m.Values[0]
	if _, none := v.Value.(*ast.NullNode); !none {
		return "", false
	}
	return "{" + v.Key.GetToken().Value + "}", true
}

// wantText tells that a text should stand at a node, and how it is written where it is
// one but for its quotes.
func (l *loader) wantText(n ast.Node, at []string) {
	if slot, is := unquoted(n); is {
		l.bad(n, at, "system.unquoted", "slot", slot)
		return
	}
	l.bad(n, at, "system.want_text")
}

type pair struct {
	key  string
	node ast.Node // of the key
	val  ast.Node
}

func (l *loader) place(t *token.Token) string {
	if t == nil || t.Position == nil {
		return l.name + ":1:1"
	}
	return fmt.Sprintf("%s:%d:%d", l.name, t.Position.Line, t.Position.Column)
}

func (l *loader) bad(n ast.Node, at []string, code string, args ...any) {
	e := fault.New(fault.Invalid, code, append([]any{"at", l.place(first(n))}, args...)...)
	if word := written(n); word != "" {
		e = e.Meant(word)
	}
	if len(at) > 0 {
		e = e.On(Pointer(at))
	}
	l.list = append(l.list, e)
}

// first returns the token where a person would say that the node begins; a
// mapping's own token is its first colon.
func first(n ast.Node) *token.Token {
	switch n := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		if len(n.Values) > 0 && n.Start != nil && n.Start.Type != token.MappingStartType {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return n.GetToken()
}

func (l *loader) syntax(err error) error {
	at := l.name + ":1:1"
	// SyntaxError and DuplicateKeyError are siblings that share this much.
	var positioned interface{ GetToken() *token.Token }
	if errors.As(err, &positioned) {
		at = l.place(positioned.GetToken())
	}
	return fault.List{fault.New(fault.Invalid, "system.syntax", "at", at).At("declaration.Load", err)}
}

// indirect returns the first anchor, alias, merge key or tag below the node.
func indirect(n ast.Node) (found ast.Node) {
	ast.Walk(visitor(func(n ast.Node) bool {
		switch n.(type) {
		case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
			if found == nil {
				found = n
			}
		}
		return found == nil
	}), n)
	return found
}

type visitor func(ast.Node) bool

func (v visitor) Visit(n ast.Node) ast.Visitor {
	if !v(n) {
		return nil
	}
	return v
}

// entries returns the pairs of a mapping in their order.
func (l *loader) entries(n ast.Node, at []string) []pair {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		l.bad(n, at, "system.want_map")
		return nil
	}
	out := make([]pair, 0, len(pairs))
	for _, p := range pairs {
		out = append(out, pair{key: p.Key.GetToken().Value, node: p.Key, val: p.Value})
	}
	return out
}

// fields returns the values of a mapping that may have only these keys.
func (l *loader) fields(n ast.Node, at []string, keys ...string) map[string]ast.Node {
	entries := l.entries(n, at)
	if entries == nil {
		return nil
	}
	out := make(map[string]ast.Node, len(entries))
	for _, e := range entries {
		if !slices.Contains(keys, e.key) {
			args := []any{"key", e.key}
			if near := fault.Near(e.key, keys); near != "" {
				args = append(args, "near", near)
				l.meant = append(l.meant, Pointer(Below(at, near)))
			}
			l.bad(e.node, Below(at, e.key), "system.unknown_key", args...)
			continue
		}
		out[e.key] = e.val
	}
	return out
}

// Below is the path of a key of what stands at a path.
func Below(at []string, key string) []string { return append(slices.Clone(at), key) }

// told reports whether something was already said about the place.
func (l *loader) told(at, path []string) bool {
	field := Pointer(append(slices.Clone(at), path...))
	return slices.ContainsFunc(l.list, func(e *fault.Error) bool {
		return e.Field == field || strings.HasPrefix(e.Field, field+"/")
	})
}

func (l *loader) text(n ast.Node, at []string) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	default:
		l.wantText(n, at)
		return ""
	}
}

func (l *loader) texts(n ast.Node, at []string) []string {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		l.bad(n, at, "system.want_list")
		return nil
	}
	out := make([]string, 0, len(seq.Values))
	for i, v := range seq.Values {
		out = append(out, l.text(v, Below(at, strconv.Itoa(i))))
	}
	return out
}

// scalars reads one value or a list of values as they are written.
func (l *loader) scalars(n ast.Node, at []string) []string {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return []string{l.scalar(n, at)}
	}
	out := make([]string, 0, len(seq.Values))
	for i, v := range seq.Values {
		out = append(out, l.scalar(v, Below(at, strconv.Itoa(i))))
	}
	return out
}

// scalar reads a value as it is written.
func (l *loader) scalar(n ast.Node, at []string) string {
	switch n := n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return l.text(n, at)
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value
	default:
		l.wantText(n, at)
		return ""
	}
}

// number reads a whole number.
func (l *loader) number(n ast.Node, at []string) (x int, ok bool) {
	x, err := strconv.Atoi(n.GetToken().Value)
	if _, is := n.(*ast.IntegerNode); !is || err != nil {
		l.bad(n, at, "system.want_number")
		return 0, false
	}
	return x, true
}

// numbers reads a list of whole numbers.
func (l *loader) numbers(n ast.Node, at []string) []int {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		l.bad(n, at, "system.want_list")
		return nil
	}
	out := make([]int, 0, len(seq.Values))
	for i, v := range seq.Values {
		if x, ok := l.number(v, Below(at, strconv.Itoa(i))); ok {
			out = append(out, x)
		}
	}
	return out
}

// flag reads true; false would say what leaving it out says.
func (l *loader) flag(n ast.Node, at []string) bool {
	b, ok := n.(*ast.BoolNode)
	if !ok || !b.Value {
		l.bad(n, at, "system.want_true")
	}
	return true
}

func (l *loader) duration(n ast.Node, at []string) time.Duration {
	if n == nil {
		return 0
	}
	if _, bare := n.(*ast.IntegerNode); bare { // a number says not of what
		l.bad(n, at, "system.duration_unit", "value", n.GetToken().Value)
		return time.Second
	}
	s := l.text(n, at)
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		l.bad(n, at, "system.duration")
		return time.Second // it is there, so nobody needs to hear that it is missing
	}
	return d
}

// size reads 4096, 64KiB or 1MiB.
func (l *loader) size(n ast.Node, at []string) int64 {
	if n == nil {
		return 0
	}
	s := n.GetToken().Value
	unit := int64(1)
	for suffix, u := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20} {
		if cut, ok := strings.CutSuffix(s, suffix); ok {
			s, unit = strings.TrimSpace(cut), u
		}
	}
	v, err := strconv.ParseInt(s, 10, 32)
	if err != nil || v <= 0 {
		l.bad(n, at, "system.size")
		return 0
	}
	return v * unit
}

// prefixes reads 10.0.0.0/8, or a single address.
func (l *loader) prefixes(n ast.Node, at []string) []netip.Prefix {
	if n == nil {
		return nil
	}
	var out []netip.Prefix
	for i, s := range l.texts(n, at) {
		p, err := netip.ParsePrefix(s)
		if a, aerr := netip.ParseAddr(s); err != nil && aerr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || p != p.Masked() {
			l.bad(n.(*ast.SequenceNode).Values[i], Below(at, strconv.Itoa(i)), "system.prefix")
			continue
		}
		out = append(out, p)
	}
	return out
}

func (l *loader) body(n ast.Node, at []string) map[string]any {
	l.entries(n, at) // says what is wrong when it is no mapping
	var v map[string]any
	if err := yaml.NodeToValue(n, &v); err != nil || v == nil {
		if !l.told(nil, at) {
			l.bad(n, at, "field.invalid")
		}
		return nil
	}
	return v
}
