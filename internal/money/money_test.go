package money_test

import (
	"errors"
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
		weights := rapid.SliceOfN(rapid.Uint32(), 1, 20).Draw(t, "weights")
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

func TestParseAndDecimalAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]string{"EUR", "CLP", "KWD", "JPY", "MXN"}).Draw(t, "currency")
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
