package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/audit"
)

// Entries that nobody sequences are no forgery: whoever verifies is told what
// to do.
func TestEntriesThatWaitForAServerAreToldWithWhatToDo(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	tellReport(&b, audit.Report{
		Pending: 3, Oldest: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC), Found: 1,
		Findings: []audit.Finding{{What: audit.PendingOld, Index: -1, Count: 3}},
	}, audit.Head{}, nil, 0)
	for _, words := range []string{"pending_old count=3", "3 entries have waited since 2026-11-20T09:30:00Z", "hasta serve"} {
		if !strings.Contains(b.String(), words) {
			t.Errorf("nobody says %q:\n%s", words, b.String())
		}
	}
	if strings.Contains(b.String(), "nothing differs") {
		t.Error("it is said to be well")
	}
	b.Reset()
	tellReport(&b, audit.Report{}, audit.Head{}, nil, 0)
	if strings.Contains(b.String(), "hasta serve") || !strings.Contains(b.String(), "nothing differs") {
		t.Errorf("of a log that is well: %s", b.String())
	}
}
