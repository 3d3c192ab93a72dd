package step

import "hastaluego/internal/playbook"

// settle tells the customer in one statement what is open between them and the
// company, out of the recorded balances.
type settle struct{}

func (settle) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "settle", Writes: true,
		About: "Sends one statement made of the recorded balances: what is owed, by whom, and the sum. Without any, nothing is sent.",
	}
}

func (settle) Jobs(s Subject) []Job {
	if len(s.Open()) == 0 {
		return nil
	}
	return []Job{{Item: "letter", System: "mail"}}
}
func (settle) Paper() string { return "statement" }
