package httpcall

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/ohler55/ojg/jp"
)

var dotted = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// maxPath is how long a path may be.
const maxPath = 500

// GoodPath reports whether a text is a path into an answer: names and indexes
// with dots between them ("items.0.state") or, with a $ before it, JSONPath
// (RFC 9535).
func GoodPath(path string) bool {
	if !strings.HasPrefix(path, "$") {
		return dotted.MatchString(path)
	}
	_, err := jp.ParseString(path)
	return err == nil && len(path) <= maxPath
}

// At follows a path; numbers in a dotted one are indexes of lists. It is nil
// where nothing stands. Where JSONPath finds several things they are a list.
func (a *Answer) At(path string) any {
	if strings.HasPrefix(path, "$") {
		switch found := a.All(path); len(found) {
		case 0:
			return nil
		case 1:
			return found[0]
		default:
			return found
		}
	}
	if path == "" {
		return nil
	}
	v := a.Body
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// All is everything that stands at a path of JSONPath.
func (a *Answer) All(path string) []any {
	x, err := jp.ParseString(path)
	if err != nil { // the declaration was checked
		return nil
	}
	v := a.Body
	if strings.Contains(path, "?") {
		v = compared(v)
	}
	found := x.Get(v)
	for i, f := range found {
		if n, is := f.(int64); is {
			found[i] = json.Number(strconv.FormatInt(n, 10))
		}
	}
	return found
}

// compared is the value with whole numbers as filters compare them. Those that
// no integer holds stay the text that they are.
func compared(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = compared(x)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = compared(x)
		}
		return out
	}
	return v
}

// Scalar returns the scalar at the path as text and whole, "" if there is none.
func (a *Answer) Scalar(path string) string {
	switch v := a.At(path).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	default:
		return ""
	}
}

// List returns the list at a path, or the things that a path of JSONPath with a
// wildcard, a filter or the like finds; false where nothing of that stands.
func (a *Answer) List(path string) (items []any, ok bool) {
	if strings.HasPrefix(path, "$") && strings.ContainsAny(path, "*?:,") {
		items = a.All(path)
		return items, len(items) > 0
	}
	items, ok = a.At(path).([]any)
	return items, ok
}
