package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Package is a Frictionless data package: what stands in datapackage.json. Text
// for people is by language, es and en; what others read is in Lang.
type Package struct {
	Name         string // a short one of a-z, 0-9, - . _: hl-7k4m-29qx
	Lang         string // es or en
	Titles       map[string]string
	Descriptions map[string]string
	Source       string // who made it
	Created      time.Time
	Resources    []Resource
	Missing      []Missing
}

// Resource is one file of the payload.
type Resource struct {
	File         Packed // its name begins with data/
	Original     string // what it was called where it came from, if otherwise
	Titles       map[string]string
	Descriptions map[string]string
	Media        string   // type of media; of tables it is known
	Encoding     string   // "" is utf-8 for tables and text, and none for the rest
	Format       string   // CSV or NDJSON for tables; for others the ending of the name
	Fields       []Field  // of a table, as TableState.Types says them; none: no table
	Key          []string // primary key: columns
	Rows         int64    // of a table
}

// Missing is what should be here and is not, and why: a bundle is never
// silently partial.
type Missing struct {
	Name   string            // as in the list of what is collected
	Titles map[string]string // by language
	Why    map[string]string // by language
}

// PackageName is the name of the file of a data package, in the payload.
const PackageName = "data/datapackage.json"

// in returns the text in a language, or in the other that there is.
func in(lang string, texts map[string]string) string {
	for _, l := range []string{lang, "en", "es"} {
		if texts[l] != "" {
			return texts[l]
		}
	}
	return ""
}

// ResourceName is a name as Frictionless allows it: of a-z, 0-9 and - . _ /
func ResourceName(s string) string {
	return strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', strings.ContainsRune("-._/", r):
			return r
		}
		return '-'
	}, SafeName(s))
}

type jsonPackage struct {
	Profile      string            `json:"profile"`
	Name         string            `json:"name"`
	Title        string            `json:"title,omitempty"`
	Titles       map[string]string `json:"titles,omitempty"`
	Description  string            `json:"description,omitempty"`
	Descriptions map[string]string `json:"descriptions,omitempty"`
	Created      string            `json:"created"`
	Contributors []jsonContributor `json:"contributors,omitempty"`
	Missing      []jsonMissing     `json:"missing,omitempty"`
	Resources    []jsonResource    `json:"resources"`
}

type jsonContributor struct {
	Title string `json:"title"`
	Role  string `json:"role"`
}

type jsonMissing struct {
	Name   string            `json:"name"`
	Titles map[string]string `json:"titles,omitempty"`
	Why    map[string]string `json:"why"`
}

type jsonResource struct {
	Profile      string            `json:"profile"`
	Name         string            `json:"name"`
	Path         string            `json:"path"`
	Original     string            `json:"original,omitempty"`
	Title        string            `json:"title,omitempty"`
	Titles       map[string]string `json:"titles,omitempty"`
	Description  string            `json:"description,omitempty"`
	Descriptions map[string]string `json:"descriptions,omitempty"`
	Format       string            `json:"format,omitempty"`
	Mediatype    string            `json:"mediatype,omitempty"`
	Encoding     string            `json:"encoding,omitempty"`
	Bytes        int64             `json:"bytes"`
	Hash         string            `json:"hash"`
	Rows         *int64            `json:"rows,omitempty"`
	Guard        string            `json:"guard,omitempty"`
	Dialect      *jsonDialect      `json:"dialect,omitempty"`
	Schema       *jsonSchema       `json:"schema,omitempty"`
}

// jsonDialect says all of RFC 4180, so that no reader guesses.
type jsonDialect struct {
	Delimiter        string `json:"delimiter"`
	LineTerminator   string `json:"lineTerminator"`
	QuoteChar        string `json:"quoteChar"`
	DoubleQuote      bool   `json:"doubleQuote"`
	SkipInitialSpace bool   `json:"skipInitialSpace"`
	Header           bool   `json:"header"`
}

type jsonSchema struct {
	Fields        []jsonField `json:"fields"`
	PrimaryKey    []string    `json:"primaryKey,omitempty"`
	MissingValues []string    `json:"missingValues"`
}

type jsonField struct {
	Name         string            `json:"name"`
	Type         FieldType         `json:"type"`
	Format       string            `json:"format,omitempty"`
	Title        string            `json:"title,omitempty"`
	Titles       map[string]string `json:"titles,omitempty"`
	Description  string            `json:"description,omitempty"`
	Descriptions map[string]string `json:"descriptions,omitempty"`
	Constraints  *jsonConstraints  `json:"constraints,omitempty"`
}

