package connector_test

import (
	"testing"

	"hastaluego/internal/connector"
)

func TestTheFirstRuleThatAFileMatchesHolds(t *testing.T) {
	t.Parallel()
	c := connector.Collection{Files: []connector.FileRule{
		{Match: "calls/mine.txt"}, {Match: "calls/", Out: true}, {Match: "*.CSV", Without: []string{"who"}}, {Match: "mail/*.eml", Out: true},
	}}
	for name, want := range map[string]int{
		"calls/mine.txt": 0, "calls/2026/a.txt": 1, "Calls/b.csv": 1, "reports/list.csv": 2, "LIST.csv": 2, "mail/a.eml": 3,
		"mail/old/a.eml": -1, "a.eml": -1, "callsheet.txt": -1, "": -1,
	} {
		got := c.Rule(name)
		if want < 0 && !got.Keep() || want >= 0 && got.Match != c.Files[want].Match {
			t.Errorf("%q: %+v", name, got)
		}
	}
}
