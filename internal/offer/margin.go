package offer

import (
	"math/big"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
)

// lengths are how long intervals are, in sixteenths of a day, so that a month is a
// twelfth of a year of 365.25 days and a week seven days.
var lengths = map[customer.Interval]int64{
	customer.Weekly: 7 * sixteenths, customer.Monthly: 487, customer.Quarterly: 1461, customer.HalfYearly: 2922, customer.Yearly: 5844,
}

const sixteenths = 16

// left is what is left of a hundred of the price of a plan, as the policy says.
func (p *Policy) left(product, plan string) (percent int64, known bool) {
	for _, m := range p.margins {
		if (m.product == "" || m.product == product) && (m.plan == "" || m.plan == plan) {
			return m.percent, true
		}
	}
	return 0, false
}

// cost is what serving them for an interval costs, in hundredths of the smallest
// unit; nil: nobody knows.
func (p *Policy) cost(s Situation) *big.Int {
	if s.Margin != nil {
		n := new(big.Int).Sub(big.NewInt(s.Price.Minor), big.NewInt(*s.Margin))
		return n.Mul(n, big.NewInt(100))
	}
	percent, known := p.left(s.Product, s.Plan)
	if !known {
		return nil
	}
	return new(big.Int).Mul(big.NewInt(s.Price.Minor), big.NewInt(100-percent))
}

// price guards the offers that keep somebody by costing less, or by giving more
// for the same. Whatever part of the term a customer stays for, what is left of
// what they pay is not below zero: so neither is what is expected of it.
func (p *Policy) price(d *Definition, s Situation) (Guard, []any) {
	costs := d.Fields["costs"].Money
	if d.Kind == Custom && costs.Minor == 0 {
		return "", nil
	}
	if !s.priced() || lengths[s.Interval] == 0 {
		return GuardPrice, nil
	}
	for _, f := range d.Fields {
		if f.Type == MoneyField && f.Money.Minor > 0 && f.Money.Currency != s.Price.Currency {
			return GuardCurrency, []any{"currency", f.Money.Currency, "contract", s.Price.Currency}
		}
	}
	if !d.improves(s) {
		return GuardImproves, nil
	}
	left := p.after(d, s)
	switch {
	case left == nil:
		return GuardMarginUnknown, []any{"product", s.Product, "plan", s.Plan}
	case left.Sign() < 0:
		return GuardMargin, nil
	}
	return "", nil
}

// improves reports whether they would pay less for the same time, or get more of
// it.
func (d *Definition) improves(s Situation) bool {
	switch d.Kind {
	case Discount:
		return d.discounted(s.Price).Minor < s.Price.Minor
	case Plan, OtherProduct:
		then := new(big.Int).Mul(big.NewInt(d.Fields["price"].Money.Minor), big.NewInt(lengths[s.Interval]))
		now := new(big.Int).Mul(big.NewInt(s.Price.Minor), big.NewInt(lengths[customer.Interval(d.Fields["interval"].Text)]))
		return then.Cmp(now) < 0
	}
	return true
}

// after is what is left of what they pay over the term of the offer, after what
// serving them costs, in some unit of which only the sign counts; nil: nobody
// knows.
func (p *Policy) after(d *Definition, s Situation) *big.Int {
	hundred := big.NewInt(100)
	switch d.Kind {
	case Plan, OtherProduct:
		return p.afterMove(d, s)
	case Discount, Extension, Custom:
	default:
		return new(big.Int)
	}
	cost := p.cost(s)
	if cost == nil {
		return nil
	}
	paid := new(big.Int).Mul(big.NewInt(s.Price.Minor), hundred)
	switch d.Kind {
	case Discount:
		paid.Mul(big.NewInt(d.discounted(s.Price).Minor), hundred)
		return paid.Sub(paid, cost)
	case Extension: // what is paid once bears the days that are added
		length := lengths[s.Interval]
		paid.Mul(paid, big.NewInt(length))
		served := new(big.Int).Mul(cost, big.NewInt(length+d.whole("days")*sixteenths))
		return paid.Sub(paid, served)
	default: // what is left over its term bears what it costs
		left := paid.Sub(paid, cost)
		left.Mul(left, big.NewInt(d.whole("months")*lengths[customer.Monthly]))
		spent := new(big.Int).Mul(big.NewInt(d.Fields["costs"].Money.Minor), big.NewInt(100*lengths[s.Interval]))
		return left.Sub(left, spent)
	}
}

// afterMove is what is left of the price of another plan or product. Where the
// policy says nothing of it, it costs what serving them costs today.
func (p *Policy) afterMove(d *Definition, s Situation) *big.Int {
	product, plan := s.Product, d.Fields["plan"].Text
	if d.Kind == OtherProduct {
		product = d.Fields["product"].Text
	}
	if percent, known := p.left(product, plan); known {
		return big.NewInt(percent)
	}
	cost := p.cost(s)
	if cost == nil || d.Kind == OtherProduct {
		return nil
	}
	length := lengths[customer.Interval(d.Fields["interval"].Text)]
	paid := new(big.Int).Mul(big.NewInt(d.Fields["price"].Money.Minor), big.NewInt(100*lengths[s.Interval]))
	return paid.Sub(paid, cost.Mul(cost, big.NewInt(length)))
}

// discounted is a price after the discount, rounded against us.
func (d *Definition) discounted(price money.Amount) money.Amount {
	if off, ok := d.Fields["off"]; ok {
		return money.Amount{Minor: max(0, price.Minor-off.Money.Minor), Currency: price.Currency}
	}
	n := new(big.Int).Mul(big.NewInt(price.Minor), big.NewInt(100-d.whole("percent")))
	return money.Amount{Minor: n.Quo(n, big.NewInt(100)).Int64(), Currency: price.Currency}
}
