package step

import "hastaluego/internal/playbook"

// settle tells the customer in one statement what is open between them and the
// company: what comes back, what is owed, and where each sum comes from.
type settle struct{}

func (settle) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "settle", Writes: true, Settles: true,
		About: "Makes the statement and sends it: unused time, open invoices, credits and what the law allows, with every sum explained. Whoever of finance finished a step before it has signed it; " +
			"where nobody has, and more than recorded sums is in it, finance is asked first. With nothing open, nothing is sent.",
	}
}

func (settle) Jobs(s Subject) []Job {
	if !s.Settled {
		return nil
	}
	return []Job{{Item: "letter", System: "mail"}}
}
func (settle) Paper() string { return "statement" }
