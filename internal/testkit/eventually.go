package testkit

import (
	"testing"
	"time"
)

// Eventually waits until something is so, and fails when it is not within a minute. It
// looks often at first and then less: every look takes time from what is waited for.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	pause := 5 * time.Millisecond
	for waited := time.Duration(0); waited < time.Minute; waited += pause {
		if ok() {
			return
		}
		time.Sleep(pause)
		pause = min(pause*3/2, 100*time.Millisecond)
	}
	t.Fatalf("never happened: %s", what)
}
