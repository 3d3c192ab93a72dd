package connector

import (
	"path"
	"slices"
	"strings"
)

// FileRule says of some files what becomes of them where whoever takes them along is a
// consumer: personal data of third parties are not theirs to have (GDPR art. 20(4)). A
// business is the controller of what it gave us, and takes all of it.
type FileRule struct {
	// Match is a pattern (path.Match) of their names; of their whole paths where it has a
	// slash; what ends in one is a folder and all below it. Case does not count.
	Match   string
	Out     bool     // they hold data of third parties, and are left out whole
	Without []string // they are tables, and go without these columns
}

// Keep reports whether the files go as they are.
func (r FileRule) Keep() bool { return !r.Out && len(r.Without) == 0 }

// Rule is the first rule that a file of the collection matches; the zero rule keeps it.
func (c Collection) Rule(name string) FileRule {
	for _, r := range c.Files {
		if r.Matches(name) {
			return r
		}
	}
	return FileRule{}
}

// Tabular reports whether a name, or a pattern, is that of a table out of which columns
// can be taken: CSV with its header, or a JSON object a line.
func Tabular(name string) bool {
	return slices.Contains([]string{".csv", ".tsv", ".ndjson", ".jsonl"}, strings.ToLower(path.Ext(name)))
}

// Matches reports whether the rule is about a file of that name.
func (r FileRule) Matches(name string) bool {
	name, pattern := strings.ToLower(name), strings.ToLower(r.Match)
	switch {
	case strings.HasSuffix(pattern, "/"):
		return strings.HasPrefix(name, pattern)
	case !strings.Contains(pattern, "/"):
		name = path.Base(name)
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}
