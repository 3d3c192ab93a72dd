package company

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"hastaluego/internal/fault"
)

const (
	svgSpace  = "http://www.w3.org/2000/svg"
	maxNodes  = 4000
	maxDepth  = 32
	maxNumber = 64 << 10 // bytes of one attribute
)

// drawn are the elements that a logo may be made of; true ones may hold words.
var drawn = map[string]bool{
	"svg": false, "g": false, "defs": false, "path": false, "rect": false, "circle": false, "ellipse": false, "line": false, "polyline": false,
	"polygon": false, "linearGradient": false, "radialGradient": false, "stop": false, "clipPath": false, "mask": false, "title": true, "desc": true,
}

// left are elements of editors that draw nothing and are left behind.
var left = []string{"metadata", "namedview", "perspective"}

// kept are the attributes that say how a shape looks.
var kept = strings.Fields(`viewBox width height x y x1 y1 x2 y2 cx cy r rx ry fx fy d points transform preserveAspectRatio id fill fill-rule fill-opacity
	clip-rule clip-path mask stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset stroke-opacity
	opacity offset stop-color stop-opacity gradientUnits gradientTransform spreadMethod clipPathUnits maskUnits maskContentUnits display visibility color href`)

// readSVG writes a drawing anew with what draws and nothing else. A drawing that
// wants to run something, or to fetch something, is refused: it is not what it
// seems, and without that part it would not look as it should.
func readSVG(file []byte) ([]byte, error) {
	dec := xml.NewDecoder(bytes.NewReader(file))
	dec.Strict = true
	dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("only UTF-8") }
	s := svg{}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "logo.unreadable").On("logo").At("company.readSVG", err)
		}
		if err := s.token(t); err != nil {
			return nil, err
		}
	}
	if !s.done || !s.sized || s.shapes == 0 {
		return nil, fault.New(fault.Invalid, "logo.unreadable").On("logo")
	}
	return s.out.Bytes(), nil
}

// svg is what was read so far.
type svg struct {
	out    bytes.Buffer
	open   []string // elements that are written and not closed
	skip   int      // depth inside an element that is left behind
	nodes  int
	shapes int
	sized  bool
	done   bool
}

// refused says what a drawing may not have.
func refused(what string) error {
	return fault.New(fault.Invalid, "logo.unsafe", "what", what).On("logo")
}

func (s *svg) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive: // a document type can define what it likes
		if !strings.EqualFold(strings.TrimSpace(string(t[:min(len(t), 7)])), "doctype") || bytes.ContainsAny(t, "[%&") {
			return refused("<!…>")
		}
	case xml.ProcInst:
		if t.Target != "xml" {
			return refused("<?" + t.Target + "?>")
		}
	case xml.StartElement:
		return s.start(t)
	case xml.EndElement:
		if s.skip > 0 {
			s.skip--
			return nil
		}
		name := s.open[len(s.open)-1]
		s.open = s.open[:len(s.open)-1]
		s.out.WriteString("</" + name + ">")
		s.done = len(s.open) == 0
	case xml.CharData:
		if s.skip == 0 && len(s.open) > 0 && drawn[s.open[len(s.open)-1]] {
			return xml.EscapeText(&s.out, t)
		}
	}
	return nil
}

func (s *svg) start(t xml.StartElement) error {
	if s.nodes++; s.nodes > maxNodes || len(s.open)+s.skip >= maxDepth {
		return fault.New(fault.Invalid, "logo.complex").On("logo")
	}
	name := t.Name.Local
	if s.skip > 0 {
		s.skip++
		return nil
	}
	if t.Name.Space != svgSpace || slices.Contains(left, name) {
		if len(s.open) == 0 {
			return fault.New(fault.Invalid, "logo.unreadable").On("logo")
		}
		if t.Name.Space == "http://www.w3.org/1999/xhtml" {
			return refused("<" + clip(name) + ">")
		}
		s.skip = 1
		return nil
	}
	if _, ok := drawn[name]; !ok {
		return refused("<" + clip(name) + ">")
	}
	if s.done || len(s.open) == 0 && name != "svg" || len(s.open) > 0 && name == "svg" {
		return fault.New(fault.Invalid, "logo.unreadable").On("logo")
	}
	s.out.WriteString("<" + name)
	if name == "svg" {
		s.out.WriteString(` xmlns="` + svgSpace + `"`)
	}
	attrs, err := lookOf(t.Attr)
	if err != nil {
		return err
	}
	for _, a := range attrs {
		if name == "svg" && (a.Name.Local == "viewBox" || a.Name.Local == "width") {
			s.sized = true
		}
		s.out.WriteString(" " + a.Name.Local + `="`)
		if err := xml.EscapeText(&s.out, []byte(a.Value)); err != nil {
			return err
		}
		s.out.WriteByte('"')
	}
	s.out.WriteByte('>')
	s.open = append(s.open, name)
	if slices.Contains([]string{"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}, name) {
		s.shapes++
	}
	return nil
}

// lookOf picks the attributes that draw. Of a style each declaration becomes the
// attribute of its name.
func lookOf(list []xml.Attr) (out []xml.Attr, err error) {
	keep := func(name, value string) error {
		value = strings.TrimSpace(value)
		if len(value) > maxNumber {
			return fault.New(fault.Invalid, "logo.complex").On("logo")
		}
		if reaches(value) {
			return refused(clip(name))
		}
		i := slices.IndexFunc(out, func(a xml.Attr) bool { return a.Name.Local == name })
		switch {
		case !slices.Contains(kept, name) || value == "":
		case i >= 0:
			out[i].Value = value
		default:
			out = append(out, xml.Attr{Name: xml.Name{Local: name}, Value: value})
		}
		return nil
	}
	var style string
	for _, a := range list {
		name := a.Name.Local
		switch {
		case name == "xmlns":
		case strings.HasPrefix(strings.ToLower(name), "on"):
			return nil, refused(clip(name))
		case name == "href":
			if !strings.HasPrefix(strings.TrimSpace(a.Value), "#") {
				return nil, refused(clip(name))
			}
			if err := keep(name, a.Value); err != nil {
				return nil, err
			}
		case a.Name.Space != "":
		case name == "style":
			style = a.Value
		default:
			if err := keep(name, a.Value); err != nil {
				return nil, err
			}
		}
	}
	for d := range strings.SplitSeq(style, ";") { // wins over attributes, as it does where it came from
		name, value, ok := strings.Cut(d, ":")
		if !ok {
			continue
		}
		if err := keep(strings.TrimSpace(name), strings.TrimSuffix(strings.TrimSpace(value), "!important")); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// reaches reports whether a value names something outside the drawing, or
// could: url() of anything but a part of it, escapes, or a scheme.
func reaches(value string) bool {
	v := strings.ToLower(value)
	if strings.ContainsAny(v, "\\<>@") || strings.Contains(v, "/*") || strings.Contains(v, "script:") || strings.Contains(v, "data:") || strings.Contains(v, "//") {
		return true
	}
	for rest := v; ; {
		_, after, found := strings.Cut(rest, "url")
		if !found {
			return false
		}
		inside, ok := strings.CutPrefix(strings.TrimSpace(after), "(")
		if !ok || !strings.HasPrefix(strings.TrimLeft(inside, ` "'`), "#") {
			return true
		}
		rest = after
	}
}

// clip shortens a name for a message.
func clip(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), 24)])
}
