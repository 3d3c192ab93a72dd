// Package theme says what a text is about: it learns themes from texts that
// people labelled, in any language, and tells for another text which theme it
// most likely has, how sure that is, and which of its words spoke for it. It is
// pure: it asks nobody, stores nothing, and a model keeps none of the words that
// it learned from. What a theme means for a departure is none of its business.
package theme

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// Example is a text whose theme a person decided.
type Example struct {
	Text, Label string
	Weight      float64 // how many such it counts for; zero: one
	From        string  // whose words they are; empty: nobody's, such as those that the program brings
}

// Few is by how many people something has to be said for a model to keep it. What
// fewer said, and no example of nobody, is not learned: a name, a street, a word
// that only one person would use.
const Few = 3

// Joined are several things that somebody wrote as one text; empty where they wrote
// none.
func Joined(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "\n")
}

const (
	// Unknown is the label of a text whose theme is not sure enough.
	Unknown = ""
	// None is the label of examples that say nothing of any theme ("please cancel
	// my account"). A text that is most like those is Unknown, too.
	None = "none"
)

// Sure is how likely a theme has to be to be named: likelier than all others
// together. Confidence is calibrated, so that it means what it says.
const Sure = .5

// Guess is what a model says of a text.
type Guess struct {
	Label      string   // Unknown below Sure, and for None
	Likely     string   // the likeliest, however sure it is
	Confidence float64  // how likely it is that Likely is right
	Why        []string // the words that spoke most for Likely, as they were written, the strongest first
}

// Model knows themes. It is made by Train or read by UnmarshalBinary, does not
// change and may be used by many at once.
type Model struct {
	labels []string
	vocabulary
	weights []int16   // by feature, then by label, in units of scale
	scale   []float64 // by label
	bias    []float64 // by label
	sharp   float64   // what scores are multiplied with to be calibrated
}

// Labels are the themes that it knows, sorted.
func (m *Model) Labels() []string { return slices.Clone(m.labels) }

// Classify says what a text is about. Of very long texts the beginning is read;
// one without a letter says nothing.
func (m *Model) Classify(text string) Guess {
	r := read(text)
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		r = reading{}
	}
	g, best := m.guess(m.scores(&r), m.sharp)
	g.Why = m.why(&r, best)
	return g
}

// scores are the logits of a text, by label, before they are calibrated.
func (m *Model) scores(r *reading) []float64 {
	z, k := slices.Clone(m.bias), len(m.labels)
	m.weigh(r, func(_ term, column int, x float64) {
		for i, w := range m.weights[column*k : (column+1)*k] {
			z[i] += x * m.scale[i] * float64(w)
		}
	})
	return z
}

func (m *Model) guess(z []float64, sharp float64) (g Guess, best int) {
	p := make([]float64, len(z))
	for i := range z {
		p[i] = sharp * z[i]
	}
	softmax(p)
	for i := range p {
		if p[i] > p[best] {
			best = i
		}
	}
	g.Likely, g.Confidence = m.labels[best], p[best]
	if g.Confidence >= Sure && g.Likely != None {
		g.Label = g.Likely
	}
	return g, best
}

const (
	mostWhy  = 5
	leastWhy = .25 // of what the strongest word says
)

// why are the words that spoke for a label against the mean of the others. What
// two words say together is shared between them.
func (m *Model) why(r *reading, label int) (words []string) {
	k := len(m.labels)
	said := make([]float64, len(r.words))
	m.weigh(r, func(t term, column int, x float64) {
		row, others := m.weights[column*k:(column+1)*k], 0.
		for i, w := range row {
			if i != label {
				others += m.scale[i] * float64(w)
			}
		}
		spoke := x * (m.scale[label]*float64(row[label]) - others/float64(k-1)) / float64(t.n)
		for _, f := range r.features[t.from : t.from+t.n] {
			for at := f.first; at <= f.last; at++ {
				said[at] += spoke / float64(f.last-f.first+1)
			}
		}
	})
	byWord := map[string]float64{}
	for i, w := range r.words {
		byWord[w.plain] += said[i]
	}
	order := make([]int, len(r.words))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := byWord[r.words[a].plain], byWord[r.words[b].plain]; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	least := 0.
	for _, i := range order {
		w := r.words[i]
		spoke := byWord[w.plain]
		if w.mark || spoke <= least {
			continue
		}
		words = append(words, w.written)
		if len(words) == mostWhy {
			break
		}
		least, byWord[w.plain] = max(least, leastWhy*spoke), 0 // once each
	}
	return words
}

func softmax(z []float64) {
	top, sum := slices.Max(z), 0.
	for i := range z {
		z[i] = math.Exp(z[i] - top)
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
}

// Teach joins what people corrected to the examples that were there. A
// correction takes the place of every earlier label of the same words, and of
// the corrections of the same words the last holds, whoever wrote them: each of
// those who did counts once.
func Teach(examples, corrections []Example) []Example {
	type said struct{ words, from string }
	label, last := map[string]string{}, map[said]int{}
	words := make([]string, len(corrections))
	for i, c := range corrections {
		words[i] = plain(c.Text)
		label[words[i]], last[said{words[i], c.From}] = c.Label, i
	}
	var out []Example
	for _, e := range examples {
		if _, corrected := label[plain(e.Text)]; !corrected {
			out = append(out, e)
		}
	}
	for i, c := range corrections {
		if last[said{words[i], c.From}] == i {
			if c.Label = label[words[i]]; c.Weight == 0 {
				c.Weight = Corrected
			}
			out = append(out, c)
		}
	}
	return out
}

// Corrected is what a correction counts where nothing else is said: a person
// looked at the very text, and what they say has to be heard.
const Corrected = 4

// plain is a text without case, accents, marks and numbers: two of the same say
// the same. A text of marks alone keeps them.
func plain(text string) string {
	var words, marks []string
	for _, w := range split(text) {
		if w.mark {
			marks = append(marks, w.plain)
		} else {
			words = append(words, w.plain)
		}
	}
	if len(words) == 0 {
		words = marks
	}
	return strings.Join(words, " ")
}
