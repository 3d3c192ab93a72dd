package flow

import (
	"regexp"
	"strconv"
	"strings"
)

// Speech words a code in one language, and knows which codes it has.
type Speech interface {
	Known(code string) bool
	Say(code string, args ...any) string
}

// Reason words why something was found. Words of the vocabulary of flows and of
// law are read as people read them: no finding says "beside_live_exit".
func (f Finding) Reason(in Speech) string {
	args := make([]any, len(f.Args))
	for i, a := range f.Args {
		if s, ok := a.(string); ok && i%2 == 1 && !spokenAlready(f.Args[i-1]) {
			a = read1(in, s)
		}
		args[i] = a
	}
	return in.Say("flow.why."+f.Why, args...)
}

// spokenAlready reports whether an argument is text of the flow itself.
func spokenAlready(name any) bool {
	switch name {
	case "label", "wanted", "keep", "id", "page", "to", "if", "sum", "lang", "other":
		return true
	}
	return false
}

// moment is a time of a rule as the packs write it: "14d from renewal.date".
var moment = regexp.MustCompile(`^(\d+)(min|h|d|bd|mo|y)(?: from ([a-z_.]+))?$`)

// read1 reads a value of the vocabulary, or a list of them.
func read1(in Speech, s string) string {
	inner := strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	or := strings.Split(inner, " or ")
	for k, part := range or {
		words := strings.Split(part, ", ")
		for i, w := range words {
			words[i] = word1(in, w)
		}
		or[k] = strings.Join(words, ", ")
	}
	if len(or) == 1 {
		return or[0]
	}
	return strings.Join(or, " "+in.Say("law.or")+" ")
}

func word1(in Speech, w string) string {
	if m := moment.FindStringSubmatch(w); m != nil {
		n, err := strconv.Atoi(m[1])
		if err == nil && in.Known("law.span."+m[2]+"|other") {
			length := in.Say("law.span."+m[2], "n", n)
			if m[3] == "" {
				return length
			}
			return in.Say("law.time", "length", length, "event", in.Say("law.event."+m[3]))
		}
	}
	for _, code := range []string{"flow.token." + w, "law.formula." + w, "law.fact." + w} {
		if in.Known(code) {
			return in.Say(code)
		}
	}
	return w
}
