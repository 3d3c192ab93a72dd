package step

import "hastaluego/internal/playbook"

// exportData makes the bundle of what the company holds about the customer and
// reads it back before it is called verified.
type exportData struct{}

func (exportData) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "export_data", Verifies: true, Exports: true,
		About: "Makes one file of what is held about the customer, with checksums, reads it back, and offers it on their page.",
	}
}
func (exportData) Jobs(Subject) []Job { return []Job{{Item: "bundle", System: "house"}} }
func (exportData) Makes()             {}
