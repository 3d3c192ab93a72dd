package console_test

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"
)

func TestTheListOfCustomersIsFilteredByWhatTheAddressSays(t *testing.T) {
	t.Parallel()
	h, page := filed(t)
	h.departure("Estudio Almena", "FE-20418")
	ines := h.as("ines")
	ines.post(page+"/edit", []string{"edit.segment", "pyme", "edit.country", "PT"}).is(http.StatusSeeOther)
	for filter, found := range map[string]bool{
		"segment=pyme": true, "segment=otro": false, "country=pt": true, "country=ES": false, "segment=pyme&country=PT": true, "leaving=yes": false, "q=lavanda&country=ES": false,
	} {
		r := ines.get("/console/customers?"+filter).is(200).has(`data-testid="chips"`, `value="pyme"`)
		if strings.Contains(r.body, page) != found {
			t.Errorf("%s: found is not %v", filter, found)
		}
	}
	ines.get("/console/customers?leaving=yes").has("Estudio Almena", "Con baja en marcha")
	kinds := 0
	for _, kind := range []string{"person", "organisation"} {
		kinds += strings.Count(ines.get("/console/customers?kind="+kind).body, page)
	}
	if kinds != 1 {
		t.Errorf("the customer is of %d kinds", kinds)
	}
	ines.get("/console/customers").has(page, "Estudio Almena").lacks(`data-testid="chips"`)
}

func TestTheListOfCustomersGoesOnPageByPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	const many = 53
	for n := range many {
		h.customer(fmt.Sprintf("Cliente %02d", n), fmt.Sprintf("LI-%02d", n), fmt.Sprintf("c%02d@example.com", n))
	}
	ines := h.as("ines")
	first := ines.get("/console/customers?q=cliente").has("53 clientes", "Cliente 00").lacks("Cliente 52", `data-testid="first"`)
	_, link, _ := strings.Cut(first.body, `rel="next"`)
	before, _, _ := strings.Cut(first.body, `rel="next"`)
	next := before[strings.LastIndex(before, "<a "):] + link[:200]
	_, next, _ = strings.Cut(next, `href="`)
	next, _, _ = strings.Cut(next, `"`)
	next = html.UnescapeString(next)
	second := ines.get(next).is(200).has(`data-testid="first"`).lacks(`data-testid="next"`)
	if !strings.Contains(next, "q=cliente") {
		t.Errorf("%q forgets what was asked", next)
	}
	for n := range many {
		name := fmt.Sprintf(">Cliente %02d<", n)
		if strings.Contains(first.body, name) == strings.Contains(second.body, name) {
			t.Errorf("%s is not on one page", name)
		}
	}
	ines.get("/console/customers?after=nonsense!").is(422)
}
