package notice

import "slices"

// Ask is something that a page may ask of whoever leaves. None of them is
// needed for anything.
type Ask string

// The asks.
const (
	Survey      Ask = "survey"
	Testimonial Ask = "testimonial"
	Referral    Ask = "referral"
	Product     Ask = "other_product"
)

// Pages is how many asks a page may have at most. A page that is not here asks
// nothing.
var Pages = map[string]int{"farewell": 1}

// order is which ask comes first: what teaches us before what serves us.
var order = []Ask{Survey, Testimonial, Referral, Product}

// Blame is what is known of whose fault a departure is.
type Blame struct {
	Known      bool // somebody looked, or the customer said why
	Ours       bool // at least in part
	BadService bool // we wronged them, and it was not put right
	Quiet      bool // a closure, an illness or a death
}

// May reports whether something may be asked at all. Whoever was let down, or
// may have been, is not asked to praise us; whoever closes, is ill or mourns is
// asked for nothing.
func (a Ask) May(b Blame) bool {
	if b.Quiet {
		return false
	}
	switch a {
	case Survey:
		return true
	case Product:
		return !b.BadService
	case Testimonial, Referral:
		return b.Known && !b.Ours && !b.BadService
	}
	return false
}

// Choose picks what a page asks, out of what it could: no more than its budget,
// and nothing that may not be asked.
func Choose(page string, could []Ask, b Blame) []Ask {
	var out []Ask
	for _, a := range order {
		if len(out) < Pages[page] && slices.Contains(could, a) && a.May(b) {
			out = append(out, a)
		}
	}
	return out
}
