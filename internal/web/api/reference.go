package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// referenceView is a part of the OpenAPI document as people read it.
type referenceView struct {
	Lang    string
	Langs   map[string]string
	Company string
	Page    string    // a noun, records, or empty for the beginning
	Nouns   []tagView // all of them, for the rail
	Scopes  []scopeView
	Noun    tagView      // on the page of a noun
	Records []recordView // on the page of records
}

type scopeView struct{ Name, Words string }

type tagView struct {
	ID, Name, Words string
	Routes          []routeView
}

// routeView is one route.
type routeView struct {
	ID, Method, Path, Title, Words string
	Scopes                         []string
	Params                         []fieldView
	Body                           []fieldView
	Media                          string       // of a body that is not JSON
	Answers                        []answerView // of success
	Fails                          string       // statuses of problems
	Example                        string
}

// fieldView is one parameter, or one field of a record.
type fieldView struct {
	Name, Kind, Words string
	Record            string // that the field is, to be linked; empty if none
	Required          bool
}

type answerView struct{ Status, Words, Record string }

type recordView struct {
	Name   string
	Fields []fieldView
}

func say(lang, code string, args ...any) string { return text.Say(lang, "api."+code, args...) }

// reference draws the document: a page to begin with, one for each noun, and
// one for the records.
func (a *API) reference(w http.ResponseWriter, r *http.Request) {
	lang := a.StaffLang(w, r)
	v := referenceView{Lang: lang, Langs: map[string]string{}, Company: a.App.Company().Name, Page: r.PathValue("page")}
	for _, l := range text.Langs() {
		v.Langs[l] = web.ChangeLang(r, l)
	}
	heading := say(lang, "title")
	for _, tag := range tags {
		noun := tagView{ID: tag, Name: say(lang, "tag."+tag+".name"), Words: say(lang, "tag."+tag)}
		v.Nouns = append(v.Nouns, noun)
		if tag == v.Page {
			v.Noun, heading = noun, noun.Name+" · "+heading
		}
	}
	switch {
	case v.Page == "":
		v.Scopes = a.scopes(lang)
	case v.Page == "records":
		heading = say(lang, "records.title") + " · " + heading
		records := a.doc.Components.Schemas.Map()
		for _, name := range slices.Sorted(maps.Keys(records)) {
			v.Records = append(v.Records, recordView{name, a.fields(lang, name, records[name])})
		}
	case v.Noun.ID == "":
		a.Fail(w, r, fault.New(fault.NotFound, "not_found"))
		return
	}
	for _, op := range operations(a.doc) {
		if op.Tags[0] == v.Page {
			v.Noun.Routes = append(v.Noun.Routes, a.viewRoute(lang, a.App.Company().PublicURL, op))
		}
	}
	a.Render(w, r, http.StatusOK, a.Frame(web.PageView{Lang: lang, Title: heading + " · " + v.Company, Body: "dense"}, referencePage(v)))
}

// scopes are those that routes ask for.
func (a *API) scopes(lang string) (out []scopeView) {
	seen := map[string]bool{}
	for _, op := range operations(a.doc) {
		for _, s := range scopesOf(op) {
			if !seen[s] {
				seen[s] = true
				out = append(out, scopeView{s, say(lang, "scope."+s)})
			}
		}
	}
	slices.SortFunc(out, func(x, y scopeView) int { return strings.Compare(x.Name, y.Name) })
	return out
}

func scopesOf(op *huma.Operation) (out []string) {
	for _, s := range op.Security {
		out = append(out, s[keyScheme]...)
	}
	return out
}

func (a *API) viewRoute(lang, base string, op *huma.Operation) routeView {
	v := routeView{
		ID: op.OperationID, Method: op.Method, Path: op.Path, Title: say(lang, "op."+op.OperationID), Words: about(lang, op.OperationID),
		Scopes: scopesOf(op),
	}
	for _, p := range op.Parameters {
		v.Params = append(v.Params, fieldView{
			Name: p.Name, Kind: say(lang, "in."+p.In) + ", " + kind(lang, p.Schema), Words: wordsOf(lang, "param", op.OperationID, p.Name), Required: p.Required,
		})
	}
	var sent *huma.Schema
	if op.RequestBody != nil {
		for media, m := range op.RequestBody.Content {
			if media != "application/json" {
				v.Media = media
				continue
			}
			sent = a.resolve(m.Schema)
			v.Body = a.fields(lang, recordOf(m.Schema), sent)
		}
	}
	var fails []string
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		code, _ := strconv.Atoi(status)
		if code >= http.StatusBadRequest {
			fails = append(fails, status)
			continue
		}
		ans := answerView{Status: status, Words: title(lang, code)}
		for _, m := range op.Responses[status].Content {
			ans.Record = recordOf(m.Schema)
		}
		v.Answers = append(v.Answers, ans)
	}
	v.Fails = strings.Join(fails, " · ")
	v.Example = a.example(base, op, sent, v.Media)
	return v
}

