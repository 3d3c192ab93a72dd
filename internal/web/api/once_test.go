package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/testkit"
	"hastaluego/internal/web/api"
)

func again(name string) http.Header { return http.Header{"Idempotency-Key": {name}} }

func TestTheSameRequestAgainIsDoneOnceAndToldTheSame(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		h := newHouse(t, e, api.Options{})
		c := h.key("requests:write", "cases:read")
		const body = `{"account": "a@example.com", "name": "A"}`
		send := func(name, body string) answer { return c.do("POST", "/v1/requests", body, again(name)) }
		first := send("one", body).is(201)
		second := send("one", body).is(201)
		if string(first.body) != string(second.body) || first.header.Get("Location") != second.header.Get("Location") ||
			first.header.Get("Content-Type") != second.header.Get("Content-Type") {
			t.Errorf("told %s, then %s", first.body, second.body)
		}
		if first.header.Get("Idempotency-Replayed") != "" || second.header.Get("Idempotency-Replayed") != "true" {
			t.Error("the second answer does not say that it is one")
		}
		send("one", `{"account": "b@example.com", "name": "A"}`).told(422, "once.other")
		c.do("POST", "/v1/requests/"+first.text("id")+"/match", body, again("one")).told(422, "once.other")
		other := h.key("requests:write").do("POST", "/v1/requests", body, again("one")).is(201)
		if other.text("id") == first.text("id") {
			t.Error("another key was told what this one did")
		}
		// What was refused changed nothing: the same name may be used to put it right.
		send("two", `{"account": "no"}`).told(422, "field.email")
		send("two", body).is(201)
		for _, bad := range []string{strings.Repeat("x", 256), "ñ", "a b"} {
			send(bad, body).told(422, "once.name")
		}
		if n := len(c.get("/v1/requests?limit=200").get("items").([]any)); n != 3 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestRequestsAtTheSameMomentAreDoneOnce(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		h := newHouse(t, e, api.Options{})
		c := h.key("requests:write", "cases:read")
		var wg sync.WaitGroup
		var mu sync.Mutex
		told := map[string]int{}
		for range 16 {
			wg.Go(func() {
				a := c.do("POST", "/v1/requests", `{"account": "a@example.com"}`, again("crowd"))
				mu.Lock()
				defer mu.Unlock()
				if a.status == http.StatusConflict {
					a.told(409, "once.in_flight")
					if a.header.Get("Retry-After") == "" {
						t.Error("nobody says how long to wait")
					}
					return
				}
				told[string(a.is(201).body)]++
			})
		}
		wg.Wait()
		if n := len(c.get("/v1/requests").get("items").([]any)); n != 1 || len(told) != 1 {
			t.Errorf("%d requests, told %v", n, told)
		}
	})
}
