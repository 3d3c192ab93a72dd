package theme_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/theme"
)

func bytesOf(t testing.TB, m *theme.Model) []byte {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func train(t testing.TB, examples []theme.Example) *theme.Model {
	t.Helper()
	m, err := theme.Train(examples)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheSameExamplesInAnyOrderMakeTheSameModel(t *testing.T) {
	t.Parallel()
	examples := theme.Leaving()[:100]
	once := bytesOf(t, train(t, examples))
	shuffled := slices.Clone(examples)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if !bytes.Equal(once, bytesOf(t, train(t, shuffled))) {
		t.Error("another order makes another model")
	}
}

func TestAModelReadFromItsBytesSaysTheSame(t *testing.T) {
	t.Parallel()
	m := model(t)
	b := bytesOf(t, m)
	var again theme.Model
	if err := again.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, bytesOf(t, &again)) {
		t.Error("written again it is another one")
	}
	for _, e := range theme.Leaving() {
		a, b := m.Classify(e.Text), again.Classify(e.Text)
		if a.Label != b.Label || a.Confidence != b.Confidence || !slices.Equal(a.Why, b.Why) {
			t.Fatalf("%q: %+v, read back %+v", e.Text, a, b)
		}
	}
}

// A model is made of what people wrote, and has none of it.
func TestAModelKeepsNoWords(t *testing.T) {
	t.Parallel()
	b := bytes.ToLower(bytesOf(t, model(t)))
	for _, l := range model(t).Labels() {
		b = bytes.ReplaceAll(b, []byte(l), nil)
	}
	for _, e := range theme.Leaving() {
		for _, w := range strings.Fields(strings.ToLower(e.Text)) {
			if len(w) > 4 && bytes.Contains(b, []byte(w)) {
				t.Errorf("it has %q", w)
			}
		}
	}
}

// Whatever was said, a model knows nothing of it that fewer than Few people said
// and no example of nobody; and of what more said it forgets nothing.
func TestAModelKnowsNothingThatFewSaid(t *testing.T) {
	t.Parallel()
	words := strings.Fields("caro lento contesta Zarzaparrilla Etxeberria 612 factura doble never Wuthering")
	rapid.Check(t, func(t *rapid.T) {
		var examples []theme.Example
		n := rapid.IntRange(2, 12).Draw(t, "n")
		who := map[uint32]map[string]bool{}
		for range n {
			e := theme.Example{
				Text:  strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 4).Draw(t, "words"), " "),
				Label: rapid.SampledFrom([]string{"price", "service"}).Draw(t, "label"),
				From:  rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(t, "from"),
			}
			examples = append(examples, e)
			for _, k := range theme.Features(e.Text) {
				if who[k] == nil {
					who[k] = map[string]bool{}
				}
				who[k][e.From] = true
			}
		}
		m, err := theme.Train(append(examples, theme.Example{Label: "price"}, theme.Example{Label: "service"}))
		if err != nil {
			t.Fatal(err)
		}
		var want []uint32
		for k, from := range who {
			if from[""] || len(from) >= theme.Few {
				want = append(want, k)
			}
		}
		slices.Sort(want)
		if got := m.Keys(); !slices.Equal(got, want) {
			t.Fatalf("it knows %d features, and %d were said by enough", len(got), len(want))
		}
	})
}

// A correction of what two wrote teaches with what the model knows already; with the
// third it learns their words.
func TestAWordIsLearnedOfTheThirdWhoWritesIt(t *testing.T) {
	t.Parallel()
	tell := func(from ...string) *theme.Model {
		var c []theme.Example
		for _, f := range from {
			c = append(c, theme.Example{Text: "Etxebarrieta me desespera.", Label: "service", From: f})
		}
		return train(t, theme.Teach(theme.Leaving(), c))
	}
	two, three := tell("a", "b", "b"), tell("a", "b", "c")
	if !slices.Equal(two.Keys(), model(t).Keys()) {
		t.Error("what two wrote is in the model")
	}
	if len(three.Keys()) <= len(two.Keys()) {
		t.Error("what three wrote is not")
	}
	const text = "Etxebarrieta me desespera."
	if before, after := model(t).Classify(text), two.Classify(text); after.Likely != "service" || before.Likely == after.Likely && before.Confidence >= after.Confidence {
		t.Errorf("it taught nothing: %+v, then %+v", before, after)
	}
}

