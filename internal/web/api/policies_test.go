package api_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// policies writes a draft of what is proposed to whom, tries it, is told what is wrong
// with it and where, and drops it: a person publishes.
func policies(t *testing.T, c *caller) {
	t.Helper()
	const at = "/v1/offers/policies"
	body := func(fields map[string]any) string {
		raw, err := json.Marshal(fields)
		must(t, err)
		return string(raw)
	}
	all := c.get(at).is(200)
	if all.text("items.0.state") != "in_force" || all.get("items.0.number") != nil || all.text("items.0.edition") != all.text("items.0.id") {
		t.Errorf("policies: %s", all.body)
	}
	source := c.get(at + "/" + all.text("items.0.id")).is(200).text("source")
	draft := c.post(at, body(map[string]any{"note": "x"})).is(201).header.Get("Location")
	if got := c.get(draft).is(200); got.text("source") != source || got.text("state") != "draft" || got.get("problems.0") != nil {
		t.Errorf("a draft: %s", got.body)
	}
	c.put(draft, body(map[string]any{"source": strings.Replace(source, "reason: [price]", "reason: [prize]", 1), "version": 1})).is(204)
	c.put(draft, body(map[string]any{"source": source, "version": 1})).told(409, "flow.changed_meanwhile")
	if got := c.get(draft).is(200); !strings.HasPrefix(got.text("problems.0.at"), "policy.yaml:") || got.text("problems.0.code") != "offer.no_reason" {
		t.Errorf("what is wrong: %s", got.body)
	}
	c.post(at+"/try", body(map[string]any{"source": "policy: ["})).is(422)
	if got := c.post(at+"/try", body(map[string]any{"source": source})).is(200); got.get("customers").(float64) < 1 || got.text("lines.0.line") != "quiet" || got.get("warnings.0.detail") == nil {
		t.Errorf("tried: %s", got.body)
	}
	c.post(draft+"/publish", "{}").told(403, "forbidden.person")
	c.post(at+"/"+all.text("items.0.id")+"/roll-back", `{"note": "x"}`).told(403, "forbidden.person")
	c.post(draft+"/drop", "").is(204)
	c.post(draft+"/drop", "").told(409, "flow.draft_over")
}
