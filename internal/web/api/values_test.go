package api_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/app"
)

// values records time that was worked, reads what customers are worth and has that
// computed anew.
func values(t *testing.T, h *house, c *caller) {
	t.Helper()
	who := c.post("/v1/customers", customerOf("Bodega Larga", "FE-60", "hola@bodega.example")).is(201).text("id")
	at := "/v1/customers/" + who
	if got := c.get(at + "/value").is(200); got.text("unknown_because") != "not_yet" || got.text("reference") != "FE-60" || got.get("expected_minor") != nil || got.get("at") != nil {
		t.Errorf("before it was computed: %s", got.body)
	}
	line := func(customer, reference string, minutes int) string {
		return fmt.Sprintf(`{"customer": %q, "day": %q, "minutes": %d, "who": "Luis", "what": "Cambió el enrutador", "reference": %q}`, customer, day(-1), minutes, reference)
	}
	sheet := `{"hours": [` + line("FE-60", "T-1", 30) + `, ` + line("FE-60", "T-2", 45) + `]}`
	for _, want := range []float64{2, 0} {
		if got := c.post("/v1/hours", sheet).is(200); got.get("added") != want {
			t.Errorf("of the timesheet %v lines are new: %s", want, got.body)
		}
	}
	if bad := c.post("/v1/hours", `{"hours": [`+line("FE-60", "T-3", 30)+`, `+line("FE-404", "T-4", 30)+`]}`).told(422, "readings.unknown_customer"); bad.text("field") != "/hours/1/customer" {
		t.Errorf("told %s", bad.body)
	}
	if bad := c.post("/v1/hours", `{"hours": [`+strings.Replace(line("FE-60", "T-3", 30), day(-1), day(2), 1)+`]}`).told(422, "effort.day"); bad.text("field") != "/hours/0/day" {
		t.Errorf("told %s", bad.body)
	}
	got := c.get(at + "/hours").is(200)
	if got.get("minutes") != 75.0 || got.text("items.0.who") != "Luis" || got.text("items.0.what") != "Cambió el enrutador" || got.get("items.2") != nil {
		t.Errorf("hours: %s", got.body)
	}
	wrong := "/v1/hours/" + got.text("items.0.id") + "/take-back"
	c.post(wrong, "").is(204)
	c.post(wrong, "").told(404, "not_found")
	if got := c.get(at + "/hours").is(200); got.get("items.0") == nil || got.get("items.1") != nil {
		t.Errorf("hours: %s", got.body)
	}

	c.post("/v1/values/compute", "").is(204)
	_, err := h.ValueAll(t.Context(), app.Actor{ID: "usr_s", Roles: []string{"success"}})
	must(t, err)
	one := c.get(at + "/value").is(200)
	if one.text("unknown_because") != "few_left" || one.get("expected_minor") != nil || one.get("learned.level") != .95 || one.get("learned.horizon_months") != 36.0 || one.text("at") == "" {
		t.Errorf("nobody was seen to leave: %s", one.body)
	}
	var refs []string
	for next := ""; len(refs) < 50; {
		got := c.get("/v1/values?limit=1&cursor=" + next).is(200)
		refs = append(refs, got.text("items.0.reference"))
		if next = got.text("next"); next == "" {
			break
		}
	}
	if all := strings.Join(refs, " "); len(refs) < 2 || !strings.Contains(all, "FE-60") {
		t.Errorf("listed: %s", all)
	}
	c.get("/v1/values?cursor="+c.get("/v1/risks?limit=1").is(200).text("next")).told(422, "api.cursor")
}