// Of a number only remains that it is one: another makes the same model.
func TestNobodysNumberIsLearned(t *testing.T) {
	t.Parallel()
	a := []theme.Example{
		{Text: "Mi número es el 48213", Label: "none"}, {Text: "Me cobraron 120,50 euros", Label: "billing"}, {Text: "Cobraron de más", Label: "billing"}, {Text: "Gracias", Label: "none"},
	}
	b := slices.Clone(a)
	b[0].Text, b[1].Text = "Mi número es el 77041999", "Me cobraron 89,99 euros"
	if !bytes.Equal(bytesOf(t, train(t, a)), bytesOf(t, train(t, b))) {
		t.Error("another number makes another model")
	}
}

func TestWhatCannotBeLearnedIsRefused(t *testing.T) {
	t.Parallel()
	for name, examples := range map[string][]theme.Example{
		"nothing":         nil,
		"one label":       {{Text: "caro", Label: "price"}, {Text: "muy caro", Label: "price"}},
		"no label":        {{Text: "caro", Label: "price"}, {Text: "lento", Label: ""}},
		"a long label":    {{Text: "caro", Label: "price"}, {Text: "lento", Label: strings.Repeat("x", 65)}},
		"less than none":  {{Text: "caro", Label: "price", Weight: -1}, {Text: "lento", Label: "product"}},
		"no number":       {{Text: "caro", Label: "price", Weight: math.NaN()}, {Text: "lento", Label: "product"}},
		"without an end":  {{Text: "caro", Label: "price", Weight: math.Inf(1)}, {Text: "lento", Label: "product"}},
		"too many labels": many(65),
	} {
		if _, err := theme.Train(examples); err == nil {
			t.Errorf("%s is learned", name)
		}
	}
	for name, examples := range map[string][]theme.Example{
		"two":                {{Text: "caro", Label: "price"}, {Text: "lento", Label: "product"}},
		"empty":              {{Text: "", Label: "price"}, {Text: "", Label: "product"}},
		"the same said both": {{Text: "caro", Label: "price"}, {Text: "caro", Label: "product"}},
		"all labels":         many(64),
	} {
		g := train(t, examples).Classify("caro")
		if !(g.Confidence > 0 && g.Confidence <= 1) {
			t.Errorf("%s: %+v", name, g)
		}
	}
}

func many(n int) (examples []theme.Example) {
	for i := range n {
		l := string(rune('a'+i/26)) + string(rune('a'+i%26))
		examples = append(examples, theme.Example{Text: l + l, Label: l})
	}
	return examples
}

// Whatever anybody writes, what is said of it is one of the labels, as sure as it
// can be, and rests on words of the text.
func TestAnyTextIsRead(t *testing.T) {
	t.Parallel()
	m := model(t)
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"caro", "don't", "¡¡¡", "e\u0301\u0301", "😡😡", "\xc3", "ﬁn", "İ", "½", "a’", "’a"})), 0, 30).Draw(t, "pieces")
		text := strings.Join(pieces, rapid.SampledFrom([]string{"", " ", "\n"}).Draw(t, "between"))
		g := m.Classify(text)
		if !slices.Contains(m.Labels(), g.Likely) || !(g.Confidence >= 1/float64(len(m.Labels()))-1e-9 && g.Confidence <= 1) {
			t.Fatalf("%+v", g)
		}
		if named := g.Confidence >= theme.Sure && g.Likely != theme.None; named != (g.Label == g.Likely) || !named && g.Label != theme.Unknown {
			t.Fatalf("%+v", g)
		}
		for _, w := range g.Why {
			if !strings.Contains(text, w) {
				t.Fatalf("%q is not in %q", w, text)
			}
		}
	})
}

func TestNearlyTheSameIsOneGroup(t *testing.T) {
	t.Parallel()
	texts := []string{
		"El desayuno es muy abundante y la habitación estaba limpia.",
		"Nadie contesta.",
		"EL DESAYUNO ES MUY ABUNDANTE, y la habitacion estaba limpia!!",
		"El desayuno era muy abundante y la habitación estaba limpia",
		"Nadie contesta!",
		"", "  ",
		"👍", "👎",
	}
	if got, want := theme.Groups(texts), []int{0, 1, 0, 0, 1, 5, 5, 7, 8}; !slices.Equal(got, want) {
		t.Errorf("groups %v, want %v", got, want)
	}
}

