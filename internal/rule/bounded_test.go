package rule_test

import (
	"errors"
	"slices"
	"testing"

	"hastaluego/internal/rule"
)

// What may cost too much is refused before anybody asks it, and what is not known
// is named.
func TestAConditionIsBoundedBeforeItIsAsked(t *testing.T) {
	t.Parallel()
	env, err := rule.NewPartialEnv(map[string]rule.Type{"tags": rule.TextsType, "name": rule.TextType, "n": rule.IntType}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for expr, good := range map[string]bool{
		"n > 3 && name == 'a'":                                 true,
		"'a' in tags || tags.exists(x, x.startsWith('b'))":     true,
		"tags.all(a, tags.all(b, tags.all(c, a + b == c)))":    false,
		"tags.exists(a, tags.exists(b, a.contains(b + name)))": false,
		"unknown == 1": false,
	} {
		_, err := env.Bounded(expr)
		var problems rule.Problems
		if good != (err == nil) || err != nil && !errors.As(err, &problems) {
			t.Errorf("%s: %v", expr, err)
		}
	}
	c, err := env.Bounded("n > 3 || 'a' in tags")
	if err != nil {
		t.Fatal(err)
	}
	known, err := env.Know(map[string]any{"n": int64(1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, missing, err := c.Holds(known); err != nil || !slices.Equal(missing, []string{"tags"}) {
		t.Errorf("missing %v: %v", missing, err)
	}
	if known, err = env.Know(map[string]any{"n": int64(9)}); err != nil {
		t.Fatal(err)
	}
	if holds, missing, err := c.Holds(known); err != nil || !holds || len(missing) > 0 {
		t.Errorf("holds %t, missing %v: %v", holds, missing, err)
	}
}
