package web

import (
	"net/url"
	"strings"

	"hastaluego/internal/fault"
)

// What forms of a flow ask for, on every page that shows one: on the portal,
// and on those that stand for it while it is away.

// Control is how something that a flow asks for is typed.
type Control struct {
	Name     string // of the field of the form that is sent
	Type     string // of the input; choice: one of few answers
	Complete string // what a browser may fill in
}

// Controls are by what a field of the flow asks. What is not here no page asks.
var Controls = map[string]Control{
	"name":     {"name", "text", "name"},
	"email":    {"account", "email", "username"},
	"contact":  {"receipt", "email", "email"},
	"contract": {"reference", "text", "off"},
	"line":     {"line", "tel", "off"},
	"ground":   {"ground", "text", "off"},
	"date":     {"when", "choice", ""},
	"kind":     {"kind", "choice", ""},
}

// Heading is what a form asks under one heading, which is the text of the flow
// with that code.
type Heading struct {
	Code string
	Asks []string
}

// Headings are in the order in which they are asked.
var Headings = []Heading{
	{"who", []string{"name", "email", "contact"}},
	{"what", []string{"contract", "line"}},
	{"when", []string{"date"}},
	{"how", []string{"kind", "ground"}},
}

// Most is how long an answer may be, in characters: words take more than names.
func (c Control) Most() string {
	if c.Name == "ground" {
		return "1000"
	}
	return "254"
}

// Answered is what is wrong with the answers of a form: what was found wrong with
// them already, and every field of its own that has to be filled in and was left
// empty. A field that the form did not send was not asked there, and is not
// missed: what somebody declares is not lost over it. An address that the form
// asks for once is wrong under the name that it has there.
func Answered(sent url.Values, required []string, found error) error {
	if found != nil && fault.KindOf(found) != fault.Invalid {
		return found
	}
	var l fault.List
	named := func(field string) bool {
		for _, e := range l {
			if e.Field == field {
				return true
			}
		}
		return false
	}
	for _, asks := range required {
		name := Controls[asks].Name
		if sent.Has(name) && strings.TrimSpace(sent.Get(name)) == "" {
			l = append(l, fault.New(fault.Invalid, "field.required").On(name))
		}
	}
	fields := fault.Fields(found)
	if found != nil && len(fields) == 0 {
		return found
	}
	for _, e := range fields {
		if e.Field == "account" && !sent.Has("account") {
			e = e.On("receipt")
		}
		if !named(e.Field) {
			l = append(l, e)
		}
	}
	return l.Or()
}
