package company

import (
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
)

// Costs are what the company says that serving customers costs: what a customer is
// worth is computed with them. They are kept as they are written; empty: nobody said.
type Costs struct {
	Margin   string            `json:"margin,omitempty" yaml:"margin,omitempty"`     // percent of its price that a product leaves
	Margins  map[string]string `json:"margins,omitempty" yaml:"margins,omitempty"`   // of products that leave another part
	Incident string            `json:"incident,omitempty" yaml:"incident,omitempty"` // what one costs, in the currency of the company
	Hour     string            `json:"hour,omitempty" yaml:"hour,omitempty"`         // of somebody's work, likewise
	Late     string            `json:"late,omitempty" yaml:"late,omitempty"`         // percent a year that money costs which is not there
	Discount string            `json:"discount,omitempty" yaml:"discount,omitempty"` // percent that a year later is worth less; ours where nobody said
	// Middle and High are the borders of the bands that policies and segments speak of:
	// from what a customer is expected to bring on they are of middle and of high value.
	Middle string `json:"middle,omitempty" yaml:"middle,omitempty"`
	High   string `json:"high,omitempty" yaml:"high,omitempty"`
}

// IsZero reports whether nobody said anything.
func (c Costs) IsZero() bool { return c.same(Costs{}) }

func (c Costs) same(o Costs) bool {
	return c.Margin == o.Margin && maps.Equal(c.Margins, o.Margins) && c.Incident == o.Incident && c.Hour == o.Hour && c.Late == o.Late && c.Discount == o.Discount &&
		c.Middle == o.Middle && c.High == o.High
}

// Said are the costs as numbers: hundredths of a percent and minor units. What nobody
// said is below zero.
type Said struct {
	Margin, Incident, Hour, Late, Discount int64
	Margins                                map[string]int64
	Middle, High                           int64 // borders of the bands
}

// Read returns the costs as numbers. What cannot be read was never kept.
func (c Costs) Read(currency string) Said {
	s := Said{Margin: percent(c.Margin), Incident: sum(c.Incident, currency), Hour: sum(c.Hour, currency), Late: percent(c.Late), Discount: percent(c.Discount), Margins: map[string]int64{}, Middle: sum(c.Middle, currency), High: sum(c.High, currency)}
	for product, m := range c.Margins {
		s.Margins[product] = percent(m)
	}
	return s
}

func percent(s string) int64 {
	n, err := customer.ParsePercent(s)
	if err != nil {
		return -1
	}
	return n
}

func sum(s, currency string) int64 {
	a, err := money.Parse(s, currency)
	if err != nil {
		return -1
	}
	return a.Minor
}

// mostDiscount is by how much a year later may be worth less, in hundredths of a
// percent: of a year that is worth nothing nothing can be said.
const mostDiscount = 9000

// maxMargins is how many products may leave another part than the rest.
const maxMargins = 200

// costs reads what was typed: percents and sums with a point or a comma.
func (c *checker) costs(typed Costs, currency string) (out Costs) {
	out.Margin, out.Late, out.Discount = c.costPercent("cost_margin", typed.Margin), c.costPercent("cost_late", typed.Late), c.costPercent("cost_discount", typed.Discount)
	if percent(out.Discount) > mostDiscount {
		c.bad("company.discount", "cost_discount", "max", mostDiscount/100)
	}
	out.Incident, out.Hour = c.costSum("cost_incident", typed.Incident, currency), c.costSum("cost_hour", typed.Hour, currency)
	out.Middle, out.High = c.costSum("cost_middle", typed.Middle, currency), c.costSum("cost_high", typed.High, currency)
	if middle, high := sum(out.Middle, currency), sum(out.High, currency); middle >= 0 != (high >= 0) || middle >= 0 && high <= middle {
		c.bad("company.bands", "cost_high")
	}
	if len(typed.Margins) > maxMargins {
		c.bad("company.margins_many", "cost_margins", "max", maxMargins)
		return out
	}
	for _, product := range slices.Sorted(maps.Keys(typed.Margins)) {
		name, e := customer.CheckText("cost_margins", product, 200, false)
		m, wrong := customer.ParsePercent(typed.Margins[product])
		if e != nil || wrong != nil || name == "" {
			c.bad("company.margins", "cost_margins", "value", strings.TrimSpace(product+": "+typed.Margins[product]))
			return out
		}
		if out.Margins == nil {
			out.Margins = map[string]string{}
		}
		out.Margins[name] = customer.Percent(m)
	}
	return out
}

func (c *checker) costPercent(field, s string) string {
	if s = strings.TrimSuffix(strings.TrimSpace(s), "%"); s == "" {
		return ""
	}
	n, err := customer.ParsePercent(s)
	if err != nil {
		c.bad("percent.unreadable", field, "value", s)
		return ""
	}
	return customer.Percent(n)
}

func (c *checker) costSum(field, s, currency string) string {
	if s = strings.Replace(strings.TrimSpace(s), ",", ".", 1); s == "" {
		return ""
	}
	if currency == "" {
		c.bad("field.required", "currency")
		return ""
	}
	a, err := money.Parse(s, currency)
	if err != nil || a.Minor < 0 {
		c.bad("amount.unreadable", field)
		return ""
	}
	digits, _ := money.Digits(currency)
	return a.Decimal(digits)
}

// MarginLines writes the parts that products leave as people type them: a line for
// each, "Fibre: 45".
func (c Costs) MarginLines() string {
	var b strings.Builder
	for _, product := range slices.Sorted(maps.Keys(c.Margins)) {
		b.WriteString(product + ": " + c.Margins[product] + "\n")
	}
	return b.String()
}

// ReadMargins reads such lines. One that says nothing of a part is kept as it is, to be
// refused.
func ReadMargins(s string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		at := strings.LastIndex(line, ":")
		if at < 0 {
			out[line] = ""
			continue
		}
		out[strings.TrimSpace(line[:at])] = strings.TrimSuffix(strings.TrimSpace(line[at+1:]), "%")
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
