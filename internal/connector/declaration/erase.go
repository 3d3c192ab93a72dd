package declaration

import (
	"slices"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// HoldingKeys are the keys that an entry of the data map has in every kind of
// system. How it is erased stands beside it.
var HoldingKeys = []string{"title", "fields", "category", "role", "purpose", "basis", "after", "years", "law"}

// mostYears is how long anything may be kept: no law asks for more.
const mostYears = 30

// Held reads the keys of an entry of the data map at a path.
func (e *Entry) Held(m Map, path []string, name string) connector.Holding {
	h := connector.Holding{
		Name: name, Titles: e.Table(m, path, "title"), Fields: e.Words(m, path, "fields"), Purposes: e.Table(m, path, "purpose"), Why: e.Table(m, path, "law"),
		Category: connector.Category(e.Word(m, path, "category")), Role: connector.DataRole(e.Word(m, path, "role")),
		Basis: connector.Basis(e.Word(m, path, "basis")), After: connector.After(e.Word(m, path, "after")),
	}
	if m.Has("years") {
		h.Years = e.Number(m, path, "years")
	}
	return h
}

// CheckHolding finds what is wrong with an entry of the data map at a path, of a
// system that can do these things with it.
func CheckHolding(h connector.Holding, path []string, can ...connector.After) (found []Problem) {
	bad := func(key, code string, args ...any) {
		found = append(found, Problem{At: Below(path, key), Code: code, Args: args})
	}
	found = append(found, CheckCollection(h.Name, path)...)
	if len(h.Titles) == 0 { // it stands in the certificate
		bad("title", "field.required")
	}
	found = append(found, CheckTitles(h.Titles, Below(path, "title"))...)
	found = append(found, CheckTitles(h.Purposes, Below(path, "purpose"))...)
	found = append(found, CheckTitles(h.Why, Below(path, "law"))...)
	if len(h.Fields) == 0 || slices.ContainsFunc(h.Fields, func(f string) bool { return strings.TrimSpace(f) == "" }) {
		bad("fields", "field.required")
	}
	if !slices.Contains(connector.Categories, h.Category) {
		bad("category", "system.word", "words", list(connector.Categories))
	}
	if !slices.Contains(connector.DataRoles, h.Role) {
		bad("role", "system.word", "words", list(connector.DataRoles))
	}
	if !slices.Contains(connector.Bases, h.Basis) {
		bad("basis", "system.word", "words", list(connector.Bases))
	}
	switch {
	case !slices.Contains(can, h.After):
		bad("after", "system.word", "words", list(can))
	case h.Stays() && h.Role == connector.Processor: // law.md C3: what is the client's is erased in full
		bad("after", "system.processor_stays")
	case h.Stays() && (h.Years < 1 || h.Years > mostYears):
		bad("years", "system.range", "min", "1", "max", "30")
	case h.Stays() && len(h.Why) == 0:
		bad("law", "field.required")
	case !h.Stays() && (h.Years != 0 || len(h.Why) > 0):
		bad("after", "system.nothing_stays")
	}
	return found
}

// list writes words with commas between them.
func list[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

// HeldSQL is how a database counts and erases what is the customer $1's.
type HeldSQL struct {
	Count   string // how many rows are in use
	Run     string // erases, anonymises or blocks them; empty for Keep
	Blocked string // how many rows are blocked; for Block
	Destroy string // destroys what was blocked or kept
}

// HeldSQLKeys are the keys of HeldSQL.
var HeldSQLKeys = []string{"count", "run", "blocked", "destroy"}

// HeldSQL reads the statements of an entry of the data map at a path.
func (e *Entry) HeldSQL(m Map, path []string) HeldSQL {
	return HeldSQL{Count: e.Word(m, path, "count"), Run: e.Word(m, path, "run"), Blocked: e.Word(m, path, "blocked"), Destroy: e.Word(m, path, "destroy")}
}

// Part is one of the statements, by its key.
type Part struct{ Key, SQL string }

// Parts are the declared statements.
func (s HeldSQL) Parts() (out []Part) {
	for _, p := range []Part{{"count", s.Count}, {"run", s.Run}, {"blocked", s.Blocked}, {"destroy", s.Destroy}} {
		if p.SQL != "" {
			out = append(out, p)
		}
	}
	return out
}

// Check finds what is wrong with the statements of a holding at a path.
func (s HeldSQL) Check(h connector.Holding, path []string) (found []Problem) {
	for _, p := range []struct {
		Part
		needed bool
	}{
		{Part{"count", s.Count}, true},
		{Part{"run", s.Run}, h.After != connector.Keep},
		{Part{"blocked", s.Blocked}, h.After == connector.Block},
		{Part{"destroy", s.Destroy}, h.Stays()},
	} {
		at := Below(path, p.Key)
		switch {
		case p.needed:
			found = append(found, CheckQuery(p.SQL, at)...)
		case p.SQL != "":
			found = append(found, Problem{At: at, Code: "system.not_here", Args: []any{"key", p.Key}})
		}
	}
	return found
}

// SQLHolding is an entry of the data map of a database: what is a customer's in
// some tables.
type SQLHolding struct {
	connector.Holding
	HeldSQL
}

// SQLHoldings are the entries, in the order of the declaration.
type SQLHoldings []SQLHolding

// SQLHoldings reads the data map of a database.
func (e *Entry) SQLHoldings() (all SQLHoldings) {
	where := Path("erase")
	for _, name := range e.Names(where) {
		at := Below(where, name)
		m := e.Keys(at, slices.Concat(HoldingKeys, HeldSQLKeys)...)
		all = append(all, SQLHolding{e.Held(m, at, name), e.HeldSQL(m, at)})
	}
	return all
}

// Check finds what is wrong with them.
func (all SQLHoldings) Check() (found []Problem) {
	for _, h := range all {
		at := Path("erase", h.Name)
		found = append(found, CheckHolding(h.Holding, at, connector.Afters...)...)
		found = append(found, h.Check(h.Holding, at)...)
	}
	return found
}

// Told are they as whoever erases knows them.
func (all SQLHoldings) Told() []connector.Holding {
	out := make([]connector.Holding, len(all))
	for i, h := range all {
		out[i] = h.Holding
	}
	return out
}

// Find finds the entry of that name; fault.Blocked with code
// connector.unknown_holding if the system declares none.
func (all SQLHoldings) Find(system, name string) (SQLHolding, error) {
	i := slices.IndexFunc(all, func(h SQLHolding) bool { return h.Name == name })
	if i < 0 {
		return SQLHolding{}, fault.New(fault.Blocked, "connector.unknown_holding", "system", system, "holding", name)
	}
	return all[i], nil
}
