// Package segment says in rules which customers are alike: conditions over declared
// facts of a customer, in a file. What is protected by law, and what stands for it, no
// rule can ask for. It is pure: it reads no store, counts what it is given, and decides
// about nobody: a segment is a name for a condition.
//
// What people may write is told in docs/reference/segments.md.
package segment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/rule"
	"hastaluego/internal/source"
)

// Set are the segments of a file.
type Set struct {
	Name     string
	Segments []*Segment
	File     string
	Source   []byte
	version  string
	terms    []term
	env      *rule.Env
}

// Segment is one rule with what it is for.
type Segment struct {
	ID      string
	Name    map[string]string // for those who work here
	Purpose map[string]string // what it is looked at for
	Rule    string
	Reads   []string // facts that it asks for, those behind declared terms too, sorted
	// Reports says that it asks where somebody lives: it counts in reports, and nothing
	// is decided by it.
	Reports bool
	version string
	cond    *rule.Partial
}

// term is a condition that the file gives a name, for its rules.
type term struct {
	name  string
	cond  *rule.Partial
	reads []string
}

// Version is the name and the first 12 hex digits of the SHA-256 of the file.
func (s *Set) Version() string { return s.version }

// Version is that of what it asks: its id and the first 12 hex digits of the SHA-256 of
// its rule and of every term that the rule is made of.
func (s *Segment) Version() string { return s.version }

// Bounds of a file.
const (
	mostSegments = 100
	mostTerms    = 50
	mostWords    = 500
)

type setFile struct {
	Set      string            `yaml:"set"`
	Declare  map[string]string `yaml:"declare"`
	Segments []segmentFile     `yaml:"segments"`
}

type segmentFile struct {
	ID      string            `yaml:"id"`
	Name    map[string]string `yaml:"name"`
	Purpose map[string]string `yaml:"purpose"`
	Rule    string            `yaml:"rule"`
}

var ident = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// languages are those of the people who work here.
var languages = []string{"es", "en"}

// reader collects what is wrong with a file.
type reader struct{ *source.File }

// None is a set without segments.
func None() *Set { return &Set{version: "none", env: must(rule.NewPartialEnv(factTypes(), nil))} }

func must(e *rule.Env, err error) *rule.Env {
	if err != nil {
		panic(err) // the facts are constants
	}
	return e
}

