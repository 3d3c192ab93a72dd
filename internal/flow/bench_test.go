package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/flow"
)

// long is a flow of forty nodes: the plain one, and pages before its form.
func long() string {
	src := strings.Replace(plain, toForm, "to: page_0, label", 1)
	for i := range 36 {
		to := fmt.Sprintf("page_%d", i+1)
		if i == 35 {
			to = "form"
		}
		src += fmt.Sprintf("  - id: page_%d\n    kind: info\n    texts:\n      title: {es: \"Página %d antes de irte\", en: \"Page %d before you leave\"}\n"+
			"      text: {es: \"Aquí se cuenta algo que no hace falta leer, y cuesta leerlo. Puedes seguir.\", en: \"Something is told here that need not be read, and takes time. You can go on.\"}\n    actions:\n"+
			"      - {id: on, role: exit, kind: button, prominence: 2, to: %s, label: {es: \"Seguir con la baja\", en: \"Go on and cancel\"}}\n"+
			"      - {id: stay, role: keep, kind: button, prominence: 2, to: home, label: {es: \"Quedarme\", en: \"Keep my plan\"}}\n", i, i, i, to)
	}
	return src
}

func TestTheFlowOfTheBenchmarkIsAsLongAsItSays(t *testing.T) {
	t.Parallel()
	if n := len(load(t, "long.yaml", long()).Nodes); n != 40 {
		t.Errorf("%d nodes", n)
	}
}

// Six packs, two languages, two devices: the answer of an editor must not be
// waited for. Promised: under 100 ms.
func BenchmarkCheckOfFortyNodesInSixPacks(b *testing.B) {
	f := load(b, "long.yaml", long())
	list := laws(b, f, "es", "de", "fr", "ar", "us-ca", "us-mn")
	b.ReportAllocs()
	for b.Loop() {
		if r := flow.Check(f, list, nil); r.Variants != 24 {
			b.Fatal(r.Variants)
		}
	}
}
