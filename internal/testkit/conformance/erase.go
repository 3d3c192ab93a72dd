package conformance

import (
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// Keeper is a far system under test that erases what it holds of its customers.
type Keeper struct {
	// Connect connects it.
	Connect func(t *testing.T) connector.System
	// Expired connects it with a credential that it no longer accepts; nil: there is
	// no credential.
	Expired func(t *testing.T) connector.System
	// Erased is the name of a holding that is erased.
	Erased string
	// Blocked is the name of one that is blocked; empty: it cannot.
	Blocked string
	// Kept is the name of one that is kept; empty: it cannot.
	Kept string
	// Put has the customer hold so many things in a holding.
	Put func(t *testing.T, holding, owner string, n int)
	// One says that a holding is one record however much is in it.
	One bool
}

// RunErase runs the suite of systems that erase what they hold.
func RunErase(t *testing.T, k Keeper) {
	x := k.Connect(t).Eraser
	count := func(holding, owner string) connector.HeldCount {
		t.Helper()
		n, err := x.CountHeld(t.Context(), holding, owner)
		if err != nil {
			t.Fatalf("counting the %s of %q: %v", holding, owner, err)
		}
		return n
	}
	is := func(holding, owner string, used, blocked int) {
		t.Helper()
		if k.One {
			used = min(used, 1)
		}
		if n := count(holding, owner); n != (connector.HeldCount{Used: used, Blocked: blocked}) {
			t.Fatalf("of the %s of %s there are %+v, not %d and %d", holding, owner, n, used, blocked)
		}
	}
	erase := func(do func(in connector.EraseInput) (connector.Receipt, error), holding, owner string) {
		t.Helper()
		if _, err := do(connector.EraseInput{Holding: holding, Owner: owner, Key: "k1"}); err != nil {
			t.Fatalf("the %s of %s: %v", holding, owner, err)
		}
	}
	run := func(in connector.EraseInput) (connector.Receipt, error) { return x.EraseHeld(t.Context(), in) }
	destroy := func(in connector.EraseInput) (connector.Receipt, error) { return x.DestroyHeld(t.Context(), in) }

	k.Put(t, k.Erased, "ana", 7)
	k.Put(t, k.Erased, "ana2", 2)
	k.Put(t, k.Erased, "bea", 3)
	is(k.Erased, "ana", 7, 0)
	is(k.Erased, "nobody", 0, 0)
	erase(run, k.Erased, "nobody") // there is nothing to do
	erase(run, k.Erased, "ana")
	is(k.Erased, "ana", 0, 0)
	is(k.Erased, "ana2", 2, 0)
	is(k.Erased, "bea", 3, 0)
	erase(run, k.Erased, "ana") // the answer was lost: it is asked again
	is(k.Erased, "ana", 0, 0)

	if k.Blocked != "" {
		k.Put(t, k.Blocked, "ana", 5)
		k.Put(t, k.Blocked, "bea", 2)
		erase(run, k.Blocked, "ana")
		is(k.Blocked, "ana", 0, 5)
		is(k.Blocked, "bea", 2, 0)
		erase(run, k.Blocked, "ana")
		is(k.Blocked, "ana", 0, 5)
		erase(destroy, k.Blocked, "ana")
		is(k.Blocked, "ana", 0, 0)
		is(k.Blocked, "bea", 2, 0)
		erase(destroy, k.Blocked, "ana")
	}
	if k.Kept != "" {
		k.Put(t, k.Kept, "ana", 4)
		k.Put(t, k.Kept, "bea", 2)
		if _, err := run(connector.EraseInput{Holding: k.Kept, Owner: "ana"}); fault.CodeOf(err) != "connector.cannot" {
			t.Fatalf("what is kept is erased: %v", err)
		}
		is(k.Kept, "ana", 4, 0)
		erase(destroy, k.Kept, "ana")
		is(k.Kept, "ana", 0, 0)
		is(k.Kept, "bea", 2, 0)
	}
	for _, owner := range []string{"", "..", ".", "../bea", "ana/../bea", "ana\x00"} {
		if _, err := x.CountHeld(t.Context(), k.Erased, owner); owner != ".." && owner != "." && fault.CodeOf(err) != "connector.bad_reference" {
			if n := count(k.Erased, owner); n.Used != 0 {
				t.Errorf("%q holds %d", owner, n.Used)
			}
		}
		if _, err := run(connector.EraseInput{Holding: k.Erased, Owner: owner}); err != nil && fault.CodeOf(err) != "connector.bad_reference" {
			t.Errorf("%q: %v", owner, err)
		}
	}
	for _, owner := range []string{"*", "an", "an%", "ana' OR '1'='1"} {
		if n := count(k.Erased, owner); n.Used != 0 {
			t.Errorf("%q holds %d", owner, n.Used)
		}
		erase(run, k.Erased, owner)
	}
	is(k.Erased, "bea", 3, 0)
	is(k.Erased, "ana2", 2, 0)
	if _, err := x.CountHeld(t.Context(), "nothing", "ana"); fault.CodeOf(err) != "connector.unknown_holding" {
		t.Errorf("what is not declared: %v", err)
	}
	if k.Expired != nil {
		gone := k.Expired(t).Eraser
		if _, err := gone.CountHeld(t.Context(), k.Erased, "bea"); fault.CodeOf(err) != "connector.credential" {
			t.Errorf("counting with an expired credential: %v", err)
		}
		if _, err := gone.EraseHeld(t.Context(), connector.EraseInput{Holding: k.Erased, Owner: "bea"}); fault.CodeOf(err) != "connector.credential" {
			t.Errorf("erasing with an expired credential: %v", err)
		}
		is(k.Erased, "bea", 3, 0)
	}
}
