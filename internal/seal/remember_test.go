package seal_test

import (
	"path/filepath"
	"slices"
	"testing"

	"hastaluego/internal/seal"
)

func TestWhatIsRememberedHoldsUntilItIsForgotten(t *testing.T) {
	t.Parallel()
	k, err := seal.OpenKeys(t.Context(), filepath.Join(t.TempDir(), "keys"), "log.example")
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	want := func(class string, subjects ...string) {
		t.Helper()
		got, err := k.Remembered(t.Context(), class)
		if err != nil || !slices.Equal(got, subjects) {
			t.Errorf("%s: %v, wanted %v (%v)", class, got, subjects, err)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // again it changes nothing
		do(k.Remember(t.Context(), seal.Silence, "cus_b", "cus_a"))
		do(k.Remember(t.Context(), seal.Revoked, "case_a"))
	}
	want(seal.Silence, "cus_a", "cus_b")
	want(seal.Revoked, "case_a")
	for range 2 {
		do(k.Forget(t.Context(), seal.Silence, "cus_a", "cus_c"))
	}
	want(seal.Silence, "cus_b")
	do(k.Remember(t.Context(), seal.Silence, "cus_a"))
	want(seal.Silence, "cus_a", "cus_b")
	if err := k.Remember(t.Context(), seal.Account, "cus_a"); err == nil {
		t.Error("a key that seals something was made without being asked for")
	}
}
