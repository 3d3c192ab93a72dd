package worth

// The bands of value that policies and segments speak of.
const (
	LowBand    = "low"
	MiddleBand = "middle"
	HighBand   = "high"
)

// Borders are from what on a customer is of middle and of high value, in minor units of
// a currency, as the company says. Below zero: it says nothing.
type Borders struct {
	Currency     string
	Middle, High int64
}

// Of is the band of a value; empty: unknown, because the value is, because the company
// set no borders, or because it set them in another currency.
func (b Borders) Of(v Value) string {
	switch {
	case !v.Known() || b.Middle < 0 || b.High < 0 || v.Currency != b.Currency:
		return ""
	case v.Sum >= b.High:
		return HighBand
	case v.Sum >= b.Middle:
		return MiddleBand
	default:
		return LowBand
	}
}
