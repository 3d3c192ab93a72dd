// Package foldersystem connects folders of files, such as a share with the
// deliverables of an agency. They give away what lies in the folder of a customer, or
// remove it where the data map says so, and nothing else; no link is followed.
package foldersystem

import (
	"path/filepath"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "folder"

// Config declares one folder.
type Config struct {
	System string
	Root   string    // absolute path
	Export []Export  // in the order of the declaration
	Erase  []Holding // the data map, in the order of the declaration

	declaration.Places
}

// Export is a folder of each customer.
type Export struct {
	Name   string            // of the collection
	Titles map[string]string // for people, by language
	Below  string            // path below the root, with the slot {owner}
	Rules  []connector.FileRule
}

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("root", "export", "erase")
	if top == nil {
		return nil, false
	}
	c := Config{System: e.Name, Root: e.Word(top, nil, "root")}
	where := declaration.Path("export")
	for _, name := range e.Names(where) {
		at := declaration.Below(where, name)
		m := e.Keys(at, "title", "path", "others")
		c.Export = append(c.Export, Export{Name: name, Titles: e.Table(m, at, "title"), Below: e.Word(m, at, "path"), Rules: e.FileRules(m, at)})
	}
	c.Erase = readErase(e)
	good := e.Judge(mark, c.check())
	c.Places = e.Places()
	return c, good
}

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	found = append(found, declaration.CheckName(c.System)...)
	if !filepath.IsAbs(c.Root) {
		found = append(found, declaration.Problem{At: declaration.Path("root"), Code: "system.absolute"})
	}
	if len(c.Export) == 0 && len(c.Erase) == 0 {
		found = append(found, declaration.Problem{Code: "system.nothing_to_do", Args: []any{"keys", "export, erase"}})
	}
	for _, h := range c.Erase {
		at := declaration.Path("erase", h.Name)
		found = append(found, declaration.CheckHolding(h.Holding, at, connector.Erase, connector.Keep)...)
		found = append(found, declaration.CheckBelow(h.Below, declaration.Below(at, "path"))...)
	}
	for _, x := range c.Export {
		at := declaration.Path("export", x.Name)
		found = append(found, declaration.CheckCollection(x.Name, at)...)
		found = append(found, declaration.CheckTitles(x.Titles, declaration.Below(at, "title"))...)
		found = append(found, declaration.CheckBelow(x.Below, declaration.Below(at, "path"))...)
		found = append(found, declaration.CheckFileRules(x.Rules, at)...)
	}
	return found
}

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system. What is erased does not come back.
func (c Config) Info() connector.Info {
	return connector.Info{System: c.System, Kind: KindName, Level: connector.RealPeer, Effect: connector.Idempotent, Undo: connector.Restorable}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) { return (&System{cfg: c}).Connector().Can(), nil }

// Secrets are none: the machine says what we may read.
func (c Config) Secrets() []string { return nil }

// Open connects it.
func (c Config) Open(when.Clock, declaration.Vault) (declaration.Opened, error) {
	s, err := New(c)
	if err != nil {
		return nil, err
	}
	return s, nil
}
