package main

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/alecthomas/kong"

	"hastaluego/internal/fault"
)

// problem is one thing that is wrong, for programs: where, what, and what to do.
type problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Pointer string `json:"pointer,omitempty"` // JSON pointer in a file; empty: it has none
	Field   string `json:"field,omitempty"`   // of what was typed
	Code    string `json:"code"`
	What    string `json:"what"`
	Do      string `json:"do,omitempty"` // empty: what is wrong says it
}

// problems are what went wrong in a command that was asked for JSON.
type problems struct {
	Problems []problem `json:"problems"`
}

// asksJSON reports whether a command was asked to answer as JSON.
func asksJSON(k *kong.Context) bool {
	for _, f := range k.Flags() {
		if yes, ok := k.FlagValue(f).(bool); ok && yes && f.Name == "json" {
			return true
		}
	}
	return false
}

// tellProblems answers with what went wrong as JSON; false where it is not known in words
// of ours, and for checks that answered already.
func tellProblems(o out, lang string, err error) bool {
	var list fault.List
	var one *fault.Error
	switch {
	case errors.Is(err, errCheck), errors.Is(err, errRejected):
		return false
	case errors.As(err, &list):
		list = list.InOrder()
	case errors.As(err, &one) && one.Kind != fault.Internal:
		list = fault.List{one}
	default:
		return false
	}
	said := problems{Problems: make([]problem, len(list))}
	for i, e := range list {
		said.Problems[i] = problemOf(lang, e)
	}
	return json.NewEncoder(o.stdout).Encode(said) == nil
}

func problemOf(lang string, e *fault.Error) problem {
	p := problem{Code: e.Code}
	words := explainIn(lang, e)
	if at, ok := fault.PlaceOf(e); ok {
		p.File, p.Line, p.Column = at.File, at.Line, at.Column
		if s, is := e.Args[1].(string); is {
			words = strings.TrimPrefix(words, s+": ")
		}
	}
	switch {
	case strings.HasPrefix(e.Field, "/"):
		p.Pointer = e.Field
	case p.File == "":
		p.Field = e.Field
	}
	p.What, p.Do = words, ""
	if what, do, more := strings.Cut(words, ". "); more {
		p.What, p.Do = what+".", do
	}
	return p
}
