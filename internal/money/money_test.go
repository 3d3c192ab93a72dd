package money_test

import (
	"errors"
	"maps"
	"math"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/money"
)

// Whatever the weights, splitting never mints or loses a cent, and no part has
// another sign than the whole.
func TestSplitKeepsTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := money.Amount{Minor: rapid.Int64Range(-1<<53, 1<<53).Draw(t, "minor"), Currency: "EUR"}
		weights := rapid.SliceOfN(rapid.Uint64(), 1, 20).Draw(t, "weights")
		var sum int64
		for _, p := range a.Split(weights) {
			sum += p.Minor
			if p.Minor != 0 && (p.Minor < 0) != (a.Minor < 0) {
				t.Fatalf("%v has a part of %v", a, p)
			}
		}
		if sum != a.Minor {
			t.Fatalf("%d became %d", a.Minor, sum)
		}
	})
}

func TestDecimalsAreThoseOfISO4217AndTheWrittenOnesNoMore(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][2]int{
		"EUR": {2, 2}, "COP": {2, 0}, "IDR": {2, 0}, "CLP": {0, 0}, "JPY": {0, 0}, "KWD": {3, 3}, "IQD": {3, 0}, "CLF": {4, 4},
		"VES": {2, 2}, "VED": {2, 2}, "MRU": {2, 2}, "SLE": {2, 2}, "XCG": {2, 2}, "ZWG": {2, 2}, "UYW": {4, 4}, "MGA": {2, 0}, "ISK": {0, 0},
	} {
		has, err := money.Digits(code)
		written, err2 := money.Written(code)
		if err != nil || err2 != nil || has != want[0] || written != want[1] {
			t.Errorf("%s has %d decimals and is written with %d: %v %v", code, has, written, err, err2)
		}
	}
	if _, err := money.Written("ZZQ"); err == nil {
		t.Error("a currency that is none has decimals")
	}
}

// Whatever a country pays in is one that sums may have; and the table has as many
// with each number of decimals as ISO 4217, and nine that were withdrawn.
func TestEveryCurrencyOfACountryHasItsDecimals(t *testing.T) {
	t.Parallel()
	got := map[int]int{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if code := money.OfCountry(string(a) + string(b)); code != "" {
				if _, err := money.Digits(code); err != nil {
					t.Errorf("%c%c pays in %s: %v", a, b, code, err)
				}
			}
			for c := 'A'; c <= 'Z'; c++ {
				if n, err := money.Digits(string(a) + string(b) + string(c)); err == nil {
					got[n]++
				}
			}
		}
	}
	if want := map[int]int{0: 17, 2: 147, 3: 7, 4: 2}; !maps.Equal(got, want) {
		t.Errorf("currencies by decimals: %v, not %v", got, want)
	}
}

func TestACountryPaysInItsCurrency(t *testing.T) {
	t.Parallel()
	for country, want := range map[string]string{"ES": "EUR", "MX": "MXN", "CO": "COP", "GB": "GBP", "VE": "VES", "MR": "MRU", "": "", "XX": "", "España": ""} {
		if got := money.OfCountry(country); got != want {
			t.Errorf("%q pays in %q", country, got)
		}
	}
}

func TestParseAndDecimalAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]string{"EUR", "CLP", "KWD", "JPY", "MXN", "COP", "CLF"}).Draw(t, "currency")
		a := money.Amount{Minor: rapid.Int64().Draw(t, "minor"), Currency: code}
		digits, err := money.Digits(code)
		if err != nil {
			t.Fatal(err)
		}
		b, err := money.Parse(a.Decimal(digits), code)
		if err != nil || a != b {
			t.Fatalf("%v became %v: %v", a, b, err)
		}
	})
}

func TestWhatIsNoAmountIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "-", "1,50", "1e3", "1/2", "--1", "1.001", "0x10", "NaN"} {
		if a, err := money.Parse(s, "EUR"); err == nil {
			t.Errorf("%q is %v", s, a)
		}
	}
	if _, err := money.Parse("1", "XXQ"); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("an unknown currency: %v", err)
	}
	if _, err := money.Parse("99999999999999999999", "EUR"); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("too much: %v", err)
	}
	if _, err := (money.Amount{Minor: 1, Currency: "EUR"}).Add(money.Amount{Minor: 1, Currency: "USD"}); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("two currencies: %v", err)
	}
	if _, err := (money.Amount{Minor: math.MaxInt64, Currency: "EUR"}).Add(money.Amount{Minor: 1, Currency: "EUR"}); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("overflow: %v", err)
	}
}

func TestSharesRoundHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ minor, num, den, want int64 }{{115200, 105, 365, 33140}, {1, 1, 2, 1}, {-1, 1, 2, -1}, {1, 1, 3, 0}, {0, 5, 7, 0}} {
		got, err := (money.Amount{Minor: c.minor, Currency: "EUR"}).Share(c.num, c.den)
		if err != nil || got.Minor != c.want {
			t.Errorf("%d × %d ÷ %d = %v %v, want %d", c.minor, c.num, c.den, got, err, c.want)
		}
	}
}
