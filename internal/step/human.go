package step

import "hastaluego/internal/playbook"

// confirm waits for the proof of identity; offboarding.Plan.Confirm does it.
type confirm struct{}

func (confirm) Spec() playbook.KindSpec {
	return playbook.KindSpec{Name: "confirm", Proves: true, About: "The customer proves who they are; over when identity is proved."}
}
func (confirm) Jobs(Subject) []Job { return nil }

// task is work of a person with a checklist and evidence.
type task struct{}

func (task) Spec() playbook.KindSpec {
	return playbook.KindSpec{Name: "task", Human: true, About: "A person works through a checklist and writes the evidence."}
}
func (task) Jobs(Subject) []Job { return nil }

// approve is the decision of a second person about the steps before it.
type approve struct{}

func (approve) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "approve", Human: true, Approves: true,
		About: "A second person decides about the steps before it; whoever had a hand in what led to them cannot. Whoever approves does not do the step after it.",
		Params: []playbook.ParamSpec{{
			Name: "one_person", Enum: []string{"client", "time"},
			About: "Who looks where one person works: the customer on their private page (by default), or a time that is waited for.",
		}},
	}
}
func (approve) Jobs(Subject) []Job { return nil }

// eraseData is the erasure of what the company holds, done by people, item by
// item, with evidence.
type eraseData struct{}

func (eraseData) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "erase_data", Human: true, Effect: true, TellUndo: true, Erases: true,
		About:  "People erase what is held, item by item, with evidence. Final; after the retrieval window and an approval, unless the person asked for it.",
		Params: []playbook.ParamSpec{{Name: "on", Enum: []string{"end_of_retrieval", "person_request"}, About: "Why it is erased; by default because the window is over."}},
	}
}
func (eraseData) Jobs(Subject) []Job { return nil }

// wait lets time go by until a date, or until an event comes or its time-out
// is over: a timer, not a person.
type wait struct{}

// Events that a wait may wait for.
const (
	Downloaded = "downloaded" // the customer fetched their data
	Paid       = "paid"       // nothing is owed any more
)

func (wait) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name:  "wait",
		About: "Time goes by until a date; or until an event, or the time-out, whichever comes first.",
		Params: []playbook.ParamSpec{{
			Name: "until", Required: true, Enum: []string{"effective", "end_of_retrieval", Downloaded, Paid}, Event: []string{Downloaded, Paid},
			About: "What is waited for; events need timeout and else.",
		}},
	}
}

func (wait) Jobs(s Subject) []Job {
	j := Job{Item: s.Step.Params["until"], System: "house"}
	switch j.Item {
	case "effective":
		j.RunAt = s.EffectiveAt
	case "end_of_retrieval":
		j.RunAt = s.RetrievalAt
	default:
		j.RunAt = s.Now.AddDate(0, 0, s.Step.Spec.Timeout)
	}
	return []Job{j}
}

// farewell says goodbye: one letter, and the page that it links to.
type farewell struct{}

func (farewell) Spec() playbook.KindSpec {
	return playbook.KindSpec{Name: "farewell", Writes: true, About: "One letter of goodbye, and the page that it links to."}
}
func (farewell) Jobs(Subject) []Job { return []Job{{Item: "letter", System: "mail"}} }
func (farewell) Paper() string      { return "farewell" }
