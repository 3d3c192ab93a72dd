package playbook

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/rule"
)

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// longestDue bounds how many days a step may take.
const longestDue = 365

func (c *checker) check(f file, kinds []KindSpec) {
	if !regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`).MatchString(f.Playbook) {
		c.At("$.playbook", "playbook.name")
	}
	c.words("$.title", f.Title)
	c.condition("$.when", f.When, "playbook.never")
	if f.Retrieval != nil && (f.Retrieval.D < 0 || f.Retrieval.D > longestDue) {
		c.At("$.retrieval", "playbook.days", "max", longestDue)
	}
	if len(f.Steps) == 0 {
		c.At("$.steps", "playbook.no_steps")
	}
	seen := map[string]int{}
	for i, s := range f.Steps {
		at := fmt.Sprintf("$.steps[%d]", i)
		if !keyForm.MatchString(s.ID) {
			c.At(at+".id", "playbook.key", "key", s.ID)
		} else if first, ok := seen[s.ID]; ok {
			c.At(at+".id", "playbook.twice", "key", s.ID, "first", first+1)
		} else {
			seen[s.ID] = i
		}
		c.step(at, s, kinds)
	}
	for i, s := range f.Steps {
		for j, a := range s.After {
			if _, ok := seen[a]; !ok {
				c.At(fmt.Sprintf("$.steps[%d].after[%d]", i, j), "playbook.unknown_step", nearby([]any{"key", a}, a, slices.Sorted(maps.Keys(seen)))...)
			}
		}
	}
	if c.Err() != nil {
		return
	}
	if c.cycles(f); c.Err() == nil {
		c.order(f, kinds)
	}
}

// condition checks a CEL condition; one that holds for nobody makes what
// depends on it unreachable.
func (c *checker) condition(at, expr, never string) {
	if expr == "" {
		return
	}
	cond, err := Condition(expr)
	var problems rule.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			c.At(at, "playbook.condition", "what", p.What, "known", strings.Join(slices.Sorted(maps.Keys(Facts)), ", "))
		}
		return
	}
	if cond.Never() {
		c.At(at, never)
	}
}

func (c *checker) words(at string, title map[string]string) {
	for _, l := range Languages {
		if strings.TrimSpace(title[l]) == "" {
			c.At(at, "playbook.words", "lang", l)
		}
	}
	// An unquoted comma in {es: …, en: …} makes a stray key: words would be lost.
	for _, l := range slices.Sorted(maps.Keys(title)) {
		if known := append(slices.Clone(Languages), Spoken...); !slices.Contains(known, l) {
			c.At(at, "playbook.language", "lang", l, "known", strings.Join(known, ", "))
		}
	}
}

func (c *checker) step(at string, s stepFile, kinds []KindSpec) {
	c.words(at+".title", s.Title)
	if s.Milestone != "" && !slices.Contains(Milestones, s.Milestone) {
		c.At(at+".milestone", "playbook.milestone", "name", s.Milestone, "known", strings.Join(Milestones, ", "))
	}
	i := slices.IndexFunc(kinds, func(k KindSpec) bool { return k.Name == s.Kind })
	if i < 0 {
		var names []string
		for _, k := range kinds {
			names = append(names, k.Name)
		}
		slices.Sort(names)
		c.At(at+".kind", "playbook.unknown_kind", "kind", s.Kind, "known", strings.Join(names, ", "))
		return
	}
	k := kinds[i]
	c.params(at, s, k)
	c.condition(at+".if", s.If, "playbook.unreachable")
	if k.Proves && s.If != "" {
		c.At(at+".if", "playbook.proof_if", "key", s.ID)
	}
	c.undo(at, s, k)
	c.timeout(at, s, k)
	if k.Human {
		c.human(at, s)
		return
	}
	for _, x := range []struct {
		field string
		set   bool
	}{{"role", s.Role != ""}, {"due", s.Due != nil}, {"items", len(s.Items) > 0}, {"alert", s.Alert != nil}, {"escalate", s.Escalate != nil}} {
		if x.set {
			c.At(at+"."+x.field, "playbook.not_human", "field", x.field, "kind", s.Kind)
		}
	}
}

func (c *checker) params(at string, s stepFile, k KindSpec) {
	for _, p := range k.Params {
		v, ok := s.Params[p.Name]
		switch {
		case p.Required && v == "":
			c.At(at+".params", "playbook.param_missing", "name", p.Name, "kind", k.Name)
		case ok && len(p.Enum) > 0 && !slices.Contains(p.Enum, v):
			c.At(at+".params."+p.Name, "playbook.param_value", "name", p.Name, "value", v, "known", strings.Join(p.Enum, ", "))
		case ok && p.Form != "" && !regexp.MustCompile(p.Form).MatchString(v):
			c.At(at+".params."+p.Name, "playbook.param_value", "name", p.Name, "value", v, "known", p.Example)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Params)) {
		if !slices.ContainsFunc(k.Params, func(p ParamSpec) bool { return p.Name == name }) {
			var known []string
			for _, p := range k.Params {
				known = append(known, p.Name)
			}
			c.At(at+".params."+name, "playbook.param_unknown", nearby([]any{"name", name, "kind", k.Name}, name, known)...)
		}
	}
}

// nearby adds to what an error says which of the names that there are was likely meant.
func nearby(args []any, name string, known []string) []any {
	if near := fault.Near(name, known); near != "" {
		return append(args, "near", near)
	}
	return args
}

// due checks the date of a step of people. One that counts from the day the
// step became ready needs a day to do it in.
func (c *checker) due(at string, s stepFile) {
	if s.Due == nil {
		c.At(at+".due", "playbook.due", "max", longestDue)
		return
	}
	n, _, ok := s.Due.days()
	if !ok || n > longestDue || n < 0 || n < 1 && s.Due.From == "ready" || s.Due.From == "" {
		c.At(at+".due", "playbook.due", "max", longestDue)
	}
}

// undo checks what a step says about taking it back.
func (c *checker) undo(at string, s stepFile, k KindSpec) {
	switch {
	case s.Undo == nil && k.TellUndo:
		c.At(at, "playbook.undo_missing", "kind", k.Name)
	case s.Undo == nil:
	case !k.TellUndo:
		c.At(at+".undo", "playbook.undo_idle", "kind", k.Name)
	case !slices.Contains(undoClasses, s.Undo.Class):
		c.At(at+".undo", "playbook.undo", "known", strings.Join(undoClasses, ", "))
	case s.Undo.Class != final || len(s.Undo.Title) > 0:
		c.words(at+".undo.title", s.Undo.Title)
	}
}

var undoClasses = []string{"restorable", "reissuable", final}

// timeout checks that a wait for an event, which may never come, ends.
func (c *checker) timeout(at string, s stepFile, k KindSpec) {
	event := false
	for _, p := range k.Params {
		event = event || slices.Contains(p.Event, s.Params[p.Name])
	}
	switch {
	case event && (s.Timeout == nil || s.Timeout.D < 1 || s.Timeout.D > longestDue || s.Else != "continue" && s.Else != "ask"):
		c.At(at, "playbook.timeout", "max", longestDue)
	case !event && s.Timeout != nil:
		c.At(at+".timeout", "playbook.timeout_idle")
	case !event && s.Else != "":
		c.At(at+".else", "playbook.timeout_idle")
	}
}

// order checks what must come before what. The steps are known to have no
// cycle.
func (c *checker) order(f file, kinds []KindSpec) {
	spec := func(s stepFile) KindSpec {
		return kinds[slices.IndexFunc(kinds, func(k KindSpec) bool { return k.Name == s.Kind })]
	}
	turns := inOrder(f)
	ancestors, has := turns.before, turns.has
	for i, s := range f.Steps {
		at, k := fmt.Sprintf("$.steps[%d]", i), spec(s)
		if s.Due != nil && !slices.Contains(dueEvents, s.Due.From) && !ancestors(s.ID)[s.Due.From] {
			c.At(at+".due.from", "playbook.due_from", "from", s.Due.From, "known", strings.Join(dueEvents, ", "))
		}
		if (k.Effect || k.Writes) && !has(s.ID, func(b stepFile) bool { return spec(b).Proves }) {
			c.At(at, "playbook.before_proof", "key", s.ID)
		}
		if k.TellsUsers && has(s.ID, waits("effective")) {
			c.At(at, "playbook.users_late", "key", s.ID)
		}
		if k.Approves && len(s.After) == 0 {
			c.At(at, "playbook.approves_nothing", "key", s.ID)
		}
		if s.Kind == "wait" && s.Params["until"] == "end_of_retrieval" && (f.Retrieval == nil || !has(s.ID, waits("effective"))) {
			c.At(at, "playbook.retrieval", "key", s.ID)
		}
		// What the author believes is fixed before anybody talks, or it is no
		// hypothesis any more.
		if k.Talks {
			for _, e := range f.Steps {
				if e.Params["form"] == "first_evaluation" && !ancestors(s.ID)[e.ID] {
					c.At(at, "playbook.hypothesis_first", "key", s.ID, "evaluation", e.ID)
				}
			}
		}
		if s.Params["form"] == "second_evaluation" {
			for _, e := range f.Steps {
				if spec(e).Talks && !ancestors(s.ID)[e.ID] {
					c.At(at, "playbook.evaluation_early", "key", s.ID, "talk", e.ID)
				}
			}
		}
		if k.Leaves || s.Params[Whose] == Ours {
			c.leavesLast(at, s.ID, f, ancestors(s.ID), spec)
		}
		if k.Narrows && !slices.ContainsFunc(f.Steps, func(r stepFile) bool {
			return closesNarrowed(r, s) && ancestors(r.ID)[s.ID] && has(r.ID, waits("end_of_retrieval"))
		}) {
			c.At(at, "playbook.narrow_left", "key", s.ID)
		}
		if s.Params[Narrowed] == Leave && !has(s.ID, func(b stepFile) bool { return spec(b).Narrows }) {
			c.At(at+".params."+Narrowed, "playbook.leave_nothing", "key", s.ID)
		}
		if (k.Exports || k.Effect) && !k.Erases {
			for _, e := range f.Steps {
				if spec(e).Collects && ancestors(s.ID)[e.ID] {
					c.At(at, "playbook.hostage", "key", s.ID, "collect", e.ID)
				}
			}
		}
		// Nothing is asked before it has ended and goodbye was said.
		if k.Asks && (!has(s.ID, waits("effective")) || !has(s.ID, func(b stepFile) bool { return b.Kind == "farewell" })) {
			c.At(at, "playbook.ask_early", "key", s.ID)
		}
		if !k.Erases {
			continue
		}
		for _, e := range f.Steps {
			if spec(e).Exports && !ancestors(s.ID)[e.ID] {
				c.At(at, "playbook.export_after_erase", "key", s.ID, "export", e.ID)
			}
		}
		if k.Forgets {
			for _, e := range f.Steps {
				if spec(e).ErasesFar && !ancestors(s.ID)[e.ID] {
					c.At(at, "playbook.far_after_record", "key", s.ID, "far", e.ID)
				}
			}
		}
		// On the person's own request erasure is a right with its own clock.
		if s.Params["on"] == "person_request" {
			continue
		}
		if !has(s.ID, waits("end_of_retrieval")) {
			c.At(at, "playbook.erase_early", "key", s.ID)
		}
		if !has(s.ID, approves(kinds)) {
			c.At(at, "playbook.erase_unapproved", "key", s.ID)
		}
	}
}

// Narrowed is the parameter of a step that closes accesses by which it says what
// becomes of those that were left to read, and Leave the word for leaving them.
const (
	Narrowed = "narrowed"
	Leave    = "leave"
)

// closesNarrowed reports whether the step closes, whatever happens, what the other
// left to read.
func closesNarrowed(s, narrows stepFile) bool {
	at := s.Params["system"]
	return s.Kind == "revoke_access" && s.If == "" && s.Params[Whose] != Ours && s.Params[Narrowed] != Leave && (at == "" || at == narrows.Params["system"])
}

// Whose is the parameter of a step that closes accesses by which it says whose
// they are, and Ours the word for those that our own people hold at the client's
// systems.
const (
	Whose = "whose"
	Ours  = "ours"
)

// leavesLast checks that a step which takes our own access back comes after
// every handover.
func (c *checker) leavesLast(at, id string, f file, before map[string]bool, spec func(stepFile) KindSpec) {
	found := false
	for _, h := range f.Steps {
		if !spec(h).HandsOver {
			continue
		}
		if found = true; !before[h.ID] {
			c.At(at, "playbook.own_access_early", "key", id, "handover", h.ID)
		}
	}
	if !found {
		c.At(at, "playbook.own_access_alone", "key", id)
	}
}

// dueEvents are what a due date may count from, beside earlier steps.
var dueEvents = []string{"ready", "request", "effective", "end_of_retrieval"}

// human checks what only steps of people have. A step that nobody owns, or
// that is never due, could wait for ever.
func (c *checker) human(at string, s stepFile) {
	if !slices.Contains(Roles, s.Role) {
		c.At(at+".role", "playbook.role", "role", s.Role, "known", strings.Join(Roles, ", "))
	}
	c.due(at, s)
	switch {
	case s.Escalate == nil:
		c.At(at, "playbook.escalate", "max", longestDue)
	case s.Escalate.D < 0 || s.Escalate.D > longestDue || !slices.Contains(Roles, s.Escalate.To):
		c.At(at+".escalate", "playbook.escalate", "max", longestDue)
	}
	if s.Alert != nil && (s.Alert.D < 1 || s.Alert.D > longestDue) {
		c.At(at+".alert", "playbook.days", "max", longestDue)
	}
	seen := map[string]bool{}
	for j, it := range s.Items {
		item := fmt.Sprintf("%s.items[%d]", at, j)
		if !keyForm.MatchString(it.ID) || seen[it.ID] {
			c.At(item+".id", "playbook.key", "key", it.ID)
		}
		seen[it.ID] = true
		c.words(item+".title", it.Title)
	}
}

// cycles finds steps that wait for each other, and names them in order.
func (c *checker) cycles(f file) {
	index := map[string]int{}
	for i, s := range f.Steps {
		index[s.ID] = i
	}
	const (
		fresh = iota
		open
		over
	)
	state := make([]int, len(f.Steps))
	var path []string
	var visit func(i int) bool
	visit = func(i int) bool {
		s := f.Steps[i]
		switch state[i] {
		case over:
			return false
		case open:
			loop := append(slices.Clone(path[slices.Index(path, s.ID):]), s.ID)
			c.At(fmt.Sprintf("$.steps[%d].after", i), "playbook.cycle", "steps", strings.Join(loop, " → "))
			return true
		}
		state[i] = open
		path = append(path, s.ID)
		for _, a := range s.After {
			if visit(index[a]) {
				return true
			}
		}
		path = path[:len(path)-1]
		state[i] = over
		return false
	}
	for i := range f.Steps {
		if visit(i) {
			return
		}
	}
}
