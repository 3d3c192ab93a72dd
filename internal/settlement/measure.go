package settlement

import (
	"math/big"

	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// ruler measures periods against the end of one contract.
type ruler struct {
	in  *Input
	end int64 // the first unit after the end
}

// epoch is a day that others are counted from.
var epoch = when.Date{Year: 2000, Month: 1, Day: 1}

// at is the unit with which the day begins.
func (in *Input) at(d when.Date) int64 {
	if in.Measure == Seconds {
		return d.Start(in.Zone).Unix()
	}
	return int64(epoch.DaysUntil(d))
}

// until is a ruler for a contract that ends on the day.
func (in *Input) until(last when.Date, choice Choice) ruler {
	r := ruler{in, in.at(last.AddDays(1))}
	if in.Measure == Seconds && choice == Now && last == in.Asked {
		r.end = in.AskedAt.Unix()
	}
	return r
}

// of is how much of the days from first to last, both included, is left after
// the end, and all of it.
func (r ruler) of(first, last when.Date) (left, all int64) {
	from, to := r.in.at(first), r.in.at(last.AddDays(1))
	all = to - from
	return min(max(0, to-r.end), all), all
}

// served is how much of the days from first to last was served.
func (r ruler) served(first, last when.Date) int64 {
	left, all := r.of(first, last)
	return all - left
}

func (r ruler) unit() string {
	if r.in.Measure == Seconds {
		return string(Seconds)
	}
	return string(Days)
}

// floor is a × b ÷ c rounded down, to minus infinity.
func floor(a, b, c int64) (int64, error) {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	q, m := new(big.Int), new(big.Int)
	q.DivMod(n, big.NewInt(c), m) // Euclidean: with c above zero this is the floor
	if !q.IsInt64() {
		return 0, money.ErrOverflow
	}
	return q.Int64(), nil
}

// ceil is a × b ÷ c rounded up.
func ceil(a, b, c int64) (int64, error) {
	n, err := floor(-a, b, c)
	return -n, err
}

// within is the part of a sum that is tax, where the whole that it is a part of
// is net and tax.
func within(sum, net, tax int64) int64 {
	if tax == 0 || sum == 0 {
		return 0
	}
	return money.Amount{Minor: sum}.Split([]uint64{size(net), size(tax)})[1].Minor
}

// size is a number without its sign.
func size(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

// On is a sum that is not billed yet: with its tax, and that tax.
func (t Tax) On(sum int64) (whole, tax int64, err error) {
	if t.Included {
		return sum, within(sum, 10_000, t.Rate), nil
	}
	if tax, err = floor(sum, t.Rate, 10_000); err != nil {
		return 0, 0, err
	}
	whole, err = plus(sum, tax)
	return whole, tax, err
}

func plus(a, b int64) (int64, error) {
	s, err := money.Amount{Minor: a}.Add(money.Amount{Minor: b})
	return s.Minor, err
}
