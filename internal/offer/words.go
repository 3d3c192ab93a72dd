package offer

import (
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// Words are what a customer reads about an offer in one language.
type Words struct {
	Heard   string `json:"heard"`   // what we understood
	What    string `json:"what"`    // what we can do
	Changes string `json:"changes"` // a line each, losses included
	Cost    string `json:"cost"`    // what it costs them
	Why     string `json:"why"`     // why this; on request
}

// Terms are what the words of an offer are filled with.
type Terms struct {
	Until, By when.Date
	Contract  customer.Subscription // that they end, if it is one; else zero
}

// Say are the words of what was decided, in a language of customers.
func (d Decision) Say(lang string, t Terms) Words {
	if d.Offer == nil {
		return Words{Heard: d.Heard[lang], Why: d.Why[lang]}
	}
	w := d.Offer.words[lang]
	fill := func(s string) string {
		return placeholder.ReplaceAllStringFunc(s, func(m string) string {
			return d.Offer.value(lang, strings.Trim(m, "{}"), t)
		})
	}
	lines := make([]string, len(w.changes))
	for i, s := range w.changes {
		lines[i] = fill(s)
	}
	return Words{Heard: d.Heard[lang], What: fill(w.what), Changes: strings.Join(lines, "\n"), Cost: fill(w.cost), Why: d.Why[lang]}
}

// value is what stands for a placeholder. Prices are those that the customer
// pays, with their tax.
func (d *Definition) value(lang, name string, t Terms) string {
	gross := func(net money.Amount) string {
		whole, ok := t.Contract.Terms.Tax.Of(net)
		if !ok {
			whole = net
		}
		return text.Money(lang, whole)
	}
	switch name {
	case "until":
		return text.LongDate(lang, t.Until)
	case "by":
		return text.LongDate(lang, t.By)
	case "now":
		return gross(t.Contract.WithoutTax())
	case "then":
		if d.Kind == Discount {
			return gross(d.discounted(t.Contract.WithoutTax()))
		}
		return gross(d.Fields["price"].Money)
	}
	switch f := d.Fields[name]; f.Type {
	case WholeField:
		return text.Number(lang, f.Whole)
	case MoneyField:
		return gross(f.Money)
	default:
		return f.Text
	}
}