// Load reads and checks a file of segments. Every problem is reported as a fault.List,
// each with its file:line:column as the argument "at" and as its field.
func Load(name string, src []byte) (*Set, error) {
	var in setFile
	f, err := source.Decode(name, src, &in)
	if err != nil {
		return nil, err
	}
	r := reader{f}
	s := &Set{Name: in.Set, File: name, Source: src}
	if !ident.MatchString(in.Set) {
		r.At("$.set", "file.name", "value", in.Set)
	}
	switch {
	case len(in.Segments) == 0:
		r.At("$.segments", "file.empty_list")
	case len(in.Segments) > mostSegments || len(in.Declare) > mostTerms:
		r.At("$.segments", "segment.many", "max", mostSegments)
		return nil, r.Err()
	}
	r.declare(s, in.Declare)
	for i, x := range in.Segments {
		at := fmt.Sprintf("$.segments[%d]", i)
		if slices.ContainsFunc(s.Segments, func(o *Segment) bool { return o.ID == x.ID }) {
			r.At(at+".id", "file.twice", "value", x.ID)
		}
		s.Segments = append(s.Segments, r.segment(at, s, in.Declare, x))
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(src)
	s.version = in.Set + "@" + hex.EncodeToString(sum[:])[:12]
	return s, nil
}

// declare reads the terms: conditions over the facts, that rules may name.
func (r reader) declare(s *Set, in map[string]string) {
	facts := must(rule.NewPartialEnv(factTypes(), nil))
	types := maps.Clone(factTypes())
	for _, name := range slices.Sorted(maps.Keys(in)) {
		at := "$.declare." + name
		switch {
		case !ident.MatchString(name):
			r.At("$.declare", "file.name", "value", name)
			continue
		case r.named(at, name):
			continue
		}
		t := term{name: name, reads: reads(in[name], nil)}
		t.cond = r.condition(facts, at, in[name], FactNames())
		s.terms = append(s.terms, t)
		types[name] = rule.BoolType
	}
	env, err := rule.NewPartialEnv(types, nil)
	if err != nil { // a name that the language has for itself
		r.At("$.declare", "segment.condition", "what", err.Error(), "known", "–")
		env = facts
	}
	s.env = env
}

func (r reader) segment(at string, s *Set, declared map[string]string, x segmentFile) *Segment {
	out := &Segment{ID: x.ID, Name: x.Name, Purpose: x.Purpose, Rule: x.Rule, Reads: reads(x.Rule, s.terms)}
	if !ident.MatchString(x.ID) {
		r.At(at+".id", "file.name", "value", x.ID)
	}
	r.named(at+".id", x.ID)
	r.said(at+".name", x.Name)
	r.said(at+".purpose", x.Purpose)
	for _, lang := range slices.Sorted(maps.Keys(x.Name)) {
		r.named(at+".name."+lang, x.Name[lang])
	}
	known := FactNames()
	for _, t := range s.terms {
		known = append(known, t.name)
	}
	if strings.TrimSpace(x.Rule) == "" {
		r.At(at+".rule", "segment.no_rule")
		return out
	}
	out.cond = r.condition(s.env, at+".rule", x.Rule, known)
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s", x.ID, x.Rule)
	for _, t := range s.terms {
		if slices.Contains(idents(x.Rule), t.name) {
			fmt.Fprintf(sum, "\x00%s\x00%s", t.name, declared[t.name])
		}
	}
	out.version = x.ID + "@" + hex.EncodeToString(sum.Sum(nil))[:12]
	for _, name := range out.Reads {
		if f, _ := specOf(name); f.Place {
			out.Reports = true
		}
	}
	return out
}

// said checks that a text is there in the languages, and in no other.
func (r reader) said(at string, texts map[string]string) {
	for _, l := range languages {
		if strings.TrimSpace(texts[l]) == "" {
			r.At(at, "file.language_missing", "language", l)
		}
	}
	for _, l := range slices.Sorted(maps.Keys(texts)) {
		if !slices.Contains(languages, l) {
			r.At(at, "file.not_one_of", "value", l, "known", strings.Join(languages, ", "))
		}
		if len(texts[l]) > mostWords {
			r.At(at, "segment.wordy", "max", mostWords)
		}
	}
}

// named refuses a text that names what no segment may ask for, and says whether it
// does.
func (r reader) named(at, text string) bool {
	n, found := Find(text)
	if found {
		r.At(at, code(n), "word", n.Word, "cite", n.Cite)
	}
	return found
}

// code is the message about something that no segment may ask for.
func code(n Named) string {
	if n.Proxy {
		return "segment.proxy." + n.Code
	}
	return "segment.protected"
}

// condition compiles a rule. What names something protected is told so, rather than
// that it is unknown.
func (r reader) condition(env *rule.Env, at, expr string, known []string) *rule.Partial {
	if n, found := Find(expr); found {
		line, col := lineOf(expr, n.At)
		r.Within(at, line, col, code(n), "word", n.Word, "cite", n.Cite)
		return nil
	}
	c, err := env.Bounded(expr)
	var problems rule.Problems
	if err != nil && !errors.As(err, &problems) {
		problems = rule.Problems{{Line: 1, Column: 1, What: err.Error()}}
	}
	for _, p := range problems {
		r.Within(at, p.Line, p.Column, "segment.condition", "what", p.What, "known", strings.Join(known, ", "))
	}
	return c
}

// lineOf is the line and column of the n-th character of a text, all from 1.
func lineOf(text string, n int) (line, col int) {
	line, col = 1, 1
	for i, r := range []rune(text) {
		if i == n-1 {
			break
		}
		if col++; r == '\n' {
			line, col = line+1, 1
		}
	}
	return line, col
}

var (
	literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`)
	path    = regexp.MustCompile(`[a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z_][a-zA-Z0-9_]*)*`)
)

// idents are the names in an expression, as they are written.
func idents(expr string) []string { return path.FindAllString(literal.ReplaceAllString(expr, " "), -1) }

// reads are the facts that an expression asks for, itself and by the terms that it names.
func reads(expr string, terms []term) (out []string) {
	for _, name := range idents(expr) {
		for _, f := range Specs {
			if name == f.Name || strings.HasPrefix(name, f.Name+".") {
				out = append(out, f.Name)
			}
		}
		for _, t := range terms {
			if t.name == name {
				out = append(out, t.reads...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Find is the segment with an id; nil: there is none.
func (s *Set) Find(id string) *Segment {
	for _, x := range s.Segments {
		if x.ID == id {
			return x
		}
	}
	return nil
}

// Reads reports whether any segment asks for a fact.
func (s *Set) Reads(fact string) bool {
	return slices.ContainsFunc(s.Segments, func(x *Segment) bool { return slices.Contains(x.Reads, fact) })
}

// Standing is whether a customer is in a segment. Missing names what would have to be
// known; then In means nothing.
type Standing struct {
	Segment *Segment
	In      bool
	Missing []string
}

// Of says of every segment whether a customer is in it.
func (s *Set) Of(f Facts) ([]Standing, error) {
	if len(s.Segments) == 0 {
		return nil, nil
	}
	values := f.values()
	unsure := map[string][]string{} // terms that nobody can tell, each with what is missing
	if len(s.terms) > 0 {
		known, err := s.env.Know(values)
		if err != nil {
			return nil, err
		}
		for _, t := range s.terms {
			holds, missing, err := t.cond.Holds(known)
			if err != nil {
				return nil, err
			}
			if unsure[t.name] = missing; len(missing) == 0 {
				values[t.name] = holds
			}
		}
	}
	known, err := s.env.Know(values)
	if err != nil {
		return nil, err
	}
	out := make([]Standing, len(s.Segments))
	for i, x := range s.Segments {
		in, missing, err := x.cond.Holds(known)
		if err != nil {
			return nil, fault.Wrap("segment.Of", err)
		}
		out[i] = Standing{x, in && len(missing) == 0, facts(missing, unsure)}
	}
	return out, nil
}

// facts names the facts behind what is missing.
func facts(missing []string, unsure map[string][]string) (out []string) {
	for _, m := range missing {
		if behind := unsure[m]; len(behind) > 0 {
			out = append(out, behind...)
		} else {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Decides are the segments by which something may be decided: in are those that the
// customer is in, unsure those of which nobody can tell.
func Decides(list []Standing) (in, unsure []string) {
	for _, s := range list {
		switch {
		case s.Segment.Reports:
		case len(s.Missing) > 0:
			unsure = append(unsure, s.Segment.ID)
		case s.In:
			in = append(in, s.Segment.ID)
		}
	}
	return in, unsure
}
