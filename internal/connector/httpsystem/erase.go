package httpsystem

import (
	"context"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// Holding is an entry of the data map: a record of each customer, which calls
// erase or empty. How it is done, and what reading shows then, is said as for an
// action.
type Holding struct {
	connector.Holding

	Action Action
}

// HowErased are the keys of a holding that say how it is done.
var howErased = []string{"find", "call", "read", "expect"}

func (r reading) holdings(path []string) (all []Holding) {
	for _, name := range r.Names(path) {
		where := below(path, name)
		m := r.Keys(where, slices.Concat(declaration.HoldingKeys, howErased)...)
		all = append(all, Holding{r.Held(m, where, name), r.acted(m, where)})
	}
	return all
}

func (h Holding) check(k *checker) {
	where := at("erase", h.Name)
	k.found = append(k.found, declaration.CheckHolding(h.Holding, where, connector.Erase, connector.Anonymise)...)
	find := below(where, "find")
	k.acting(h.Action.Find, find, h.Action.Call, below(where, "call"), k.scope(maybe))
	k.reading(h.Action.Find, find, h.Action.Read, below(where, "read"), k.scope(maybe))
	h.Action.Expect.check(k, below(where, "expect"))
}

// eraser is a system that declares what it holds.
type eraser struct{ *System }

var _ connector.Eraser = eraser{}

// Holdings are the declared entries, in their order.
func (x eraser) Holdings() []connector.Holding {
	out := make([]connector.Holding, len(x.cfg.Erase))
	for i, h := range x.cfg.Erase {
		out[i] = h.Holding
	}
	return out
}

func (x eraser) holding(op, name, owner string) (h Holding, err error) {
	i := slices.IndexFunc(x.cfg.Erase, func(h Holding) bool { return h.Name == name })
	if i < 0 {
		return h, fault.New(fault.Blocked, "connector.unknown_holding", "system", x.cfg.System, "holding", name).At(op, nil)
	}
	if _, ok := declaration.Owned(declaration.OwnerSlot, owner); !ok {
		return h, x.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	return x.cfg.Erase[i], nil
}

// CountHeld is one while reading does not show what is left when it is done. A
// record that is not there is none, whatever should be left.
func (x eraser) CountHeld(ctx context.Context, holding, owner string) (n connector.HeldCount, err error) {
	const op = "httpsystem.CountHeld"
	h, err := x.holding(op, holding, owner)
	if err != nil {
		return n, err
	}
	st, err := x.readAction(ctx, op, h.Action, owner)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return n, nil
	case err == nil && !st.Holds:
		n.Used = 1
	}
	return n, err
}

// EraseHeld makes the declared calls.
func (x eraser) EraseHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	const op = "httpsystem.EraseHeld"
	h, err := x.holding(op, in.Holding, in.Owner)
	if err != nil {
		return connector.Receipt{}, err
	}
	if n, err := x.CountHeld(ctx, in.Holding, in.Owner); err != nil || n.Used == 0 {
		return connector.Receipt{}, err
	}
	return x.run(ctx, op, h.Action, h.Action.Call, in.Owner, in.Key, func(st connector.ActionState) bool { return st.Holds })
}

// DestroyHeld has nothing to destroy: nothing is blocked or kept by calls.
func (x eraser) DestroyHeld(_ context.Context, in connector.EraseInput) (connector.Receipt, error) {
	return connector.Receipt{}, fault.New(fault.Blocked, "connector.cannot", "system", x.cfg.System, "can", in.Holding).At("httpsystem.DestroyHeld", nil)
}
