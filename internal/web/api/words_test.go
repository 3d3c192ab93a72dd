package api_test

import (
	"encoding/json"
	"slices"
	"testing"

	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/web/api"
)

// document is the part of the OpenAPI document that tests look at.
type document struct {
	Tags  []struct{ Name string }
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Tags        []string
		Parameters  []struct{ Name, In string }
		Security    []map[string][]string
		Responses   map[string]struct {
			Headers map[string]any
			Content map[string]struct{ Schema json.RawMessage }
		}
	}
	Components struct {
		Schemas map[string]struct{ Properties map[string]json.RawMessage }
	}
}

func readDocument(t *testing.T) (doc document) {
	t.Helper()
	if err := json.Unmarshal(api.New(&web.Kit{}, api.Options{}).Document(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Whoever reads the reference in either language reads words, whatever is
// added to the API.
func TestEverythingInTheDocumentHasWordsInBothLanguages(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	var missing []string
	need := func(lang string, codes ...string) {
		t.Helper()
		for _, code := range codes {
			if text.Known(lang, code) {
				return
			}
		}
		missing = append(missing, lang+" "+codes[len(codes)-1])
	}
	for _, lang := range text.Langs() {
		for name, s := range doc.Components.Schemas {
			for field := range s.Properties {
				need(lang, "api.field."+name+"."+field, "api.field."+field)
			}
		}
		for _, tag := range doc.Tags {
			need(lang, "api.tag."+tag.Name)
			need(lang, "api.tag."+tag.Name+".name")
		}
		for _, methods := range doc.Paths {
			for _, op := range methods {
				need(lang, "api.op."+op.OperationID)
				for _, p := range op.Parameters {
					need(lang, "api.param."+op.OperationID+"."+p.Name, "api.param."+p.Name)
				}
				for _, alternative := range op.Security {
					for _, s := range alternative["key"] {
						need(lang, "api.scope."+s)
					}
				}
				for status, r := range op.Responses {
					need(lang, "api.status."+status)
					for h := range r.Headers {
						need(lang, "api.header."+h)
					}
				}
			}
		}
	}
	slices.Sort(missing)
	for _, code := range slices.Compact(missing) {
		t.Errorf("missing: %s", code)
	}
}
