package declaration

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of a call, and what they are when a declaration does not say.
const (
	DefaultTimeout = 10 * time.Second
	MaxTimeout     = 2 * time.Minute
	DefaultLimit   = int64(1 << 20) // bytes of an answer
	MaxLimit       = int64(16 << 20)
)

// CheckTimeout finds what is wrong with how long a call may take.
func CheckTimeout(d time.Duration) []Problem {
	if d < 0 || d > MaxTimeout {
		return []Problem{{At: Path("timeout"), Code: "system.range", Args: []any{"min", "1ms", "max", MaxTimeout.String()}}}
	}
	return nil
}

// CheckLimit finds what is wrong with how large an answer may be.
func CheckLimit(n int64) []Problem {
	if n < 0 || n > MaxLimit {
		return []Problem{{At: Path("limit"), Code: "system.range", Args: []any{"min", "1B", "max", "16MiB"}}}
	}
	return nil
}

// MaxRate is how many calls a second may be declared: more is no limit.
const MaxRate = 1000

// CheckRate finds what is wrong with how many calls a second there may be.
func CheckRate(n float64) []Problem {
	if n < 0 || n > MaxRate {
		return []Problem{{At: Path("rate"), Code: "system.range", Args: []any{"min", "1/h", "max", "1000/s"}}}
	}
	return nil
}

// Pace keeps calls to so many a second, evenly; nil for zero: as fast as it
// answers. It is one process's own: several nodes share what a far system allows.
func Pace(perSecond float64) *rate.Limiter {
	if perSecond == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), 1)
}

// SystemName is how systems and their actions may be called.
var SystemName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// Works of the house, the outgoing mail, and what is pushed share the name space of
// systems.
var reservedNames = []string{"house", "mail", "pushed"}

// CheckName finds what is wrong with the name of a system.
func CheckName(name string) []Problem {
	if !SystemName.MatchString(name) || slices.Contains(reservedNames, name) {
		return []Problem{{Code: "system.name", Args: []any{"name", name}}}
	}
	return nil
}

// WrongURL returns the code of what is wrong with the base address of a system
// that speaks HTTP, or "". Without TLS only named networks may be called.
func WrongURL(raw string, allow []netip.Prefix) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "system.base_url"
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "":
		return "system.base_url_extra"
	case u.Scheme == "http" && len(allow) == 0:
		return "system.plain_http"
	}
	return ""
}

// CheckRef returns the code of what is wrong with the reference to a secret, or
// "": the secret itself is never written there.
func CheckRef(ref string) string {
	if !IsRef(ref) {
		return "system.secret_inline"
	}
	return ""
}
