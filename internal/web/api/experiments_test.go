package api_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/testkit"
	files "hastaluego/internal/trial"
	"hastaluego/internal/web/api"
)

// tried has an experiment written, checked, begun, read and stopped, in a house whose
// policy answers without a person.
func tried(t *testing.T, known *house) {
	t.Helper()
	var list []offer.File
	for _, f := range offer.BuiltinFiles() {
		f.Source = []byte(strings.NewReplacer("answers: person", "answers: at_once", "margin: []", "margin: [{percent: 60}]").Replace(string(f.Source)))
		list = append(list, f)
	}
	policy, err := offer.Read(list, reason.Builtin())
	must(t, err)
	h := newHouseOn(t, testkit.SQLite(t), api.Options{}, trial, policy)
	c := h.key(app.Scopes()...)
	source := func(s string) string {
		raw, err := json.Marshal(map[string]string{"source": s})
		must(t, err)
		return string(raw)
	}
	mine := string(files.Example())
	if bad := c.post("/v1/experiments/try", source(strings.Replace(mine, "holdout: 10", "holdout: 0", 1))).told(422, "experiment.holdout"); !strings.Contains(string(bad.body), "experiment.yaml:12:10") {
		t.Errorf("told %s", bad.body)
	}
	if got := c.post("/v1/experiments/try", source(mine)).is(200); got.get("customers").(float64) < 500 || !strings.HasPrefix(got.text("experiment"), "pause_or_less@") {
		t.Errorf("planned %s", got.body)
	}
	if got := c.get("/v1/experiments").is(200); got.get("items.0") != nil {
		t.Errorf("what was only tried is kept: %s", got.body)
	}
	if got := c.post("/v1/experiments", source(mine)).is(200); got.text("name") != "pause_or_less" {
		t.Errorf("written down: %s", got.body)
	}
	const at = "/v1/experiments/pause_or_less"
	c.post(at+"/start", "").told(409, "experiment.state")
	c.post(at+"/check", "").is(200)
	c.post(at+"/check", "").is(200) // what its arms show may have changed since
	if got := c.get(at).is(200); got.text("experiment.state") != "checked" || got.get("numbers.0") != nil || got.text("source") != mine {
		t.Errorf("checked: %s", got.body)
	}
	c.post(at+"/start", "").is(204)
	got := c.get(at).is(200)
	if got.text("experiment.state") != "running" || got.text("numbers.0.part") != "effect" || got.get("numbers.0.low") == nil || got.get("seen") != 0.0 {
		t.Errorf("running: %s", got.body)
	}
	c.post(at+"/stop", `{"why": ""}`).is(422)
	c.post(at+"/stop", `{"why": "Cambian los precios"}`).is(204)
	if got := c.get("/v1/experiments").is(200); got.text("items.0.state") != "stopped" || got.text("items.0.why") != "Cambian los precios" {
		t.Errorf("stopped: %s", got.body)
	}
	maps.Copy(known.covered, h.covered)
}
