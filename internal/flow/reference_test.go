package flow_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/text"

	"github.com/goccy/go-yaml"
)

var update = flag.Bool("update", false, "write generated references again")

func generated(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is out of date: make gen (%v)", path, err)
	}
}

func TestTheReferenceOfFlowsIsUpToDate(t *testing.T) {
	t.Parallel()
	schema, err := flow.Schema()
	if err != nil {
		t.Fatal(err)
	}
	generated(t, "../../docs/reference/flow.schema.json", schema)
	page := "# Flows\n\nWritten by make gen. A flow describes what a customer meets who leaves; [the guide](../guide/flow.md) says how to write one, " +
		"[flow.schema.json](flow.schema.json)\nwhat every key is. Results are pass, fail or unknown.\n\n"
	generated(t, "../../docs/reference/flow.md", []byte(page+flow.Table(func(code string) string { return text.Say("en", code) })))
}

// Every key that the built-in flow uses stands in the schema: an editor that
// follows it would complain otherwise.
func TestTheSchemaKnowsEveryKeyOfTheBuiltInFlow(t *testing.T) {
	t.Parallel()
	raw, err := flow.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	for name, src := range flow.Builtin() {
		var file map[string]any
		if err := yaml.Unmarshal(src, &file); err != nil {
			t.Fatal(err)
		}
		for key := range file {
			if schema.Properties[key] == nil {
				t.Errorf("%s: %s", name, key)
			}
		}
		for _, n := range file["nodes"].([]any) {
			node := n.(map[string]any)
			for key := range node {
				if schema.Defs["Node"].Properties[key] == nil {
					t.Errorf("%s: nodes.%s", name, key)
				}
			}
			actions, _ := node["actions"].([]any)
			for _, a := range actions {
				for key := range a.(map[string]any) {
					if schema.Defs["Action"].Properties[key] == nil {
						t.Errorf("%s: actions.%s", name, key)
					}
				}
			}
		}
	}
}
