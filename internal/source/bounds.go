package source

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// What a file may hold. People write far less; beyond it the parser takes
// minutes or all the memory, whatever the size of the file: brackets in
// brackets, blank lines behind a block of text, references to references.
const (
	maxBytes   = 1 << 20
	maxDepth   = 64     // brackets and braces in each other
	maxBlank   = 500    // blank lines in a row
	maxAnchors = 256    // anchors and references together
	maxNodes   = 50_000 // values that references bring, counted each time
)

// readable reports the first thing that the lexer should not be given.
func (f *File) readable(src []byte) bool {
	if len(src) > maxBytes {
		f.Place(1, 1, "file.too_large", "max", maxBytes)
		return false
	}
	blank, n := 0, 0
	for line := range strings.Lines(string(src)) {
		n++
		if blank++; strings.Trim(line, " \t\r\n") != "" {
			blank = 0
		}
		if blank > maxBlank {
			f.Place(n, 1, "file.blank_lines", "max", maxBlank)
			return false
		}
	}
	return true
}

// parsable reports the first token that the parser should not be given.
func (f *File) parsable(tokens token.Tokens) bool {
	depth, anchors := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.AnchorType, token.AliasType:
			anchors++
		}
		switch {
		case depth > maxDepth:
			f.Place(t.Position.Line, t.Position.Column, "file.too_deep", "max", maxDepth)
			return false
		case anchors > maxAnchors:
			f.Place(t.Position.Line, t.Position.Column, "file.references", "max", maxAnchors)
			return false
		}
	}
	return true
}

// decodable reports the first reference with which a file, written out, would
// be too long.
func (f *File) decodable() bool {
	w := weigher{of: map[string]int{}}
	for _, doc := range f.root.Docs {
		if doc.Body != nil {
			ast.Walk(&w, doc.Body)
		}
	}
	if w.over == nil {
		return true
	}
	p := w.over.GetToken().Position
	f.Place(p.Line, p.Column, "file.expanded", "max", maxNodes)
	return false
}

// weigher counts the values of a file with its references written out.
type weigher struct {
	of   map[string]int // name of an anchor → values in it
	sum  int
	over ast.Node // the reference that is too much
}

// Visit is how the tree is walked; what an anchor holds is weighed on its own.
func (w *weigher) Visit(n ast.Node) ast.Visitor {
	if w.over != nil {
		return nil
	}
	w.sum++
	switch x := n.(type) {
	case *ast.AnchorNode:
		before := w.sum
		ast.Walk(w, x.Value)
		w.of[x.Name.String()] = w.sum - before
		return nil
	case *ast.AliasNode:
		if w.sum += w.of[x.Value.String()]; w.sum > maxNodes {
			w.over = n
		}
		return nil
	}
	return w
}
