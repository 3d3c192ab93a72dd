package foldersystem

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// Holding is an entry of the data map: the folder of each customer.
type Holding struct {
	connector.Holding

	Below string // path below the root, with the slot {owner}
}

func readErase(e *declaration.Entry) (all []Holding) {
	where := declaration.Path("erase")
	for _, name := range e.Names(where) {
		at := declaration.Below(where, name)
		m := e.Keys(at, slices.Concat(declaration.HoldingKeys, []string{"path"})...)
		all = append(all, Holding{e.Held(m, at, name), e.Word(m, at, "path")})
	}
	return all
}

// Holdings are the declared folders, in their order.
func (s *System) Holdings() []connector.Holding {
	out := make([]connector.Holding, len(s.cfg.Erase))
	for i, h := range s.cfg.Erase {
		out[i] = h.Holding
	}
	return out
}

// holding is an entry of the data map and the path of what is the owner's there.
func (s *System) holding(op, name, owner string) (h Holding, below string, err error) {
	i := slices.IndexFunc(s.cfg.Erase, func(h Holding) bool { return h.Name == name })
	if i < 0 {
		return h, "", fault.New(fault.Blocked, "connector.unknown_holding", "system", s.cfg.System, "holding", name).At(op, nil)
	}
	h = s.cfg.Erase[i]
	below, ok := declaration.Owned(h.Below, owner)
	if !ok {
		return h, "", s.say(fault.Invalid, "connector.bad_reference").At(op, nil)
	}
	return h, below, nil
}

// CountHeld counts what lies in the folder of the owner, at every depth: whatever
// is no folder, and at least one while the folder is there, since its name says
// whose it is.
func (s *System) CountHeld(ctx context.Context, holding, owner string) (n connector.HeldCount, err error) {
	const op = "foldersystem.CountHeld"
	_, below, err := s.holding(op, holding, owner)
	if err != nil {
		return n, err
	}
	root, err := s.into(op, below)
	if root == nil || err != nil {
		return n, err
	}
	defer func() { _ = root.Close() }()
	l := &listing{ctx: ctx, root: root, file: func(connector.HeldFile) error { n.Used++; return nil }}
	if err := l.folder(""); err != nil {
		return n, s.fault(op, err)
	}
	n.Used = max(n.Used, 1)
	return n, nil
}

// EraseHeld removes the folder of the owner. A link in it is removed, and nothing
// that it leads to.
func (s *System) EraseHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	const op = "foldersystem.EraseHeld"
	h, below, err := s.holding(op, in.Holding, in.Owner)
	if err == nil && h.After == connector.Keep {
		err = fault.New(fault.Blocked, "connector.cannot", "system", s.cfg.System, "can", in.Holding).At(op, nil)
	}
	if err != nil {
		return connector.Receipt{}, err
	}
	return s.remove(ctx, op, in, below)
}

// DestroyHeld removes what was kept.
func (s *System) DestroyHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	const op = "foldersystem.DestroyHeld"
	_, below, err := s.holding(op, in.Holding, in.Owner)
	if err != nil {
		return connector.Receipt{}, err
	}
	return s.remove(ctx, op, in, below)
}

func (s *System) remove(ctx context.Context, op string, in connector.EraseInput, below string) (connector.Receipt, error) {
	n, err := s.CountHeld(ctx, in.Holding, in.Owner)
	if err != nil {
		return connector.Receipt{}, err
	}
	parent, name := path.Split(below)
	root, err := s.into(op, strings.TrimSuffix(parent, "/"))
	switch {
	case err != nil:
		return connector.Receipt{}, err
	case root != nil:
		defer func() { _ = root.Close() }()
		if err := root.RemoveAll(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return connector.Receipt{}, s.fault(op, err)
		}
	}
	raw, err := json.Marshal(map[string]int{"files": n.Used})
	return connector.Receipt{Answer: raw}, fault.Wrap(op, err)
}

// into opens a folder below the root, through no link; nil when there is none.
func (s *System) into(op, below string) (*os.Root, error) {
	at, err := s.root(op)
	if err != nil || below == "" {
		return at, err
	}
	for name := range strings.SplitSeq(below, "/") {
		next, err := step(at, name)
		_ = at.Close()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil
		case errors.Is(err, errLink):
			return nil, s.say(fault.Invalid, "connector.linked").At(op, nil)
		case err != nil:
			return nil, s.fault(op, err)
		}
		at = next
	}
	return at, nil
}
