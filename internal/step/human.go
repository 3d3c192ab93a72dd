package step

import "hastaluego/internal/playbook"

// confirm waits for the proof of identity; offboarding.Plan.Confirm does it.
type confirm struct{}

func (confirm) Spec() playbook.KindSpec { return playbook.KindSpec{Name: "confirm"} }
func (confirm) Jobs(Subject) []Job      { return nil }

// task is work of a person with a checklist and evidence.
type task struct{}

func (task) Spec() playbook.KindSpec { return playbook.KindSpec{Name: "task", Human: true} }
func (task) Jobs(Subject) []Job      { return nil }

// wait lets time go by until a date: a timer, not a person.
type wait struct{}

func (wait) Spec() playbook.KindSpec {
	return playbook.KindSpec{Name: "wait", Params: []playbook.ParamSpec{{Name: "until", Required: true, Enum: []string{"effective"}}}}
}

func (wait) Jobs(s Subject) []Job {
	return []Job{{Item: s.Step.Params["until"], System: "house", RunAt: s.EffectiveAt}}
}

// farewell says goodbye: one letter, and the page that it links to.
type farewell struct{}

func (farewell) Spec() playbook.KindSpec { return playbook.KindSpec{Name: "farewell"} }
func (farewell) Jobs(Subject) []Job      { return []Job{{Item: "letter", System: "mail"}} }
func (farewell) Paper() string           { return "farewell" }
