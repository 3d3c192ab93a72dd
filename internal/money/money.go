// Package money holds amounts as integer minor units with their currency.
// There are no floats and no conversions: adding two currencies is an error.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

// Amount is a sum of money: Minor units (cents, or whole units where the
// currency has no decimals) of the ISO 4217 Currency.
type Amount struct {
	Minor    int64
	Currency string
}

// ErrCurrency is returned when two amounts of different currencies meet, or a
// currency code is unknown.
var ErrCurrency = errors.New("money: currencies differ or are unknown")

// ErrOverflow is returned when a sum does not fit.
var ErrOverflow = errors.New("money: amount too large")

// ErrSyntax is returned for a decimal that cannot be read.
var ErrSyntax = errors.New("money: not a decimal amount")

// decimals are the currencies of ISO 4217 by how many decimals they have, with those
// that were withdrawn since 2018, which records may name. The tables of CLDR say how
// people write a currency, which is less for some (COP, IDR), and know the new ones
// years later: what systems mean by a minor unit is this.
var decimals = func() map[string]int {
	out := map[string]int{}
	for n, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU " +
			"CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES " +
			"KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR " +
			"NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP " +
			"TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ANG BGN CUC HRK MRO SLL STD VEF ZWL",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	} {
		for _, code := range strings.Fields(codes) {
			out[code] = n
		}
	}
	return out
}()

// Digits returns how many decimals the currency has (2 for EUR, 0 for CLP, 3
// for KWD), by ISO 4217.
func Digits(code string) (int, error) {
	n, ok := decimals[strings.ToUpper(code)]
	if !ok {
		return 0, fmt.Errorf("%w: %q", ErrCurrency, code)
	}
	return n, nil
}

// Written returns how many decimals people write where there are no odd minor
// units: those of CLDR, as many as Digits or fewer.
func Written(code string) (int, error) {
	most, err := Digits(code)
	if err != nil {
		return 0, err
	}
	unit, err := currency.ParseISO(code)
	if err != nil { // too new for CLDR
		return most, nil
	}
	usual, _ := currency.Standard.Rounding(unit)
	return min(usual, most), nil
}

// changed are the countries that changed their currency since the tables of CLDR that
// we have.
var changed = map[string]string{"BG": "EUR", "CW": "XCG", "HR": "EUR", "MR": "MRU", "SL": "SLE", "ST": "STN", "SX": "XCG", "VE": "VES"}

// OfCountry is the currency that a country (ISO 3166-1, two letters) pays in;
// empty if that is not known.
func OfCountry(country string) string {
	r, err := language.ParseRegion(country)
	if err != nil {
		return ""
	}
	if code, ok := changed[r.String()]; ok {
		return code
	}
	u, ok := currency.FromRegion(r)
	if !ok {
		return ""
	}
	return u.String()
}

// Parse reads a plain decimal with a point ("29.85") as an amount of the
// currency. More decimals than the currency has are refused unless they are
// zeros.
func Parse(decimal, code string) (Amount, error) {
	decimals, err := Digits(code)
	if err != nil {
		return Amount{}, err
	}
	s := strings.TrimSpace(decimal)
	body := strings.TrimLeft(s, "+-")
	if len(s)-len(body) > 1 || body == "" || strings.Trim(body, "0123456789.") != "" {
		return Amount{}, fmt.Errorf("%w: %q", ErrSyntax, decimal)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return Amount{}, fmt.Errorf("%w: %q", ErrSyntax, decimal)
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)))
	if !r.IsInt() {
		return Amount{}, fmt.Errorf("%w: %q has more decimals than %s", ErrSyntax, decimal, code)
	}
	if !r.Num().IsInt64() {
		return Amount{}, ErrOverflow
	}
	return Amount{r.Num().Int64(), code}, nil
}

// ParseMinor reads a whole number of the smallest units ("2985") as an amount of
// the currency.
func ParseMinor(units, code string) (Amount, error) {
	if _, err := Digits(code); err != nil {
		return Amount{}, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(units), 10, 64)
	if err != nil {
		return Amount{}, fmt.Errorf("%w: %q", ErrSyntax, units)
	}
	return Amount{n, code}, nil
}

// IsZero reports whether nothing is owed either way.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Neg returns the amount with its sign turned.
func (a Amount) Neg() Amount { return Amount{-a.Minor, a.Currency} }

// Add returns a + b. It fails with ErrCurrency or ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%w: %s and %s", ErrCurrency, a.Currency, b.Currency)
	}
	s := a.Minor + b.Minor
	if (s > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{s, a.Currency}, nil
}

// Share returns a × num ÷ den, rounded half away from zero. den must be
// positive.
func (a Amount) Share(num, den int64) (Amount, error) {
	if den <= 0 {
		return Amount{}, fmt.Errorf("money: share of %d", den)
	}
	n := new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(num))
	twice := new(big.Int).Abs(n)
	twice.Lsh(twice, 1).Add(twice, big.NewInt(den)).Quo(twice, big.NewInt(2*den))
	if n.Sign() < 0 {
		twice.Neg(twice)
	}
	if !twice.IsInt64() {
		return Amount{}, ErrOverflow
	}
	return Amount{twice.Int64(), a.Currency}, nil
}

// Split divides the amount over the weights by largest remainder; the parts
// always add up to the whole. Ties go to the earlier part. Weights of zero get
// nothing; if all are zero the parts are equal.
func (a Amount) Split(weights []uint64) []Amount {
	if len(weights) == 0 {
		return nil
	}
	total := new(big.Int)
	for _, w := range weights {
		total.Add(total, new(big.Int).SetUint64(w))
	}
	if total.Sign() == 0 {
		weights = make([]uint64, len(weights))
		for i := range weights {
			weights[i] = 1
		}
		total.SetInt64(int64(len(weights)))
	}
	neg := a.Minor < 0
	whole := new(big.Int).Abs(big.NewInt(a.Minor))
	parts := make([]Amount, len(weights))
	rest := make([]*big.Int, len(weights))
	order := make([]int, len(weights))
	left := new(big.Int).Set(whole)
	quo := make([]*big.Int, len(weights))
	for i, w := range weights {
		order[i] = i
		quo[i], rest[i] = new(big.Int).QuoRem(new(big.Int).Mul(whole, new(big.Int).SetUint64(w)), total, new(big.Int))
		left.Sub(left, quo[i])
	}
	sort.SliceStable(order, func(x, y int) bool { return rest[order[x]].Cmp(rest[order[y]]) > 0 })
	for i := int64(0); i < left.Int64(); i++ {
		quo[order[i]].Add(quo[order[i]], big.NewInt(1))
	}
	for i, q := range quo {
		if neg {
			q.Neg(q)
		}
		parts[i] = Amount{q.Int64(), a.Currency}
	}
	return parts
}

// String is for logs: "306.68 EUR". Words for people are text.Money.
func (a Amount) String() string {
	digits, err := Digits(a.Currency)
	if err != nil {
		return fmt.Sprintf("%d %s", a.Minor, a.Currency)
	}
	return a.Decimal(digits) + " " + a.Currency
}

// Decimal writes the minor units with the given number of decimals and a
// point.
func (a Amount) Decimal(digits int) string {
	sign, u := "", uint64(a.Minor)
	if a.Minor < 0 {
		sign, u = "-", uint64(-(a.Minor+1))+1
	}
	s := fmt.Sprintf("%0*d", digits+1, u)
	if digits == 0 {
		return sign + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

// Max is the largest sum that can be held.
const Max = math.MaxInt64
