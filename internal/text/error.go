package text

import (
	"errors"
	"slices"
	"strings"

	"hastaluego/internal/fault"
)

// Error words an error for a person: what happened and what to do. The words
// stand under "error.<code>"; a code without words is told by its kind
// ("error.kind.<kind>"), and anything Internal by the sentence for our own
// faults, with the argument ref if there is one. A cause is never shown.
// nil is nothing.
func Error(lang string, err error) string {
	if err == nil {
		return ""
	}
	if l, ok := errors.AsType[fault.List](err); ok && len(l) > 0 {
		var said []string
		for _, e := range l {
			if s := sentence(lang, e); !slices.Contains(said, s) {
				said = append(said, s)
			}
		}
		return strings.Join(said, " ")
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		e = fault.New(fault.Internal, "internal")
	}
	return sentence(lang, e)
}

// FieldErrors words the errors of single fields, by field. Of several errors
// of one field the first is told.
func FieldErrors(lang string, err error) map[string]string {
	m := map[string]string{}
	for _, e := range fault.Fields(err) {
		if _, ok := m[e.Field]; !ok && e.Field != "" {
			m[e.Field] = sentence(lang, e)
		}
	}
	return m
}

func sentence(lang string, e *fault.Error) string {
	if !Speaks(lang) {
		lang = StaffLang("")
	}
	code := "error." + e.Code
	switch {
	case e.Kind == fault.Internal:
		code = "error.internal"
	case !Known(lang, code):
		miss(lang, code)
		code = "error.kind." + e.Kind.String()
	}
	s, ok := find(lang, code, e.Args)
	if ok && !fillable(s, e.Args) {
		// Somebody raised the error without the arguments that its words need; a
		// person must not meet a naked {slot}.
		if _, bare := dictionary(lang)[code+"|bare"]; bare {
			code += "|bare"
		}
	}
	said := Say(lang, code, e.Args...)
	for i := 0; i+1 < len(e.Args); i += 2 {
		if near, _ := e.Args[i+1].(string); e.Args[i] == "near" && near != "" {
			said += " " + Say(lang, "error.near", "near", near)
		}
	}
	return said
}

func fillable(s string, args []any) bool {
	for _, slot := range slotsOf(s) {
		found := false
		for i := 0; i+1 < len(args); i += 2 {
			found = found || args[i] == slot
		}
		if !found {
			return false
		}
	}
	return true
}
