// Package source reads the YAML files that people write and says where in them
// something is wrong: file:line:column. It decodes strictly and knows nothing
// of what the files mean.
package source

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"hastaluego/internal/fault"
)

// File is a file that was read, and what was found wrong with it so far.
type File struct {
	name  string
	root  *ast.File
	found fault.List
	meant []string // paths of keys that were likely meant by others
}

// Unplaced is a file that nobody parsed: everything in it stands at 1:1. It is
// for a text of which is known, without parsing it, that nothing is wrong.
func Unplaced(name string) *File { return &File{name: name} }

// Decode reads YAML into what into points to. Every unknown key (file.unknown_key), and a
// wrong type or bad YAML (file.syntax), is a problem at its place. A file that would take the parser
// minutes is refused instead (file.too_large, file.too_deep, file.blank_lines,
// file.references, file.expanded).
func Decode(name string, src []byte, into any) (*File, error) {
	f, err := Read(name, src, into)
	if err == nil {
		err = f.Err()
	}
	return f, err
}

// Read is Decode for whoever goes on to look at what was read: unknown keys are told by
// Err, with what else is found, so that one look at a file says all that is wrong with it.
func Read(name string, src []byte, into any) (*File, error) {
	f := &File{name: name}
	if !f.readable(src) {
		return f, f.found
	}
	err := f.decode(src, into, yaml.Strict())
	if len(f.found) > 0 || err == nil {
		return f, f.found.Or()
	}
	if f.unknown(into); len(f.found) > 0 { // the decoder tells one of them, whichever comes
		reflect.ValueOf(into).Elem().SetZero()
		err = f.decode(src, into)
	}
	if err == nil {
		return f, nil
	}
	line, col, what := 1, 1, err.Error()
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		line, col, what = y.GetToken().Position.Line, y.GetToken().Position.Column, y.GetMessage()
	}
	f.Place(line, col, "file.syntax", "what", what)
	return f, f.Err()
}

// decode reads what is readable, or finds why it would take minutes. The parser
// gives up on some of what nobody writes, such as a tag before what is no list:
// that is a mistake in the file, and its place is that of the first tag.
func (f *File) decode(src []byte, into any, how ...yaml.DecodeOption) (err error) {
	var tokens token.Tokens
	defer func() {
		if recover() != nil {
			odd := &yaml.SyntaxError{Message: "this cannot be read; if it has a tag (!), leave it out"}
			if i := slices.IndexFunc(tokens, func(t *token.Token) bool { return t.Type == token.TagType }); i >= 0 {
				odd.Token = tokens[i]
			}
			err = odd
		}
	}()
	tokens = lexer.Tokenize(string(src))
	if !f.parsable(tokens) {
		return nil
	}
	root, err := parser.Parse(tokens, 0)
	if err != nil {
		return err
	}
	if f.root = root; !f.decodable() {
		return nil
	}
	// What was parsed is not parsed again: that is half of the time. A reference
	// is followed to what it stands for only by whoever begins with the text.
	anchored := slices.ContainsFunc(tokens, func(t *token.Token) bool { return t.Type == token.AnchorType })
	if anchored || len(root.Docs) != 1 || root.Docs[0].Body == nil {
		return yaml.UnmarshalWithOptions(src, into, how...)
	}
	return yaml.NodeToValue(root.Docs[0].Body, into, how...)
}

// At reports a problem at a YAML path such as $.fields[2].kind; where the path
// itself does not exist, its nearest parent is named. Of a key that was likely meant by
// one that is not known, that alone is told.
func (f *File) At(path, code string, args ...any) {
	if slices.Contains(f.meant, path) {
		return
	}
	_, line, col := f.Where(path)
	f.Place(line, col, code, args...)
}

// Where is the place of a YAML path, or of its nearest parent: file:line:column,
// and the two numbers.
func (f *File) Where(path string) (at string, line, col int) {
	line, col = 1, 1
	if n := f.nearest(path); n != nil {
		line, col = start(n)
	}
	return fmt.Sprintf("%s:%d:%d", f.name, line, col), line, col
}

// Inside is where the first character of the text at a path stands: behind the
// quotes, if it has some.
func (f *File) Inside(path string) (line, col int) {
	n := f.nearest(path)
	if n == nil {
		return 1, 1
	}
	line, col = start(n)
	if t := strings.TrimSpace(n.GetToken().Origin); strings.HasPrefix(t, `"`) || strings.HasPrefix(t, "'") {
		col++
	}
	return line, col
}

// nearest is what stands at a path, or at its nearest parent; nil: nothing.
func (f *File) nearest(path string) ast.Node {
	if f.root == nil {
		return nil
	}
	for p := path; p != "$" && p != ""; p = parent(p) {
		yp, err := yaml.PathString(p)
		if err != nil {
			continue
		}
		if n, err := yp.FilterFile(f.root); err == nil && n != nil {
			return n
		}
	}
	return nil
}

// Place reports a problem at a line and column, both from 1.
func (f *File) Place(line, col int, code string, args ...any) {
	at := fmt.Sprintf("%s:%d:%d", f.name, line, col)
	f.found = append(f.found, fault.New(fault.Invalid, code, append([]any{"at", at}, args...)...).On(at).Meant(""))
}

// Within reports a problem at a line and column of the text that stands at a path, both
// from 1.
func (f *File) Within(path string, line, col int, code string, args ...any) {
	first, begin := f.Inside(path)
	if line == 1 {
		begin += col - 1
	}
	f.Place(first+line-1, begin, code, args...)
}

// Err returns everything that was reported, as a fault.List in the order in which it
// stands in the file, or nil.
func (f *File) Err() error { return f.found.InOrder().Or() }

// start is the position of the first token of a node: a mapping's own token is
// the colon of its first pair.
func start(n ast.Node) (line, col int) {
	switch x := n.(type) {
	case *ast.MappingNode:
		if len(x.Values) > 0 {
			return start(x.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return start(x.Key)
	}
	p := n.GetToken().Position
	return p.Line, p.Column
}

func parent(p string) string {
	i := max(strings.LastIndexByte(p, '.'), strings.LastIndexByte(p, '['))
	if i < 0 {
		return ""
	}
	return p[:i]
}
