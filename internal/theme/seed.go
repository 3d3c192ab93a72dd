package theme

import (
	_ "embed" // the examples
	"strings"
	"sync"
)

//go:embed seed/leaving.txt
var leaving string

// Leaving are examples of why customers leave, in Spanish and English, by the
// families of reasons (price, product, service, needs_ended, company_changed,
// competitor, billing) and None: what a model knows before anybody taught it.
var Leaving = sync.OnceValue(func() []Example { return parse(leaving) })

// Shipped is the model of Leaving alone.
var Shipped = sync.OnceValues(func() (*Model, error) { return Train(Leaving()) })

// parse reads lines below "## label language".
func parse(src string) (examples []Example) {
	label := ""
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(line, "## "); ok {
			label, _, _ = strings.Cut(head, " ")
		} else if line != "" && !strings.HasPrefix(line, "#") {
			examples = append(examples, Example{Text: line, Label: label})
		}
	}
	return examples
}

// Method changes whenever the same examples make another model.
const Method = "2"
