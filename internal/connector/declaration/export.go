package declaration

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/connector"
)

// Table is a table that a system gives away of a customer, as far as every kind of
// system declares it in the same way. How it is read stands beside it.
type Table struct {
	Titles  map[string]string            // for people, by language
	Key     string                       // column that tells the rows apart
	Others  []string                     // columns with personal data of third parties
	Columns map[string]map[string]string // titles of columns, by their names and by language
}

// TableKeys are the keys that a table has in every kind of system.
var TableKeys = []string{"title", "key", "others", "titles"}

// Exported reads the keys of a table at a path.
func (e *Entry) Exported(m Map, path []string) Table {
	t := Table{Titles: e.Table(m, path, "title"), Key: e.Word(m, path, "key"), Others: e.Words(m, path, "others")}
	if m.Has("titles") {
		where := Below(path, "titles")
		t.Columns = map[string]map[string]string{}
		for _, name := range e.Names(where) {
			one := Map{name: e.vals[strings.Join(Below(where, name), "/")]}
			t.Columns[name] = e.Table(one, where, name)
		}
	}
	return t
}

// Check finds what is wrong with a table of that name at a path.
func (t Table) Check(name string, path []string) (found []Problem) {
	found = append(CheckCollection(name, path), CheckTitles(t.Titles, Below(path, "title"))...)
	if t.Key == "" {
		found = append(found, Problem{At: Below(path, "key"), Code: "field.required"})
	}
	if slices.Contains(t.Others, "") {
		found = append(found, Problem{At: Below(path, "others"), Code: "field.required"})
	}
	for _, column := range slices.Sorted(maps.Keys(t.Columns)) {
		found = append(found, CheckTitles(t.Columns[column], Below(Below(path, "titles"), column))...)
	}
	return found
}

// Collection is the table as whoever exports it knows it.
func (t Table) Collection(name string, resumes bool) connector.Collection {
	return connector.Collection{Name: name, Titles: t.Titles, Table: true, Resumes: resumes, Others: t.Others}
}

// Column is one of the table's, with its titles.
func (t Table) Column(name string, is connector.ColumnType) connector.Column {
	return connector.Column{Name: name, Type: is, Titles: t.Columns[name]}
}

// Coded is a column of bytes, which are written in base64 (RFC 4648). Its titles
// say so.
func (t Table) Coded(name string) connector.Column {
	const note = " (Base64)"
	titles := map[string]string{}
	for lang, title := range t.Columns[name] {
		titles[lang] = title + note
	}
	if len(titles) == 0 {
		for _, lang := range []string{"es", "en", "de", "fr"} {
			titles[lang] = name + note
		}
	}
	return connector.Column{Name: name, Type: connector.Text, Titles: titles}
}

// What is declared of files that hold personal data of third parties.
const (
	keepFiles = "keep"
	leaveOut  = "leave_out"
)

// FileRules reads which files of a collection at a path are not a consumer's to have:
// by pattern, in their order, `keep`, `leave_out`, or the columns that are left out.
func (e *Entry) FileRules(m Map, path []string) (rules []connector.FileRule) {
	if !m.Has("others") {
		return nil
	}
	where := Below(path, "others")
	for _, pattern := range e.Names(where) {
		at := Below(where, pattern)
		one := Map{pattern: e.vals[strings.Join(at, "/")]}
		r := connector.FileRule{Match: pattern}
		if _, list := e.List(at); list {
			r.Without = e.Words(one, where, pattern)
		} else {
			switch word := e.Word(one, where, pattern); word {
			case leaveOut:
				r.Out = true
			case keepFiles, "":
			default:
				e.Bad(at, "system.files_rule", "value", word)
			}
		}
		rules = append(rules, r)
	}
	return rules
}

// CheckFileRules finds what is wrong with rules about files at a path.
func CheckFileRules(rules []connector.FileRule, below []string) (found []Problem) {
	for _, r := range rules {
		at := Below(Below(below, "others"), r.Match)
		if _, err := path.Match(r.Match, ""); err != nil || r.Match == "" || strings.HasPrefix(r.Match, "/") {
			found = append(found, Problem{At: at, Code: "system.files_pattern", Args: []any{"pattern", r.Match}})
		}
		if slices.Contains(r.Without, "") {
			found = append(found, Problem{At: at, Code: "field.required"})
		}
		if len(r.Without) > 0 && !connector.Tabular(r.Match) {
			found = append(found, Problem{At: at, Code: "system.files_columns", Args: []any{"pattern", r.Match}})
		}
	}
	return found
}

// Missing is the first column that the declaration names and that is not among
// those that there are; "" when none is.
func (t Table) Missing(columns []connector.Column) string {
	for _, name := range append([]string{t.Key}, t.Others...) {
		if !slices.ContainsFunc(columns, func(c connector.Column) bool { return c.Name == name }) {
			return name
		}
	}
	return ""
}

// language is a tag of one (BCP 47) as this program writes them.
var language = regexp.MustCompile(`^[a-z]{2}$`)

// CheckTitles finds what is wrong with texts by language.
func CheckTitles(titles map[string]string, path []string) (found []Problem) {
	for _, lang := range slices.Sorted(maps.Keys(titles)) {
		switch {
		case !language.MatchString(lang):
			found = append(found, Problem{At: Below(path, lang), Code: "system.language", Args: []any{"name", lang}})
		case strings.TrimSpace(titles[lang]) == "":
			found = append(found, Problem{At: Below(path, lang), Code: "field.required"})
		}
	}
	return found
}

// CheckCollection finds what is wrong with the name of something that is exported.
func CheckCollection(name string, path []string) []Problem {
	if !SystemName.MatchString(name) {
		return []Problem{{At: path, Code: "system.collection", Args: []any{"name", name}}}
	}
	return nil
}

var (
	ofOwner = regexp.MustCompile(`\$1(\D|$)`)
	ofMore  = regexp.MustCompile(`\$(1\d|[02-9])`)
)

// CheckQuery finds what is wrong with a statement that gives the rows of the
// customer $1. Whether it can be run only the system knows.
func CheckQuery(sql string, path []string) []Problem {
	if !ofOwner.MatchString(sql) || ofMore.MatchString(sql) {
		return []Problem{{At: path, Code: "system.statement", Args: []any{"slot", "$1"}}}
	}
	return nil
}

// Query is a statement without what ends it, so that it can stand inside another
// one: a comment at its end ends there.
func Query(sql string) string { return strings.TrimRight(sql, "; \t\r\n") + "\n" }

// CheckBelow finds what is wrong with a path that leads to what is an owner's: it
// has the slot of the owner once, in the name of a folder. Otherwise what is one
// customer's could lie where what is another's is looked for.
func CheckBelow(below string, path []string) []Problem {
	good := strings.Count(below, OwnerSlot) == 1 && strings.Count(below, "{") == 1
	for p := range strings.SplitSeq(strings.TrimSuffix(below, "/"), "/") {
		if p == "" || p == "." || p == ".." || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
			good = false
		}
	}
	if !good {
		return []Problem{{At: path, Code: "system.below", Args: []any{"slot", OwnerSlot}}}
	}
	return nil
}

// Owned is the path that leads to what is the owner's; false when the owner's name
// would lead elsewhere.
func Owned(below, owner string) (string, bool) {
	if owner == "" || owner == "." || owner == ".." || len(owner) > 200 ||
		strings.ContainsFunc(owner, func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == '\\' || r == '\uFFFD' }) {
		return "", false
	}
	return strings.Replace(strings.TrimSuffix(below, "/"), OwnerSlot, owner, 1), true
}
