package httpcall

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tooFast are the reasons by which Google says in a 403 that it was asked too often.
var tooFast = []string{"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded"}

// longest is how long an allowance that is used up is waited for at most.
const longest = 24 * time.Hour

// Throttled reports whether a refusal is none of what was asked for: it says when to
// come back, or that we asked too often. Several systems say so with 403, as they do
// with a right that is missing: GitHub by Retry-After, by an allowance that is used up
// or in words alone, Google by a reason.
func (a *Answer) Throttled() bool {
	switch {
	case a.Status == http.StatusTooManyRequests:
		return true
	case a.Status < 400 || a.Status >= 500 || a.Status == http.StatusConflict:
		return false
	case a.Named:
		return true
	case a.Status != http.StatusForbidden:
		return false
	}
	return a.usedUp() || slices.Contains(tooFast, a.Scalar("error.errors.0.reason")) || strings.Contains(strings.ToLower(a.Scalar("message")), "rate limit")
}

// usedUp reports whether an allowance is told, and nothing of it is left.
func (a *Answer) usedUp() bool { return a.Header.Get("X-Ratelimit-Remaining") == "0" }

// wait is how long a far system that we ask too often wants to be left alone, by its
// own clock; zero where it does not say.
func (a *Answer) wait() time.Duration {
	if a.Named || !a.usedUp() {
		return a.RetryAfter
	}
	reset, err := strconv.ParseInt(a.Header.Get("X-Ratelimit-Reset"), 10, 64)
	date, undated := http.ParseTime(a.Header.Get("Date"))
	if err != nil || undated != nil {
		return 0
	}
	return min(max(time.Unix(reset, 0).Sub(date), 0), longest)
}
