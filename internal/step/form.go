package step

import (
	"hastaluego/internal/form"
	"hastaluego/internal/playbook"
)

// Former is a human kind that is done by filling in a form; the form takes the
// place of the note.
type Former interface {
	Kind
	// Form is the form of a step with these parameters, nil if there is none.
	Form(params map[string]string) *form.Form
}

// evaluate is one of the three evaluations of a relationship. What the author
// of the first one believes is fixed when it is done, which is before anybody
// talks.
type evaluate struct{}

func (evaluate) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "evaluate", Human: true,
		About: "A person evaluates the relationship with a guided form; what was answered cannot be changed when it is done.",
		Params: []playbook.ParamSpec{{
			Name: "form", Required: true, Enum: []string{"first_evaluation", "second_evaluation", "third_evaluation"},
			About: "Which evaluation: at notice, after talking, or after closing.",
		}},
	}
}
func (evaluate) Jobs(Subject) []Job                       { return nil }
func (evaluate) Form(params map[string]string) *form.Form { return form.Builtin()[params["form"]] }

// meeting is a conversation that listens: invited, held or declined, with the
// customer's own words.
type meeting struct{}

func (meeting) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "meeting", Human: true, Talks: true,
		About: "A conversation with the customer: an invitation, a guide that listens, their words, the outcome. They may decline.",
	}
}
func (meeting) Jobs(Subject) []Job                { return nil }
func (meeting) Form(map[string]string) *form.Form { return form.Builtin()["meeting"] }

// decide is what the company answers, on which grounds.
type decide struct{}

func (decide) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "decide", Human: true,
		About: "A person decides what is answered, with grounds. The departure goes on whatever is decided.",
	}
}
func (decide) Jobs(Subject) []Job                { return nil }
func (decide) Form(map[string]string) *form.Form { return form.Builtin()["decision"] }
