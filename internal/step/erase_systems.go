package step

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
)

// eraseSystems carries out the data map of the far systems: each holding of the
// customer is erased, anonymised or blocked there, and read back until none is in
// use; what the law keeps is counted and left.
type eraseSystems struct{ systems Systems }

func (eraseSystems) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "erase_systems", Verifies: true, Effect: true, TellUndo: true, Erases: true, ErasesFar: true, Needs: connector.CanErase,
		About: "Erases what the far systems hold of the customer, holding by holding as the data map in systems.yaml says: erased or anonymised, blocked until its years are over, or kept for a law; " +
			"counted before, and read back until none is left in use. Before our own record, which knows by which name they are called there.",
		Params: []playbook.ParamSpec{
			{Name: "system", About: "Name of a system in systems.yaml with a data map; without it, every one that has one, and where none has the step is not needed."},
			{Name: "on", Enum: []string{"end_of_retrieval", "person_request"}, About: "Why it is erased; by default because the window is over."},
		},
	}
}

func (k eraseSystems) Jobs(s Subject) (jobs []Job) {
	for _, name := range slices.Sorted(maps.Keys(k.systems)) {
		if only := s.Step.Params["system"]; k.systems[name].Eraser == nil || only != "" && only != name {
			continue
		}
		for _, h := range k.systems[name].Eraser.Holdings() {
			jobs = append(jobs, Job{Item: HoldingItem(name, h.Name), System: name})
		}
	}
	return jobs
}

// HoldingItem names a holding of a system in one word: "crm/contacts".
func HoldingItem(system, holding string) string { return system + "/" + holding }

// Holding finds what an item of HoldingItem names; false if the system no longer
// declares it.
func (find Systems) Holding(item string) (connector.Eraser, connector.Holding, bool) {
	system, name, _ := strings.Cut(item, "/")
	x := find[system].Eraser
	if x == nil {
		return nil, connector.Holding{}, false
	}
	all := x.Holdings()
	i := slices.IndexFunc(all, func(h connector.Holding) bool { return h.Name == name })
	if i < 0 {
		return nil, connector.Holding{}, false
	}
	return x, all[i], true
}

func (k eraseSystems) holding(s Subject) (connector.Eraser, connector.Holding, error) {
	x, h, ok := k.systems.Holding(s.Work.Item)
	if !ok {
		system, name, _ := strings.Cut(s.Work.Item, "/")
		return nil, h, fault.New(fault.Blocked, "connector.unknown_holding", "system", system, "holding", name)
	}
	return x, h, nil
}

// Info says that counting tells what a lost answer was, and that nothing comes
// back.
func (k eraseSystems) Info(s Subject) (connector.Info, error) {
	x, _, err := k.holding(s)
	if err != nil {
		return connector.Info{}, err
	}
	info := x.Info()
	info.Effect, info.Undo = connector.Verifiable, connector.Final
	return info, nil
}

// HeldSeen is what was counted of a holding, as evidence.
type HeldSeen struct {
	connector.HeldCount

	After connector.After `json:"after"`
}

func (k eraseSystems) look(ctx context.Context, s Subject) (HeldSeen, json.RawMessage, error) {
	x, h, err := k.holding(s)
	if err != nil {
		return HeldSeen{}, nil, err
	}
	n, err := x.CountHeld(ctx, h.Name, s.Owner)
	if err != nil {
		return HeldSeen{}, nil, err
	}
	seen := HeldSeen{n, h.After}
	raw, err := json.Marshal(seen)
	return seen, raw, fault.Wrap("step.erase_systems", err)
}

// over reports whether nothing more is to be done now.
func (h HeldSeen) over() bool { return h.Used == 0 || h.After == connector.Keep }

func (k eraseSystems) Observe(ctx context.Context, s Subject) (Findings, error) {
	seen, raw, err := k.look(ctx, s)
	return Findings{Found: seen.Used > 0, Ended: seen.over(), Evidence: raw}, err
}

func (k eraseSystems) Decide(s Subject, f Findings) (Decision, error) {
	_, h, err := k.holding(s)
	if err != nil || f.Ended {
		return Decision{Already: f.Ended}, err
	}
	system, _, _ := strings.Cut(s.Work.Item, "/")
	return Decision{Act: true, Action: Action{System: system, Verb: string(h.After), Name: h.Name, Reference: s.Owner}}, nil
}

func (k eraseSystems) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	sys, err := k.systems.system(a.System)
	if err == nil && sys.Eraser == nil {
		err = lacks(a.System, connector.CanErase)
	}
	if err != nil {
		return Outcome{}, err
	}
	r, err := sys.Eraser.EraseHeld(ctx, connector.EraseInput{Holding: a.Name, Owner: a.Reference, Key: key})
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

// Verify counts again: none is in use, unless a law keeps it.
func (k eraseSystems) Verify(ctx context.Context, s Subject) (Proof, error) {
	seen, raw, err := k.look(ctx, s)
	return Proof{Holds: seen.over(), Evidence: raw, Why: "connector.not_so"}, err
}

// Undo takes nothing back: what was erased does not come back.
func (eraseSystems) Undo(Subject, Findings) (Decision, error) { return Decision{Already: true}, nil }

// VerifyUndo has nothing to read back.
func (eraseSystems) VerifyUndo(context.Context, Subject) (Proof, error) {
	return Proof{Holds: true}, nil
}
