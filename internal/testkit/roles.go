package testkit

import (
	"net/http"
	"slices"
	"testing"
)

// RouteLine says of one route of a mux who may use it, and tries it.
type RouteLine struct {
	Pattern string
	// May reports whether the role may; "" is somebody who is not signed in.
	May func(role string) bool
	// Try asks as the role and returns the status. An answer that sends somebody
	// to sign in counts as 401.
	Try func(role string) int
}

// EveryRole tries every route as nobody and as every role. A route without a
// line fails, and so does a line without a route. Whoever may not is refused
// (401 for nobody, 403 for a role); whoever may is not, and meets no failure
// of ours. Those who may not try first, so that a refusal never comes from
// what others have changed.
func EveryRole(t *testing.T, patterns, roles []string, lines []RouteLine) {
	t.Helper()
	for _, p := range patterns {
		if !slices.ContainsFunc(lines, func(l RouteLine) bool { return l.Pattern == p }) {
			t.Errorf("%s has no line that says who may use it", p)
		}
	}
	for _, l := range lines {
		if !slices.Contains(patterns, l.Pattern) {
			t.Errorf("%s has a line and is no route", l.Pattern)
			continue
		}
		order := append([]string{""}, roles...)
		slices.SortStableFunc(order, func(a, b string) int {
			switch ma, mb := l.May(a), l.May(b); {
			case ma == mb:
				return 0
			case mb:
				return -1
			default:
				return 1
			}
		})
		for _, role := range order {
			check(t, l, role)
		}
	}
}

func check(t *testing.T, l RouteLine, role string) {
	t.Helper()
	status, may := l.Try(role), l.May(role)
	refused := http.StatusForbidden
	if role == "" {
		role, refused = "nobody", http.StatusUnauthorized
	}
	switch {
	case !may && status != refused:
		t.Errorf("%s as %s: %d, must be refused with %d", l.Pattern, role, status, refused)
	case may && (status == http.StatusForbidden || status == http.StatusUnauthorized || status >= 500):
		t.Errorf("%s as %s: %d, must be let in", l.Pattern, role, status)
	}
}
