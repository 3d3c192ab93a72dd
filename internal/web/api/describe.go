package api

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/text"
)

// tags are the nouns of the API, in the order in which people read them.
var tags = []string{"requests", "cases", "steps", "offers", "customers", "complaints", "risks", "values", "playbooks", "flows", "messages", "voices", "endings", "announcements", "winback", "metrics", "company", "audit", "webhooks", "users"}

// wordsOf returns what a field, a parameter or a header is; a word for one
// record goes before the word for the name.
func wordsOf(lang, what, record, name string) string {
	if code := "api." + what + "." + record + "." + name; record != "" && text.Known(lang, code) {
		return text.Say(lang, code)
	}
	return text.Say(lang, "api."+what+"."+name)
}

// describe puts the words into the document, in English, and what every route
// answers beside its own.
func describe(doc *huma.OpenAPI) {
	const lang = "en"
	doc.Info.Title, doc.Info.Description = text.Say(lang, "api.title"), text.Say(lang, "api.about")
	doc.Components.SecuritySchemes[keyScheme].Description = text.Say(lang, "api.key")
	for _, t := range tags {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: t, Description: text.Say(lang, "api.tag."+t)})
	}
	for name, s := range doc.Components.Schemas.Map() {
		for field, p := range s.Properties {
			p.Description = wordsOf(lang, "field", name, field)
		}
	}
	for _, op := range operations(doc) {
		op.Summary, op.Description = text.Say(lang, "api.op."+op.OperationID), about(lang, op.OperationID)
		for _, p := range op.Parameters {
			p.Description = wordsOf(lang, "param", op.OperationID, p.Name)
			if p.Schema != nil {
				p.Schema.Description = ""
			}
		}
		for status, r := range op.Responses {
			code, _ := strconv.Atoi(status)
			r.Description = title(lang, code)
			r.Headers = headersOf(lang, op, code, r.Headers)
		}
	}
}

func about(lang, operation string) string {
	if code := "api.op." + operation + ".about"; text.Known(lang, code) {
		return text.Say(lang, code)
	}
	return ""
}

func headersOf(lang string, op *huma.Operation, status int, own map[string]*huma.Param) map[string]*huma.Param {
	out := map[string]*huma.Param{}
	maps.Copy(out, own)
	names := []string{refHeader}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable, status == http.StatusConflict:
		names = append(names, "Retry-After")
	case status == http.StatusUnauthorized:
		names = append(names, "WWW-Authenticate")
	case status < 300 && op.Method != http.MethodGet:
		names = append(names, replayedHeader)
	}
	for _, n := range names {
		out[n] = &huma.Param{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	for n, h := range out {
		h.Description = text.Say(lang, "api.header."+n)
		if h.Schema != nil {
			h.Schema.Description = ""
		}
	}
	return out
}

// operations are the routes of the document, by noun, path and method.
func operations(doc *huma.OpenAPI) []*huma.Operation {
	var out []*huma.Operation
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch} {
			if op != nil {
				out = append(out, op)
			}
		}
	}
	slices.SortFunc(out, func(x, y *huma.Operation) int {
		return cmp.Or(cmp.Compare(slices.Index(tags, x.Tags[0]), slices.Index(tags, y.Tags[0])), cmp.Compare(x.Path, y.Path), cmp.Compare(x.Method, y.Method))
	})
	return out
}
