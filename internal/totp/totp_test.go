package totp_test

import (
	"net/url"
	"testing"
	"time"

	"hastaluego/internal/totp"
)

// The vectors of RFC 6238, appendix B, for SHA-1, cut to six digits.
func TestTheCodesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp.Code(secret, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestACodeWorksOnceAndOnlyNow(t *testing.T) {
	t.Parallel()
	secret, now := totp.Secret(), time.Unix(1_790_000_015, 0)
	used, ok := totp.Check(secret, totp.Code(secret, now), now, 0)
	if !ok {
		t.Fatal("the code of now was refused")
	}
	if _, again := totp.Check(secret, totp.Code(secret, now), now, used); again {
		t.Error("the same code worked twice")
	}
	for _, d := range []time.Duration{-30 * time.Second, 30 * time.Second} {
		if _, ok := totp.Check(secret, totp.Code(secret, now.Add(d)), now, 0); !ok {
			t.Errorf("a clock off by %s was refused", d)
		}
	}
	for _, bad := range []string{"", "000", totp.Code(secret, now.Add(5*time.Minute)), totp.Code(totp.Secret(), now.Add(time.Hour))} {
		if _, ok := totp.Check(secret, bad, now, 0); ok {
			t.Errorf("%q was taken", bad)
		}
	}
	u, err := url.Parse(totp.URI("Hasta Luego", "inés", secret))
	if err != nil || u.Query().Get("secret") != totp.Text(secret) {
		t.Errorf("address %v: %v", u, err)
	}
}
