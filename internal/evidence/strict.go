package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What a pack holds is read in one way only. encoding/json takes Index for
// index, the last of two fields of one name for both, null for a list, and half
// a surrogate pair for another character: two verifiers could read two things in
// the same signed bytes. So JSON is compared with its form first.

// misread is JSON that has not the form that it must have.
type misread struct {
	place string // JSON pointer
	why   string
}

func (m *misread) Error() string { return m.why }

// under puts the place below a step, as the readers return from it.
func (m *misread) under(step string) *misread {
	m.place = "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(printable(step)) + m.place
	return m
}

// decode reads JSON in the form of v, a pointer: UTF-8 without half surrogate
// pairs; nothing behind it; objects with the fields of the struct, spelled like
// them, each once, and all but those that may be missing (omitempty), which are
// not empty where they are there; null only for a pointer; whole numbers without
// exponent. What v takes as it is written (json.RawMessage) may have fields of
// its own, each once.
func decode(raw []byte, v any) *misread {
	if !utf8.Valid(raw) {
		return &misread{why: "it is not written in UTF-8"}
	}
	var whole json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil { // the grammar, all of it
		return &misread{why: err.Error()}
	}
	r := &former{raw: raw}
	if m := r.value(reflect.TypeOf(v).Elem()); m != nil {
		return m
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return &misread{why: err.Error()}
	}
	return nil
}

// former compares JSON, whose grammar is right, with the form of a type.
type former struct {
	raw []byte
	at  int
}

// next goes behind white space and returns what stands there.
func (r *former) next() byte {
	for r.raw[r.at] <= ' ' {
		r.at++
	}
	return r.raw[r.at]
}

// ends goes behind the comma or the end of an object or list, and reports
// whether it was the end.
func (r *former) ends() bool {
	r.at++
	return r.raw[r.at-1] != ','
}

// free is the type of what may have any form.
var free = reflect.TypeFor[json.RawMessage]()

func (r *former) value(t reflect.Type) *misread {
	c := r.next()
	if t.Kind() == reflect.Pointer {
		if t = t.Elem(); c == 'n' {
			t = free
		}
	}
	switch {
	case c == '{' && (t == free || t.Kind() == reflect.Map):
		return r.object(func(string) (reflect.Type, bool) { return free, true })
	case c == '{' && t.Kind() == reflect.Struct:
		return r.fields(t)
	case c == '[' && t == free:
		return r.list(free)
	case c == '[' && t.Kind() == reflect.Slice:
		return r.list(t.Elem())
	case c == '"' && (t == free || t.Kind() == reflect.String):
		_, m := r.text()
		return m
	case c == '{' || c == '[' || c == '"':
	case t == free || t.Kind() == reflect.Int64 && (c == '-' || c >= '0' && c <= '9'):
		from := r.at
		for r.at < len(r.raw) && !bytes.ContainsRune([]byte(" \t\r\n,]}"), rune(r.raw[r.at])) {
			r.at++
		}
		if t != free && bytes.ContainsAny(r.raw[from:r.at], ".eE") {
			return &misread{why: "it is no whole number"}
		}
		return nil
	}
	return &misread{why: "it is no " + map[reflect.Kind]string{reflect.Struct: "object", reflect.Map: "object", reflect.Slice: "list", reflect.String: "text", reflect.Int64: "whole number"}[t.Kind()]}
}

// text reads a text and what it means.
func (r *former) text() (string, *misread) {
	from := r.at
	for r.at++; r.raw[r.at] != '"'; r.at++ {
		if r.raw[r.at] == '\\' {
			r.at++
		}
	}
	r.at++
	written := r.raw[from:r.at]
	if !bytes.ContainsRune(written, '\\') {
		return string(written[1 : len(written)-1]), nil
	}
	for i := 0; i < len(written); i++ {
		if written[i] != '\\' {
			continue
		}
		i++
		if written[i] != 'u' || !utf16.IsSurrogate(unit(written[i:])) {
			continue
		}
		rest := written[i+5:]
		if !bytes.HasPrefix(rest, []byte(`\u`)) || utf16.DecodeRune(unit(written[i:]), unit(rest[1:])) == utf8.RuneError {
			return "", &misread{why: "it has half a surrogate pair, which is no text"}
		}
		i += 6 + 4
	}
	var s string
	if err := json.Unmarshal(written, &s); err != nil {
		return "", &misread{why: err.Error()}
	}
	return s, nil
}

// unit is the UTF-16 unit of an escape that begins with its u.
func unit(escape []byte) rune {
	n, _ := strconv.ParseUint(string(escape[1:5]), 16, 16) // the grammar was judged
	return rune(n)
}

func (r *former) list(t reflect.Type) *misread {
	if r.at++; r.next() == ']' {
		r.at++
		return nil
	}
	for i := 0; ; i++ {
		if m := r.value(t); m != nil {
			return m.under(strconv.Itoa(i))
		}
		r.next()
		if r.ends() {
			return nil
		}
	}
}

// object reads an object; of says the type of each of its fields.
func (r *former) object(of func(name string) (t reflect.Type, known bool)) *misread {
	seen := map[string]bool{}
	if r.at++; r.next() == '}' {
		r.at++
		return nil
	}
	for {
		r.next()
		name, m := r.text()
		if m != nil {
			return m
		}
		t, known := of(name)
		switch {
		case seen[name]:
			return (&misread{why: "the field stands twice"}).under(name)
		case !known:
			return (&misread{why: "it is no field of the format"}).under(name)
		}
		seen[name] = true
		r.next()
		r.at++ // the colon
		if m := r.value(t); m != nil {
			return m.under(name)
		}
		r.next()
		if r.ends() {
			return nil
		}
	}
}

// fields reads an object that has the fields of a struct.
func (r *former) fields(t reflect.Type) *misread {
	types := map[string]reflect.Type{}
	missing := map[string]bool{}
	optional := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		types[name] = f.Type
		optional[name] = option == "omitempty"
		missing[name] = !optional[name]
	}
	var empty string
	m := r.object(func(name string) (reflect.Type, bool) {
		delete(missing, name)
		if optional[name] && r.holdsEmpty() {
			empty = name
		}
		x, known := types[name]
		return x, known
	})
	if m != nil {
		return m
	}
	if empty != "" {
		return (&misread{why: "it is there, and empty"}).under(empty)
	}
	for i := range t.NumField() { // in their order: the same JSON gives the same words
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); missing[name] {
			return (&misread{why: fmt.Sprintf("the field %q is missing", name)})
		}
	}
	return nil
}

// holdsEmpty reports whether the value of the field whose name was just read is
// an empty text.
func (r *former) holdsEmpty() bool {
	rest := bytes.TrimLeft(r.raw[r.at:], " \t\r\n")
	rest = bytes.TrimLeft(bytes.TrimPrefix(rest, []byte(":")), " \t\r\n")
	return bytes.HasPrefix(rest, []byte(`""`))
}

// unread is a file of a pack that has not its form.
func unread(file, below string, m *misread) *flaw {
	return wrong("json", file, "why", m.why).in("%s", below+m.place)
}
