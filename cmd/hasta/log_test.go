package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/web"
	"hastaluego/internal/web/console"
	"hastaluego/internal/web/portal"
)

// Whatever route opens something by a token is one whose token no log tells.
func TestNoLogTellsTheTokenOfARoute(t *testing.T) {
	t.Parallel()
	const token = "Tok3n-that_opens"
	slot, n := regexp.MustCompile(`\{[^}]*\}`), 0
	for _, p := range append(portal.New(&web.Kit{}, nil).Patterns(), console.New(&web.Kit{}, console.Options{}).Patterns()...) {
		_, path, _ := strings.Cut(p, " ")
		if !strings.Contains(path, "{token}") {
			continue
		}
		n++
		if said := hush(slot.ReplaceAllString(strings.ReplaceAll(path, "{token}", token), "x")); strings.Contains(said, token) {
			t.Errorf("%s: the log says %s", p, said)
		}
	}
	if n < 10 {
		t.Errorf("only %d routes have a token", n)
	}
}

func TestTheLogNamesNobodyAndOpensNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mail := rapid.StringMatching(`[a-z0-9.+_-]{1,12}@[a-z0-9-]{1,10}\.(example|com)`).Draw(t, "mail")
		token := rapid.StringMatching(`[A-Za-z0-9_-]{20,40}`).Draw(t, "token")
		path := rapid.SampledFrom([]string{"/v/", "/c/", "/s/v1.", "/bye/", "/not-me/", "/console/once/"}).Draw(t, "path") + token
		said := rapid.SampledFrom([]string{"%s", "to <%s>", "%q", "refused: %s: 550", "x=%s,"}).Draw(t, "said")
		for _, format := range []string{"text", "json"} {
			var b bytes.Buffer
			log := newLog(&b, "debug", format)
			for _, secret := range []string{mail, path} {
				s := fmt.Sprintf(said, secret)
				log.Info(s, "a", s, "err", errors.New(s), slog.Group("g", "b", s), "c", []string{s}, "n", 7)
				log.With("w", s).WithGroup("h").Warn("x", "d", s)
			}
			if out := b.String(); strings.Contains(out, mail) || strings.Contains(out, token) || !strings.Contains(out, "7") {
				t.Fatalf("%s: %s", format, out)
			}
		}
	})
}
