package portal

import "testing"

// Whatever a link says, some part of the list is shown, and no user is in two of them.
func TestThePartsOfALongListOfUsers(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]int{"": 0, "1": 0, "100": 0, "101": 100, "250": 200, "251": 0, "0": 0, "-5": 0, "x": 0, "99999999999999999999": 0} {
		if got := usersPart(from, 250); got != want {
			t.Errorf("from %q: %d, not %d", from, got, want)
		}
	}
	if got := usersPart("1", 0); got != 0 {
		t.Errorf("of nobody: %d", got)
	}
}
