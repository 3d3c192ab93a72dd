package customer

import (
	"hastaluego/internal/money"
)

// Net is how open sums stand against each other, each currency by itself.
type Net struct {
	Owed []Balance      // what the customer owes, where that is more than they are owed
	Less []Balance      // what the company owes in the same currencies: it makes up for some of it
	Left []money.Amount // what is left to pay once that is taken off, by currency in the order of Owed
}

// NetOf sums up what is open in the list.
func NetOf(list []Balance) (n Net) {
	sums := map[string]int64{}
	for _, b := range list {
		if b.Status == Due {
			sums[b.Amount.Currency] += b.Owed().Minor
		}
	}
	told := map[string]bool{}
	for _, b := range list {
		cur := b.Amount.Currency
		switch {
		case b.Status != Due || sums[cur] >= 0:
		case !b.Unpaid():
			n.Less = append(n.Less, b)
		default:
			n.Owed = append(n.Owed, b)
			if !told[cur] {
				told[cur] = true
				n.Left = append(n.Left, money.Amount{Minor: -sums[cur], Currency: cur})
			}
		}
	}
	return n
}