type jsonConstraints struct {
	Required bool     `json:"required,omitempty"`
	Unique   bool     `json:"unique,omitempty"`
	Enum     []string `json:"enum,omitempty"`
}

// Descriptor writes datapackage.json. A table in CSV is a tabular data resource;
// one in NDJSON, which that profile does not know, says the same schema.
func Descriptor(p Package) ([]byte, error) {
	if ResourceName(p.Name) != p.Name {
		return nil, fmt.Errorf("bundle: %q is no name for a data package: a-z, 0-9, -, . and _", p.Name)
	}
	if len(p.Resources) == 0 {
		return nil, errors.New("bundle: a data package without resources is none")
	}
	out := jsonPackage{
		Profile: "data-package", Name: p.Name, Title: in(p.Lang, p.Titles), Titles: p.Titles, Description: in(p.Lang, p.Descriptions), Descriptions: p.Descriptions,
		Created: p.Created.UTC().Format(time.RFC3339),
	}
	if p.Source != "" {
		out.Contributors = []jsonContributor{{p.Source, "publisher"}}
	}
	for _, m := range p.Missing {
		out.Missing = append(out.Missing, jsonMissing(m))
	}
	names := map[string]bool{}
	for _, r := range p.Resources {
		j, err := r.json(p.Lang)
		if err != nil {
			return nil, err
		}
		plain := j.Name
		for n := 2; names[j.Name]; n++ {
			j.Name = plain + "-" + strconv.Itoa(n)
		}
		names[j.Name] = true
		out.Resources = append(out.Resources, j)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("bundle: %s: %w", PackageName, err)
	}
	return b.Bytes(), nil
}

func (r Resource) json(lang string) (j jsonResource, err error) {
	below, inside := strings.CutPrefix(r.File.Name, "data/")
	if !inside {
		return j, fmt.Errorf("bundle: %q is no payload, and so no resource", r.File.Name)
	}
	j = jsonResource{
		Profile: "data-resource", Name: ResourceName(strings.TrimSuffix(below, path.Ext(below))), Path: below, Original: strings.ToValidUTF8(r.Original, "\uFFFD"),
		Title: in(lang, r.Titles), Titles: r.Titles, Description: in(lang, r.Descriptions), Descriptions: r.Descriptions,
		Format: r.Format, Mediatype: r.Media, Encoding: r.Encoding, Bytes: r.File.Size, Hash: "sha256:" + r.File.SHA256,
	}
	if j.Format == "" {
		j.Format = strings.TrimPrefix(strings.ToLower(extension(path.Base(below))), ".")
	}
	if len(r.Fields) == 0 {
		return j, nil
	}
	if err := goodFields(r.Fields); err != nil {
		return j, fmt.Errorf("%w (%s)", err, r.File.Name)
	}
	j.Encoding, j.Rows = "utf-8", &r.Rows
	j.Schema = &jsonSchema{PrimaryKey: r.Key, MissingValues: []string{""}}
	columns := map[string]bool{}
	for _, f := range r.Fields {
		columns[f.Name] = true
		field := jsonField{
			Name: f.Name, Type: f.Type, Format: f.Format, Title: in(lang, f.Titles), Titles: f.Titles,
			Description: in(lang, f.Descriptions), Descriptions: f.Descriptions,
		}
		if f.Required || f.Unique || len(f.Enum) > 0 {
			field.Constraints = &jsonConstraints{f.Required, f.Unique, f.Enum}
		}
		j.Schema.Fields = append(j.Schema.Fields, field)
	}
	for _, k := range r.Key {
		if !columns[k] {
			return j, fmt.Errorf("bundle: %s has no column %q for its key", r.File.Name, k)
		}
	}
	switch r.Format {
	case CSV:
		j.Profile, j.Mediatype, j.Guard = "tabular-data-resource", "text/csv", Guard
		j.Dialect = &jsonDialect{Delimiter: ",", LineTerminator: "\r\n", QuoteChar: `"`, DoubleQuote: true, Header: true}
	case NDJSON:
		j.Mediatype, j.Schema.MissingValues = "application/x-ndjson", []string{}
	default:
		return j, fmt.Errorf("bundle: %s is a table of the format %q; there are %s and %s", r.File.Name, r.Format, CSV, NDJSON)
	}
	return j, nil
}
