// Package sqlitesystem connects files of SQLite. They give away the rows of declared
// statements, and erase what their data map declares; but for that, the file is
// opened for reading only, while others write it.
package sqlitesystem

import (
	"path/filepath"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "sqlite"

// Config declares one file.
type Config struct {
	System  string
	File    string                  // absolute path
	Export  []Export                // in the order of the declaration
	Erase   declaration.SQLHoldings // the data map, in the order of the declaration
	Timeout time.Duration

	declaration.Places
}

// Export is a table that the file gives away of a customer.
type Export struct {
	declaration.Table

	Name string // of the collection
	SQL  string // statement that gives the rows of the customer $1
}

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("file", "export", "erase", "timeout")
	if top == nil {
		return nil, false
	}
	c := Config{System: e.Name, File: e.Word(top, nil, "file"), Timeout: e.Duration(top, nil, "timeout")}
	if c.Timeout == 0 {
		c.Timeout = declaration.DefaultTimeout
	}
	where := declaration.Path("export")
	for _, name := range e.Names(where) {
		at := declaration.Below(where, name)
		m := e.Keys(at, append([]string{"query"}, declaration.TableKeys...)...)
		c.Export = append(c.Export, Export{Name: name, SQL: e.Word(m, at, "query"), Table: e.Exported(m, at)})
	}
	c.Erase = e.SQLHoldings()
	good := e.Judge(mark, c.check())
	c.Places = e.Places()
	return c, good
}

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	found = append(declaration.CheckName(c.System), declaration.CheckTimeout(c.Timeout)...)
	if !filepath.IsAbs(c.File) {
		found = append(found, declaration.Problem{At: declaration.Path("file"), Code: "system.absolute"})
	}
	if len(c.Export) == 0 && len(c.Erase) == 0 {
		found = append(found, declaration.Problem{Code: "system.nothing_to_do", Args: []any{"keys", "export, erase"}})
	}
	for _, x := range c.Export {
		at := declaration.Path("export", x.Name)
		found = append(found, x.Check(x.Name, at)...)
		found = append(found, declaration.CheckQuery(x.SQL, declaration.Below(at, "query"))...)
	}
	found = append(found, c.Erase.Check()...)
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
