package audit

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gowebpki/jcs"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// SaltSize is the length of a salt in bytes.
const SaltSize = 32

// commitDomain keeps a commitment from ever being the hash of anything else.
const commitDomain = "hasta-log/v1 body"

// Body returns the arguments of an entry as canonical JSON (RFC 8785). Whole
// numbers of 64 bits (also int and uint) become strings, since canonical JSON
// would round them; instants become text in UTC, civil dates 2026-03-31, bytes
// base64. In foreign JSON (json.RawMessage and whatever marshals itself) whole
// numbers that a float64 cannot hold become strings too. Errors: fault.Internal
// with code audit.body_unfit for text that is not UTF-8 and for values that
// have no JSON form. Nil arguments are {}.
func Body(args map[string]any) ([]byte, error) {
	if args == nil {
		args = map[string]any{}
	}
	plain, err := plainMap(reflect.ValueOf(args), "")
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, unfit("", err)
	}
	body, err := jcs.Transform(text)
	if err != nil {
		return nil, unfit("", err)
	}
	return body, nil
}

func unfit(path string, cause error) error {
	return fault.New(fault.Internal, "audit.body_unfit", "path", path).At("audit.Body", cause)
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// plainValue turns v into what encoding/json writes without loss.
func plainValue(v reflect.Value, path string) (any, error) {
	for v.IsValid() && (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) {
		if v.IsNil() {
			return nil, nil
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil, nil
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano), nil
	case when.Date:
		return x.String(), nil
	case json.Number:
		return foreign(json.RawMessage(x), path)
	}
	if v.Type().Implements(jsonMarshaler) || v.Type().Implements(textMarshaler) {
		return foreign(v.Interface(), path)
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return nil, unfit(path, nil)
		}
		return v.String(), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return v.Uint(), nil
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, unfit(path, nil)
		}
		return v.Float(), nil
	case reflect.Map:
		return plainMap(v, path)
	case reflect.Slice, reflect.Array:
		return plainList(v, path)
	case reflect.Struct:
		return foreign(v.Interface(), path)
	default:
		return nil, unfit(path, nil)
	}
}

func plainMap(v reflect.Value, path string) (any, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, unfit(path, nil)
	}
	out := make(map[string]any, v.Len())
	for it := v.MapRange(); it.Next(); {
		key := it.Key().String()
		if !utf8.ValidString(key) {
			return nil, unfit(path, nil)
		}
		x, err := plainValue(it.Value(), path+"/"+key)
		if err != nil {
			return nil, err
		}
		out[key] = x
	}
	return out, nil
}

func plainList(v reflect.Value, path string) (any, error) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		raw := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(raw), v)
		return base64.StdEncoding.EncodeToString(raw), nil
	}
	out := make([]any, v.Len())
	for i := range out {
		x, err := plainValue(v.Index(i), path+"/"+strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// foreign reads what marshals itself and guards its large whole numbers.
func foreign(v any, path string) (any, error) {
	if raw, ok := v.(json.RawMessage); ok {
		if len(raw) == 0 {
			return nil, nil
		}
		if !utf8.Valid(raw) {
			return nil, unfit(path, nil)
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, unfit(path, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		return nil, unfit(path, err)
	}
	return guard(x), nil
}

func guard(x any) any {
	switch x := x.(type) {
	case map[string]any:
		for k, v := range x {
			x[k] = guard(v)
		}
	case []any:
		for i, v := range x {
			x[i] = guard(v)
		}
	case json.Number:
		const exact = 1 << 53
		if n, err := strconv.ParseInt(x.String(), 10, 64); err == nil && -exact < n && n < exact {
			return x
		}
		if whole(x.String()) {
			return x.String()
		}
		if f, err := x.Float64(); err != nil || math.IsInf(f, 0) {
			return x.String() // beyond a float64: keep what was said
		}
	}
	return x
}

func whole(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c != '-' || i > 0) {
			return false
		}
	}
	return true
}

// NewSalt returns a fresh salt. Every entry has its own, so that a body that
// can be guessed cannot be recognised by its commitment after erasure.
func NewSalt() []byte {
	b := make([]byte, SaltSize)
	_, _ = rand.Read(b) // crypto/rand.Read never fails since Go 1.24
	return b
}

// Commit binds salt and body: SHA-256 of the domain, the salt and the body,
// each behind its length.
func Commit(salt, body []byte) [32]byte {
	return sha256.Sum256(appendCommitted(make([]byte, 0, 12+len(commitDomain)+len(salt)+len(body)), salt, body))
}

func appendCommitted(b, salt, body []byte) []byte {
	b = appendText(b, commitDomain)
	b = appendText(b, salt)
	return appendText(b, body)
}

// Plain returns what is sealed for an entry: the salt, then the body.
func Plain(salt, body []byte) []byte {
	return append(append(make([]byte, 0, len(salt)+len(body)), salt...), body...)
}

// SplitPlain is the reverse of Plain; false when there is not even a salt.
func SplitPlain(plain []byte) (salt, body []byte, ok bool) {
	if len(plain) < SaltSize {
		return nil, nil, false
	}
	return plain[:SaltSize], plain[SaltSize:], true
}

// AAD is what the sealing of an entry's body is bound to: the entry's id, so
// that a sealed body cannot be moved to another entry.
func AAD(entryID string) []byte { return []byte(entryID) }
