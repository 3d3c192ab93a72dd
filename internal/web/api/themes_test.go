package api_test

import "testing"

// wrote has a customer write why they leave, and a program say what it is about.
func wrote(t *testing.T, h *house, c *caller) {
	t.Helper()
	at, _ := h.verified(t, c, "Librería Sur", "TH-1", "pilar@sur.example")
	c.post(at+"/reasons", `{"kind": "stated", "code": "price", "text": "Es demasiado caro para lo que lo uso"}`).is(204)
	c.post("/v1/themes/learn", "").is(204)
	c.get("/v1/themes?from=2027-02-30").told(422, "form.date")
	eventually(t, "what they wrote, grouped", func() bool {
		got := c.get("/v1/themes").is(200)
		return got.get("model.number") == 1.0 && got.get("items.0.texts") != nil
	})
	got := c.get("/v1/themes/texts?limit=1&theme=price").is(200)
	if got.text("items.0.words") != "Es demasiado caro para lo que lo uso" || got.text("items.0.likely") != "price" {
		t.Fatalf("texts: %s", got.body)
	}
	text := "/v1/themes/texts/" + got.text("items.0.text") + "/correct"
	c.post(text, `{"theme": "other"}`).told(422, "field.choice")
	c.post(text, `{"theme": "service"}`).is(204)
	if again := c.get("/v1/themes/texts?theme=service&chosen=none").is(200); again.get("items.0") != nil {
		t.Errorf("it goes with a reason: %s", again.body)
	}
	if again := c.get("/v1/themes/texts?theme=service").is(200); again.text("items.0.said") != "service" || again.text("items.0.text") != got.text("items.0.text") {
		t.Errorf("corrected: %s", again.body)
	}
}
