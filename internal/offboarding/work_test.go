package offboarding_test

import (
	"slices"
	"testing"

	"hastaluego/internal/offboarding"
)

// Each key with which a work was called is known as long as the work is.
func TestAWorkKnowsEveryKeyThatItWasCalledWith(t *testing.T) {
	t.Parallel()
	w := offboarding.Work{Key: "step_1:bal_7", Attempt: 4}
	w.Renew()
	w.Attempt = 12
	w.Renew()
	if got, want := w.Keys(), []string{"step_1:bal_7:4:12", "step_1:bal_7:4", "step_1:bal_7"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}
