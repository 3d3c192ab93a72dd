package theme_test

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"hastaluego/internal/reason"
	"hastaluego/internal/theme"
)

// lines reads a file of examples, with the language of each.
func lines(t testing.TB, name string) (examples []theme.Example, language []string) {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var head []string
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSpace(line)
		if h, ok := strings.CutPrefix(line, "## "); ok {
			if head = strings.Fields(h); len(head) != 2 {
				t.Fatalf("%s: %q says no label and language", name, line)
			}
		} else if line != "" && !strings.HasPrefix(line, "#") {
			examples, language = append(examples, theme.Example{Text: line, Label: head[0]}), append(language, head[1])
		}
	}
	return examples, language
}

var leaving = sync.OnceValues(func() (*theme.Model, error) { return theme.Train(theme.Leaving()) })

func model(t testing.TB) *theme.Model {
	t.Helper()
	m, err := leaving()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// families are the labels of what customers write, those of the taxonomy.
func families() []string {
	list := []string{theme.None}
	for _, r := range reason.Builtin().Tops() {
		if r.Code != reason.Other {
			list = append(list, r.Code)
		}
	}
	slices.Sort(list)
	return list
}

func TestEveryFamilyHasExamplesInBothLanguages(t *testing.T) {
	t.Parallel()
	examples, language := lines(t, "seed/leaving.txt")
	if got := theme.Leaving(); !slices.Equal(got, examples) {
		t.Fatalf("the program has %d examples, its file %d, or others", len(got), len(examples))
	}
	count := map[string]int{}
	for i, e := range examples {
		count[e.Label+" "+language[i]]++
	}
	for _, f := range families() {
		for _, l := range reason.Languages {
			if count[f+" "+l] < 25 {
				t.Errorf("%s has %d examples in %s", f, count[f+" "+l], l)
			}
			delete(count, f+" "+l)
		}
	}
	if len(count) > 0 {
		t.Errorf("not known to the taxonomy: %v", count)
	}
	if got := model(t).Labels(); !slices.Equal(got, families()) {
		t.Errorf("the model knows %v", got)
	}
}

// What was held back is told apart by a model that never saw it, nor anything
// nearly the same. The bounds are well below what was measured: they are there to
// notice a defect, not to be reached.
func TestReasonsAreToldApartInWhatWasHeldBack(t *testing.T) {
	t.Parallel()
	seed := theme.Leaving()
	held, language := lines(t, "testdata/heldout.txt")
	var texts []string
	for _, e := range slices.Concat(seed, held) {
		texts = append(texts, e.Text)
	}
	for i, g := range theme.Groups(texts) {
		if g != i && i >= len(seed) {
			t.Errorf("held back, and nearly the same as another: %q, %q", texts[i], texts[g])
		}
	}
	m := model(t)
	for _, l := range reason.Languages {
		var truth []string
		var guesses []theme.Guess
		for i, e := range held {
			if language[i] == l {
				truth, guesses = append(truth, e.Label), append(guesses, m.Classify(e.Text))
			}
		}
		r := theme.Measure(truth, guesses)
		t.Logf("%s\n%s", l, table(r))
		if r.Accuracy < .4 || float64(r.NamedRight) < .6*float64(r.Named) {
			t.Errorf("%s: accuracy %.2f; %d named, %d of them right", l, r.Accuracy, r.Named, r.NamedRight)
		}
	}
}

// What the lines say of each other, as a report.
func TestReasonsAreToldApartAcrossFolds(t *testing.T) {
	t.Parallel()
	examples, language := lines(t, "seed/leaving.txt")
	guesses, err := theme.CrossValidate(examples, 5, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range reason.Languages {
		var truth []string
		var some []theme.Guess
		for i, e := range examples {
			if language[i] == l {
				truth, some = append(truth, e.Label), append(some, guesses[i])
			}
		}
		r := theme.Measure(truth, some)
		t.Logf("%s\n%s", l, table(r))
		if r.Accuracy < .45 {
			t.Errorf("%s: accuracy %.2f", l, r.Accuracy)
		}
	}
}

func TestTheThemeIsNamedWithTheWordsThatSpoke(t *testing.T) {
	t.Parallel()
	m := model(t)
	for text, want := range map[string][2]string{
		"La verdad, me parece demasiado CARO para lo que es.":     {"price", "CARO"},
		"It is too expensive.":                                    {"price", "expensive"},
		"Nadie contesta al teléfono, llevo una semana esperando.": {"service", "contesta"},
		"I was charged twice!!":                                   {"billing", "charged"},
		"Me jubilo en marzo.":                                     {"company_changed", "jubilo"},
		"the app keeps crashing":                                  {"product", "crashing"},
	} {
		g := m.Classify(text)
		if g.Label != want[0] || !slices.Contains(g.Why, want[1]) {
			t.Errorf("%q is %q (likely %s, %.2f) because of %q, want %v", text, g.Label, g.Likely, g.Confidence, g.Why, want)
		}
	}
}

// Where no reason is given, none is made up.
func TestWhatSaysNothingIsUnknown(t *testing.T) {
	t.Parallel()
	m := model(t)
	for _, text := range []string{
		"", "   ", "…", "👍", "12345", "xqzt wkrr", "Por favor, cancelen mi cuenta.", "Please close my account.",
		"Hola, quería darme de baja, gracias.", "日本語の文章です", "\xff\xfe",
	} {
		if g := m.Classify(text); g.Label != theme.Unknown {
			t.Errorf("%q is %s (%.2f) because of %q", text, g.Label, g.Confidence, g.Why)
		}
	}
}

// A correction holds for the very text, and for what is like it, and takes
// nothing of the rest away.
func TestACorrectionTeaches(t *testing.T) {
	t.Parallel()
	held, _ := lines(t, "testdata/heldout.txt")
	m := model(t)
	right := func(m *theme.Model) (n int) {
		for _, e := range held {
			if m.Classify(e.Text).Likely == e.Label {
				n++
			}
		}
		return n
	}
	before := right(m)
	tell := []theme.Example{
		{Text: "El bot del chat me desespera.", Label: "product"}, // somebody slipped, and says it again
		{Text: "El bot del chat me desespera.", Label: "service"},
		{Text: "No hay versión para Linux.", Label: "product"},
		{Text: "Me apunté dos veces, borren una.", Label: "billing"},
		{Text: "Our lease is up and the landlord wants the premises back.", Label: "company_changed"},
	}
	taught, err := theme.Train(theme.Teach(theme.Leaving(), tell))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range tell[1:] {
		if g := taught.Classify(strings.ToUpper(e.Text)); g.Label != e.Label {
			t.Errorf("%q is %q (likely %s, %.2f) though a person said %s", e.Text, g.Label, g.Likely, g.Confidence, e.Label)
		}
	}
	if g := taught.Classify("El bot del chat no sirve"); g.Likely != "service" {
		t.Errorf("what is like it is %s (%.2f)", g.Likely, g.Confidence)
	}
	if after := right(taught); after < before-len(held)/20 {
		t.Errorf("of %d others %d were right before, and %d after", len(held), before, after)
	}
}
