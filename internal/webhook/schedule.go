package webhook

import (
	"slices"
	"strings"
	"time"
)

// pauses between attempts, as the standard proposes them: the first attempt is
// made at once, the last about three days later.
var pauses = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Attempts is how often a message is sent before it is given up.
var Attempts = len(pauses) + 1

// maxAsked bounds how long a receiver may ask us to wait.
const maxAsked = 24 * time.Hour

// Pause is how long to wait after the failed-th attempt failed (1 is the first),
// at least as long as the receiver asked for; false: give it up. jitter between
// 0 and 1 makes it up to a tenth longer, so that what failed together does not
// come back together.
func Pause(failed int, asked time.Duration, jitter float64) (time.Duration, bool) {
	if failed < 1 || failed > len(pauses) {
		return 0, false
	}
	d := pauses[failed-1]
	d += time.Duration(float64(d) * min(max(jitter, 0), 1) / 10)
	return max(d, min(asked, maxAsked)), true
}

// Matches reports whether the pattern means the event type: the type itself,
// a noun with .* (case.*), or * for all.
func Matches(pattern, typ string) bool {
	if noun, ok := strings.CutSuffix(pattern, "*"); ok {
		return noun == "" || strings.HasSuffix(noun, ".") && strings.HasPrefix(typ, noun)
	}
	return pattern == typ
}

// Wanted reports whether any of the patterns means the type.
func Wanted(patterns []string, typ string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return Matches(p, typ) })
}
