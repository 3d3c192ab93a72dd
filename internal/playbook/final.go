package playbook

import (
	"maps"
	"slices"

	"hastaluego/internal/source"
)

// finality checks that what no system can take back comes late enough. A way in
// that is lost for good may be lost once the departure has taken effect, or
// earlier if somebody approved: until then the departure may be undone. Data that
// is lost for good waits, as every erasure does, for the retrieval window to be
// over and for an approval.
type finality struct {
	c     *source.File
	kinds []KindSpec
	on    Connected
	turns *turns
}

// closing checks a step that closes accesses, or leaves them to read, at the system
// that it names or, where it names none, at every one that can. Those that our own
// people hold come after every handover, as Load checks.
func (f finality) closing(at string, s stepFile, k KindSpec) {
	closes := s.Kind == "revoke_access"
	if !closes && !k.Narrows || s.Params[Whose] == Ours || f.ended(s.ID) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(f.on)) {
		sys := f.on[name]
		class, code := sys.Narrowing, "playbook.final_narrowing"
		if closes {
			class, code = sys.Closing, "playbook.final_closing"
		}
		if only := s.Params["system"]; only != "" && only != name || class != final || !slices.Contains(sys.Can, k.Needs) {
			continue
		}
		f.c.At(at, code, "key", s.ID, "system", name)
	}
}

// acting checks a step that runs an action of a system.
func (f finality) acting(at string, s stepFile) {
	name, action := s.Params["system"], s.Params["action"]
	undo := f.on[name].Undo[action]
	switch {
	case undo.Class != final:
	case undo.Loses == losesAccess:
		if !f.ended(s.ID) {
			f.c.At(at, "playbook.final_access", "key", s.ID, "action", action, "system", name)
		}
	default:
		if !f.turns.has(s.ID, waits("end_of_retrieval")) {
			f.c.At(at, "playbook.final_early", "key", s.ID, "action", action, "system", name)
		}
		if !f.approved(s.ID) {
			f.c.At(at, "playbook.final_unapproved", "key", s.ID, "action", action, "system", name)
		}
	}
}

// sending checks a step that gives money back: what was sent is the customer's.
func (f finality) sending(at string, s stepFile) {
	if s.Kind == "refund" && !f.approved(s.ID) {
		f.c.At(at, "playbook.refund_unapproved", "key", s.ID)
	}
}

// ended reports whether the departure has taken effect when the step begins, or
// somebody has approved it.
func (f finality) ended(id string) bool {
	return f.turns.has(id, waits("effective")) || f.approved(id)
}

func (f finality) approved(id string) bool { return f.turns.has(id, approves(f.kinds)) }