func recordOf(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	if s.Items != nil {
		s = s.Items
	}
	return strings.TrimPrefix(s.Ref, "#/components/schemas/")
}

func (a *API) resolve(s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return a.doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// fields are those of a record: what must be there first, then by name.
func (a *API) fields(lang, record string, s *huma.Schema) []fieldView {
	var out []fieldView
	for name, p := range s.Properties {
		out = append(out, fieldView{
			Name: name, Kind: kind(lang, p), Words: wordsOf(lang, "field", record, name), Record: recordOf(p), Required: slices.Contains(s.Required, name),
		})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Required != out[j].Required {
			return out[i].Required
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// kind words what a value is.
func kind(lang string, s *huma.Schema) string {
	switch {
	case s == nil:
		return say(lang, "kind.any")
	case s.Type == huma.TypeArray && s.Items.Ref != "":
		return say(lang, "kind.list")
	case s.Type == huma.TypeArray:
		return say(lang, "kind.list_of", "kind", kind(lang, s.Items))
	case s.Ref != "":
		return say(lang, "kind.record")
	case len(s.Enum) > 0:
		all := make([]string, len(s.Enum))
		for i, e := range s.Enum {
			all[i] = fmt.Sprint(e)
		}
		return strings.Join(all, " | ")
	case s.Format == "date" || s.Format == "date-time" || s.Format == "binary":
		return say(lang, "kind."+s.Format)
	case s.Type == "":
		return say(lang, "kind.any")
	}
	words := say(lang, "kind."+s.Type)
	switch {
	case s.MaxLength != nil:
		words += ", " + say(lang, "kind.most", "n", *s.MaxLength)
	case s.Maximum != nil && s.Minimum != nil:
		words += fmt.Sprintf(", %v–%v", *s.Minimum, *s.Maximum)
	}
	return words
}

// example is the route as a command.
func (a *API) example(base string, op *huma.Operation, sent *huma.Schema, media string) string {
	path := op.Path
	for _, p := range op.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", "$"+strings.ToUpper(p.Name))
		}
	}
	lines := []string{fmt.Sprintf(`curl "%s%s"`, base, path), `-H "Authorization: Bearer $HASTA_KEY"`}
	if op.Method != http.MethodGet {
		lines[0] = fmt.Sprintf(`curl -X %s "%s%s"`, op.Method, base, path)
		lines = append(lines, `-H "Idempotency-Key: $(openssl rand -hex 16)"`)
	}
	switch {
	case sent != nil:
		raw, err := json.Marshal(a.sample(sent))
		if err != nil {
			panic(err) // it was made of JSON
		}
		lines = append(lines, `--json '`+string(raw)+`'`)
	case media != "":
		lines[0] = strings.TrimSuffix(lines[0], `"`) + `?name=FILE"`
		lines = append(lines, `-H "Content-Type: `+media+`"`, `--data-binary @FILE`)
	}
	return strings.Join(lines, " \\\n  ")
}

// sample is a value of the kind, with what must be there.
func (a *API) sample(s *huma.Schema) any {
	s = a.resolve(s)
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == huma.TypeObject:
		out := map[string]any{}
		for _, name := range s.Required {
			out[name] = a.sample(s.Properties[name])
		}
		return out
	case s.Type == huma.TypeInteger:
		return 2985
	case s.Type == huma.TypeBoolean:
		return true
	case s.Type == huma.TypeArray:
		return []any{}
	case s.Format == "date":
		return "2026-12-31"
	case s.Pattern == "^[A-Z]{3}$":
		return "EUR"
	default:
		return "…"
	}
}
