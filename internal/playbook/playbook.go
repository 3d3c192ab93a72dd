// Package playbook reads playbooks (YAML) and checks everything about them
// that can be known before they are used. It runs nothing; what kinds of step
// exist is told to it as data.
package playbook

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// KindSpec is what a playbook may say about one kind of step.
type KindSpec struct {
	Name     string
	Human    bool // has an owner, a due date and a checklist
	Verifies bool // over only when read back
	Params   []ParamSpec
}

// ParamSpec is one parameter of a kind.
type ParamSpec struct {
	Name     string
	Required bool
	Enum     []string // empty: any text
}

// Milestones that a step may be, in the order in which customers meet them.
var Milestones = []string{
	"confirmed", "scheduled", "billing_stopped", "effective", "billing_ended", "access_closed", "data_ready", "settled", "farewell",
	"erased", "certified",
}

// Roles that may own a human step.
var Roles = []string{"agent", "finance", "privacy", "success", "admin"}

// Languages that every title must have.
var Languages = []string{"es", "en"}

// Playbook is a checked playbook.
type Playbook struct {
	Name    string
	Title   map[string]string
	version string
	steps   []offboarding.Step
}

// Version is the name and the first 12 hex digits of the source's SHA-256.
func (p *Playbook) Version() string { return p.version }

// Steps returns a fresh copy of the steps as a case takes them: without ids
// and state, in order.
func (p *Playbook) Steps() []offboarding.Step {
	out := slices.Clone(p.steps)
	for i := range out {
		out[i].Items = slices.Clone(out[i].Items)
	}
	return out
}

// file is the YAML.
type file struct {
	Playbook string            `yaml:"playbook"`
	Title    map[string]string `yaml:"title"`
	Steps    []stepFile        `yaml:"steps"`
}

type stepFile struct {
	ID        string            `yaml:"id"`
	Kind      string            `yaml:"kind"`
	Title     map[string]string `yaml:"title"`
	After     []string          `yaml:"after"`
	Role      string            `yaml:"role"`
	Due       *dueFile          `yaml:"due"`
	Items     []itemFile        `yaml:"items"`
	Params    map[string]string `yaml:"params"`
	Milestone string            `yaml:"milestone"`
}

// dueFile is when a human step is due: D days from the day it became ready.
type dueFile struct {
	D    int    `yaml:"d"`
	From string `yaml:"from"`
}

type itemFile struct {
	ID    string            `yaml:"id"`
	Title map[string]string `yaml:"title"`
}

//go:embed builtin/*.yaml
var builtin embed.FS

// Builtin returns the sources of the playbooks that come with the program, by
// name.
func Builtin() map[string][]byte {
	out := map[string][]byte{}
	entries, err := builtin.ReadDir("builtin")
	if err != nil {
		panic(err) // the program was built without them
	}
	for _, e := range entries {
		src, err := builtin.ReadFile("builtin/" + e.Name())
		if err != nil {
			panic(err)
		}
		out[strings.TrimSuffix(e.Name(), path.Ext(e.Name()))] = src
	}
	return out
}

// checker collects problems with their places.
type checker struct {
	name  string
	root  *ast.File
	found fault.List
}

// at reports a problem at the YAML path; the nearest parent that exists is
// named when the path itself does not.
func (c *checker) at(where, code string, args ...any) {
	line, col := 1, 1
	for p := where; p != "$" && p != ""; p = parent(p) {
		yp, err := yaml.PathString(p)
		if err != nil {
			continue
		}
		if n, err := yp.FilterFile(c.root); err == nil && n != nil {
			pos := start(n)
			line, col = pos.Line, pos.Column
			break
		}
	}
	c.place(line, col, code, args...)
}

func (c *checker) place(line, col int, code string, args ...any) {
	at := fmt.Sprintf("%s:%d:%d", c.name, line, col)
	c.found = append(c.found, fault.New(fault.Invalid, code, append([]any{"at", at}, args...)...).On(at))
}

// start is the position of the first token of a node: a mapping's own token is
// the colon of its first pair.
func start(n ast.Node) (pos struct{ Line, Column int }) {
	switch x := n.(type) {
	case *ast.MappingNode:
		if len(x.Values) > 0 {
			return start(x.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return start(x.Key)
	}
	p := n.GetToken().Position
	return struct{ Line, Column int }{p.Line, p.Column}
}

func parent(p string) string {
	i := max(strings.LastIndexByte(p, '.'), strings.LastIndexByte(p, '['))
	if i < 0 {
		return ""
	}
	return p[:i]
}

// Load reads and checks a playbook. It reports every problem it can find as a
// fault.List, each with its file:line:column as the argument "at" and as its
// field.
func Load(name string, src []byte, kinds []KindSpec) (*Playbook, error) {
	c := &checker{name: name}
	var f file
	root, err := parser.ParseBytes(src, 0)
	if err == nil {
		c.root = root
		err = yaml.UnmarshalWithOptions(src, &f, yaml.Strict())
	}
	if err != nil {
		line, col, what := 1, 1, err.Error()
		var y yaml.Error
		if ok := asYAML(err, &y); ok && y.GetToken() != nil {
			line, col, what = y.GetToken().Position.Line, y.GetToken().Position.Column, y.GetMessage()
		}
		c.place(line, col, "file.syntax", "what", what)
		return nil, c.found
	}
	c.check(f, kinds)
	if len(c.found) > 0 {
		return nil, c.found
	}
	sum := sha256.Sum256(src)
	pb := &Playbook{Name: f.Playbook, Title: f.Title, version: f.Playbook + "@" + hex.EncodeToString(sum[:])[:12]}
	for i, s := range f.Steps {
		pb.steps = append(pb.steps, snapshot(i, s, kinds))
	}
	return pb, nil
}

func snapshot(seq int, s stepFile, kinds []KindSpec) offboarding.Step {
	k := kinds[slices.IndexFunc(kinds, func(k KindSpec) bool { return k.Name == s.Kind })]
	out := offboarding.Step{
		Key: s.ID, Seq: seq + 1, Kind: s.Kind, Title: s.Title, Role: s.Role, After: s.After, Params: map[string]string{},
		Verifies: k.Verifies, Human: k.Human, Milestone: s.Milestone,
	}
	for name, v := range s.Params {
		out.Params[name] = v
	}
	if s.Due != nil {
		out.Params["due_days"] = strconv.Itoa(s.Due.D)
	}
	for _, it := range s.Items {
		out.Items = append(out.Items, offboarding.Item{Key: it.ID, Title: it.Title})
	}
	return out
}
