package source

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"hastaluego/internal/fault"
)

// unknown reports every key that what a file is read into does not have.
func (f *File) unknown(into any) {
	if f.root == nil || len(f.root.Docs) == 0 || f.root.Docs[0].Body == nil {
		return
	}
	f.unknownIn(f.root.Docs[0].Body, reflect.TypeOf(into), "$")
}

func (f *File) unknownIn(n ast.Node, t reflect.Type, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if readsItself(t) {
		return
	}
	switch x := n.(type) {
	case *ast.AnchorNode:
		f.unknownIn(x.Value, t, path)
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
			for i, v := range x.Values {
				f.unknownIn(v, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
			}
		}
	case *ast.MappingNode:
		f.unknownKeys(x.Values, t, path)
	case *ast.MappingValueNode:
		f.unknownKeys([]*ast.MappingValueNode{x}, t, path)
	}
}

func (f *File) unknownKeys(pairs []*ast.MappingValueNode, t reflect.Type, path string) {
	if t.Kind() == reflect.Map {
		for _, p := range pairs {
			f.unknownIn(p.Value, t.Elem(), path+"."+p.Key.GetToken().Value)
		}
		return
	}
	if t.Kind() != reflect.Struct {
		return
	}
	fields, order := keysOf(t)
	for _, p := range pairs {
		if _, merges := p.Key.(*ast.MergeKeyNode); merges {
			continue
		}
		key := p.Key.GetToken()
		if field, known := fields[key.Value]; known {
			f.unknownIn(p.Value, field, path+"."+key.Value)
			continue
		}
		args := []any{"key", key.Value}
		if near := fault.Near(key.Value, order); near != "" {
			args = append(args, "near", near)
			f.meant = append(f.meant, path+"."+near)
		}
		f.Place(key.Position.Line, key.Position.Column, "file.unknown_key", args...)
	}
}

// keysOf are the keys that a mapping may have that is read into a struct, as the
// decoder names them.
func keysOf(t reflect.Type) (fields map[string]reflect.Type, order []string) {
	fields = map[string]reflect.Type{}
	for i := range t.NumField() {
		x := t.Field(i)
		tag := x.Tag.Get("yaml")
		if tag == "" {
			tag = x.Tag.Get("json")
		}
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-" || x.PkgPath != "" && !x.Anonymous:
			continue
		case strings.Contains(","+options+",", ",inline,"):
			inner := x.Type
			for inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				more, names := keysOf(inner)
				for k, v := range more {
					fields[k] = v
				}
				order = append(order, names...)
			}
			continue
		case name == "":
			name = strings.ToLower(x.Name)
		}
		fields[name], order = x.Type, append(order, name)
	}
	return fields, order
}

// readers are the ways in which a type can read itself out of a node: what it knows of
// keys is its own.
var readers = []reflect.Type{
	reflect.TypeFor[yaml.BytesUnmarshaler](), reflect.TypeFor[yaml.BytesUnmarshalerContext](), reflect.TypeFor[yaml.InterfaceUnmarshaler](),
	reflect.TypeFor[yaml.InterfaceUnmarshalerContext](), reflect.TypeFor[yaml.NodeUnmarshaler](), reflect.TypeFor[yaml.NodeUnmarshalerContext](),
	reflect.TypeFor[encoding.TextUnmarshaler](),
}

func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	for _, r := range readers {
		if p.Implements(r) {
			return true
		}
	}
	return false
}
