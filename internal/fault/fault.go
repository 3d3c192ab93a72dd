// Package fault is the one error vocabulary of the program: a Kind, a message
// code, arguments for the message and, where a person typed something, the
// field. It knows no HTTP status and holds no sentence: web maps kinds to
// statuses and text maps codes to words.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what sort of failure this is, and so what a caller may do next.
type Kind uint8

// The zero Kind is the safe one: nothing about it is shown to a person.
const (
	Internal        Kind = iota // a defect or a broken machine; shown as a short reference only
	Invalid                     // what was typed or sent is wrong; Field says where
	NotFound                    // there is no such thing, or it is not for you
	Conflict                    // somebody changed it meanwhile, or it is already so
	Forbidden                   // this person's roles do not allow it
	Blocked                     // law, hold, approval or order of steps says: not now
	Transient                   // may work later without anybody doing anything
	Uncertain                   // the call may have happened: reconcile, never blindly repeat
	Unauthenticated             // sign in first
	TooMany                     // rate limit; RetryAfter is set
	TooLarge                    // over a size limit
	Gone                        // an expired or used link
	Withheld                    // a court or another authority ordered that it is not given
)

var kindNames = [...]string{
	"internal", "invalid", "not_found", "conflict", "forbidden", "blocked",
	"transient", "uncertain", "unauthenticated", "too_many", "too_large", "gone", "withheld",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Error is a failure that a person can be told about: text words Code with
// Args. Err is the cause; it goes to the log and is never shown.
type Error struct {
	Kind       Kind
	Code       string        // dotted, for ever: "field.required"
	Args       []any         // alternating name, value: "case", "HL-7K4M-29QX"
	Field      string        // form field, CSV column or JSON pointer; empty if none
	Op         string        // where it happened: "stripe.Refund"
	Err        error         // cause
	RetryAfter time.Duration // for TooMany and Transient, when the far side said so
}

// New makes an error of the kind with a message code and alternating name,
// value arguments.
func New(kind Kind, code string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Args: args}
}

// Wrap marks err as Internal at op. It keeps an existing *Error's kind and
// returns nil for nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		c := *e
		if c.Op == "" {
			c.Op = op
		} else {
			c.Op = op + ": " + c.Op
		}
		return &c
	}
	return &Error{Kind: Internal, Code: "internal", Op: op, Err: err}
}

// At adds where it happened and the cause.
func (e *Error) At(op string, cause error) *Error {
	c := *e
	c.Op, c.Err = op, cause
	return &c
}

// On names the field that is wrong.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Error is for logs and programmers, not for the people who use the program.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(e.Code)
	if e.Field != "" {
		b.WriteString(" [" + e.Field + "]")
	}
	for i := 0; i+1 < len(e.Args); i += 2 {
		fmt.Fprintf(&b, " %v=%v", e.Args[i], e.Args[i+1])
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err; anything that is not an *Error is Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if l, ok := errors.AsType[List](err); ok && len(l) > 0 {
		return l[0].Kind
	}
	return Internal
}

// CodeOf returns the message code of err, "internal" for anything else.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if l, ok := errors.AsType[List](err); ok && len(l) > 0 {
		return l[0].Code
	}
	return "internal"
}

// List is several errors at once, usually one per field of a form or file.
type List []*Error

func (l List) Error() string {
	parts := make([]string, len(l))
	for i, e := range l {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}

// Or returns the list as an error, or nil when it is empty.
func (l List) Or() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Under returns the list with its fields as parts of the field before:
// "email" under "contacts.0" is "contacts.0.email".
func (l List) Under(before string) List {
	out := make(List, len(l))
	for i, e := range l {
		field := before
		if e.Field != "" {
			field += "." + e.Field
		}
		out[i] = e.On(field)
	}
	return out
}

// Fields returns every field error in err: a List's, or the one of an *Error
// that names a field.
func Fields(err error) []*Error {
	if l, ok := errors.AsType[List](err); ok {
		return l
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Field != "" {
		return []*Error{e}
	}
	return nil
}