// The rare features of a text find every one that is like it: as comparing each
// with each does.
func TestNoNearTextIsMissed(t *testing.T) {
	t.Parallel()
	words := strings.Fields("caro lento nadie contesta precio sube mal bien hotel cama")
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.Map(rapid.SliceOfN(rapid.SampledFrom(words), 0, 6), func(w []string) string { return strings.Join(w, " ") }), 0, 12).Draw(t, "texts")
		got := theme.Groups(texts)
		for i := range texts {
			for j := range i {
				if theme.Groups([]string{texts[j], texts[i]})[1] == 0 && got[i] != got[j] {
					t.Fatalf("%q and %q are alike, and apart: %v", texts[i], texts[j], got)
				}
			}
		}
	})
}

func TestMeasuresAreAsByHand(t *testing.T) {
	t.Parallel()
	r := theme.Measure(
		[]string{"a", "a", "a", "b", "b", "c"},
		[]theme.Guess{
			{Label: "a", Likely: "a", Confidence: .9},
			{Label: "a", Likely: "a", Confidence: .9},
			{Likely: "b", Confidence: .4},
			{Label: "b", Likely: "b", Confidence: .8},
			{Label: "a", Likely: "a", Confidence: .6},
			{Likely: "b", Confidence: .3},
		})
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	near("accuracy", r.Accuracy, .5)
	near("off", r.Off, (.2+.4+.2+.6+.3)/6) // 2 of 2 at .9, 0 of 1 at .4, 1 of 1 at .8, 0 of 1 at .6 and at .3
	if r.Texts != 6 || r.Right != 3 || r.Named != 4 || r.NamedRight != 3 || len(r.Labels) != 3 {
		t.Errorf("%+v", r)
	}
	for i, want := range []theme.LabelReport{
		{Label: "a", Support: 3, Guessed: 3, Right: 2, Precision: 2. / 3, Recall: 2. / 3, F1: 2. / 3},
		{Label: "b", Support: 2, Guessed: 3, Right: 1, Precision: 1. / 3, Recall: 1. / 2, F1: .4},
	} {
		if r.Labels[i] != want {
			t.Errorf("%+v, want %+v", r.Labels[i], want)
		}
	}
	if c := r.Labels[2]; c.Support != 1 || c.Recall != 0 || !math.IsNaN(c.Precision) || c.F1 != 0 {
		t.Errorf("%+v", c)
	}
}

// Bytes from anywhere are an error, or the one form of a model.
func FuzzUnmarshal(f *testing.F) {
	whole := bytesOf(f, train(f, []theme.Example{{Text: "caro caro", Label: "price"}, {Text: "caro lento lento", Label: "product"}}))
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(append(slices.Clone(whole), 0))
	f.Add([]byte("HLTH\x01\x02\x01a\x01b"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var m theme.Model
		if err := m.UnmarshalBinary(b); err != nil {
			return
		}
		if again := bytesOf(t, &m); !bytes.Equal(again, b) {
			t.Fatalf("%d bytes are read as a model of %d", len(b), len(again))
		}
		if g := m.Classify("caro, y lento"); !(g.Confidence > 0 && g.Confidence <= 1) {
			t.Fatalf("%+v", g)
		}
	})
}

// No byte of a model can be cut off, and none of its beginning changed, so that
// it breaks whoever reads it.
func TestBrokenBytesAreRefusedOrHarmless(t *testing.T) {
	t.Parallel()
	whole := bytesOf(t, train(t, []theme.Example{{Text: "caro caro", Label: "price"}, {Text: "caro lento lento", Label: "product"}}))
	for n := range whole {
		var m theme.Model
		if err := m.UnmarshalBinary(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are read", n, len(whole))
		}
	}
	for i := range whole {
		for _, x := range []byte{0, 1, 0x7f, 0xff} {
			b := slices.Clone(whole)
			b[i] ^= x
			var m theme.Model
			if m.UnmarshalBinary(b) == nil {
				if g := m.Classify("caro, y lento"); !(g.Confidence > 0 && g.Confidence <= 1) {
					t.Fatalf("byte %d: %+v", i, g)
				}
			}
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	m := model(b)
	for b.Loop() {
		m.Classify("Llevo tres semanas esperando a que alguien me conteste y encima han subido el precio; me voy a otra compañía.")
	}
}

func BenchmarkTrain(b *testing.B) {
	for b.Loop() {
		train(b, theme.Leaving())
	}
}

func BenchmarkTrainFeedback(b *testing.B) {
	examples, _ := feedback(b)
	for b.Loop() {
		train(b, examples)
	}
}
