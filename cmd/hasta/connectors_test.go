package main

import (
	"strings"
	"testing"

	"hastaluego/internal/connector/declaration"
)

// A customer is told what a system is, never what systems.yaml calls it.
func TestACustomerIsToldWhatASystemIs(t *testing.T) {
	t.Parallel()
	const src = `systems:
  wh_1:
    kind: postgres
    url: env:URL
    roles: {inventory: "SELECT rolname FROM pg_roles WHERE rolname = $1"}
  wh_2:
    kind: postgres
    title: {es: Los pedidos, en: The orders}
    url: env:URL
    roles: {inventory: "SELECT rolname FROM pg_roles WHERE rolname = $1"}
  hub:
    kind: http
    title: {es: El código, en: The code}
    like: github
  hub_2:
    kind: http
    like: github
  club:
    kind: processor
    title: Correo Claro, S.L.
    email: bajas@claro.example
    erase: {list: {title: {es: Lista}, fields: [email], category: contact, role: controller, purpose: {es: Boletín}, basis: consent, after: erase}}
`
	all, err := declaration.Load("systems.yaml", []byte(src), connectors()...)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"wh_1": {"Una base de datos de la empresa", "A database of the company"}, "wh_2": {"Los pedidos", "The orders"}, "hub": {"El código", "The code"},
		"hub_2": {"Un sistema de la empresa", "A system of the company"}, "club": {"Correo Claro, S.L.", "Correo Claro, S.L."},
	}
	for _, d := range all {
		titles := titled(d)
		if w := want[d.Name()]; titles["es"] != w[0] || titles["en"] != w[1] {
			t.Errorf("%s: %v", d.Name(), titles)
		}
	}
	_, err = declaration.Load("systems.yaml", []byte(strings.Replace(src, "{es: Los pedidos, en: The orders}", "{spanish: x}", 1)), connectors()...)
	if err == nil || !strings.Contains(err.Error(), "system.language [/systems/wh_2/title/spanish]") {
		t.Errorf("a title in no language: %v", err)
	}
}
