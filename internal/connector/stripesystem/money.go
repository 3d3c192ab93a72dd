package stripesystem

import (
	"strings"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

// units are the decimals that Stripe counts a currency in where ISO 4217, and so
// internal/money, has others: https://docs.stripe.com/currencies#special-cases.
// Currencies without decimals at Stripe are the same as there otherwise.
var units = map[string]int{
	"MGA": 0, // ISO has two, of which five make one
	"ISK": 2, // none since 2008; Stripe keeps the two of before, always 00
	"UGX": 2, // none; Stripe keeps two, always 00
}

// tens are the currencies with three decimals, of which Stripe takes amounts
// whose last one is 0.
var tens = map[string]bool{"BHD": true, "JOD": true, "KWD": true, "OMR": true, "TND": true}

// fromStripe is what Stripe means by so many units of a currency. What has no
// whole number of minor units is an error: it is never rounded.
func fromStripe(n int64, c stripe.Currency) (money.Amount, error) {
	code := strings.ToUpper(string(c))
	iso, err := money.Digits(code)
	if err != nil {
		return money.Amount{}, err
	}
	minor, ok := shift(n, iso-stripeDigits(code, iso))
	if !ok {
		return money.Amount{}, money.ErrOverflow
	}
	return money.Amount{Minor: minor, Currency: code}, nil
}

// toStripe is an amount in Stripe's units.
func (s *System) toStripe(a money.Amount) (int64, error) {
	iso, err := money.Digits(a.Currency)
	n, ok := a.Minor, err == nil
	if ok {
		n, ok = shift(a.Minor, stripeDigits(a.Currency, iso)-iso)
	}
	if !ok || tens[a.Currency] && n%10 != 0 {
		return 0, fault.New(fault.Invalid, "connector.amount", "system", s.cfg.System, "amount", a.String()).At("stripesystem.toStripe", err)
	}
	return n, nil
}

func stripeDigits(code string, iso int) int {
	if n, ok := units[code]; ok {
		return n
	}
	return iso
}

// shift moves a number by so many decimals; false where that is not a whole
// number, or too large.
func shift(n int64, by int) (int64, bool) {
	for ; by > 0; by-- {
		if next := n * 10; next/10 == n {
			n = next
		} else {
			return 0, false
		}
	}
	for ; by < 0; by++ {
		if n%10 != 0 {
			return 0, false
		}
		n /= 10
	}
	return n, true
}
