package assignment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/assignment"
	"hastaluego/internal/text"
)

var roles = []string{"agent", "finance"}

func may(user, _ string) bool { return strings.HasPrefix(user, "usr_") }

func TestARuleIsCheckedBeforeItGivesAnythingAway(t *testing.T) {
	t.Parallel()
	good := assignment.Rule{Role: "agent", If: `customer.segment == "studio" && case.subscriptions > 1`, People: []string{"usr_1"}}
	for field, change := range map[string]func(*assignment.Rule){
		"":               func(*assignment.Rule) {},
		"rules.1.role":   func(r *assignment.Rule) { r.Role = "engine" },
		"rules.1.people": func(r *assignment.Rule) { r.People = []string{"usr_1", "gone"} },
		"rules.1.if":     func(r *assignment.Rule) { r.If = "customer.segment ==\n  customer.nothing" },
	} {
		bad := good
		change(&bad)
		wrong := assignment.Rules{List: []assignment.Rule{good, bad}}.Check(roles, may)
		if (field == "") != (len(wrong) == 0) || field != "" && wrong[0].Field != field {
			t.Errorf("%s: %v", field, wrong)
		}
		if field == "rules.1.if" {
			if got := text.Error("es", wrong[0]); !strings.Contains(got, "2") || !strings.Contains(got, "customer.segment") {
				t.Errorf("it does not say where, or what is known: %s", got)
			}
		}
	}
	if wrong := (assignment.Rules{List: []assignment.Rule{{Role: "agent"}}}).Check(roles, may); len(wrong) != 1 || wrong[0].Code != "field.required" {
		t.Errorf("for nobody: %v", wrong)
	}
	if wrong := (assignment.Rules{List: slices.Repeat([]assignment.Rule{good}, assignment.Most+1)}).Check(roles, may); len(wrong) != 1 {
		t.Errorf("too many: %v", wrong)
	}
}

// Moving keeps every rule, and moving back undoes it.
func TestMovingARuleLosesNone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r assignment.Rules
		for i := range rapid.IntRange(0, 6).Draw(t, "rules") {
			r.List = append(r.List, assignment.Rule{ID: fmt.Sprint("rul_", i)})
		}
		id := fmt.Sprint("rul_", rapid.IntRange(0, 7).Draw(t, "which"))
		up := rapid.Bool().Draw(t, "up")
		at := func(r assignment.Rules) int {
			return slices.IndexFunc(r.List, func(x assignment.Rule) bool { return x.ID == id })
		}
		moved := r.Move(id, up)
		if len(moved.List) != len(r.List) {
			t.Fatalf("%d rules of %d", len(moved.List), len(r.List))
		}
		if at(moved) != at(r) && at(moved.Move(id, !up)) != at(r) {
			t.Fatalf("%s went from %d to %d", id, at(r), at(moved))
		}
		if got := moved.Drop(id); at(r) >= 0 && len(got.List) != len(r.List)-1 || at(got) >= 0 {
			t.Fatalf("%s is still there", id)
		}
	})
}
