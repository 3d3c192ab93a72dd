package step

import "hastaluego/internal/playbook"

// Eraser is a kind whose job erases our own record of the customer: app does
// it, and looks whether anything is left.
type Eraser interface {
	Kind
	ErasesRecord()
}

// eraseRecord erases what this program holds about the customer and makes
// their certificate.
type eraseRecord struct{}

func (eraseRecord) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "erase_record", Verifies: true, Effect: true, TellUndo: true, Erases: true, Forgets: true,
		About: "Erases our own record of the customer: their key is destroyed, rows are deleted or blanked, what the law keeps stays with its reason and end, and the customer gets a certificate. Final; after the retrieval window and an approval, unless the person asked for it.",
		Params: []playbook.ParamSpec{
			{Name: "keep_years", Required: true, Form: `^[0-9]{1,2}$`, Example: "6", About: "Calendar years after the year of the end for which invoices stay."},
			{Name: "keep_why_es", Required: true, About: "The law that keeps them, told in the certificate in Spanish."},
			{Name: "keep_why_en", Required: true, About: "The same in English."},
			{Name: "keep_why_de", About: "The same in German, for customers who are spoken to in it."},
			{Name: "keep_why_fr", About: "The same in French, for customers who are spoken to in it."},
			{Name: "backup_days", Required: true, Form: `^[0-9]{1,3}$`, Example: "30", About: "Days until the last backup with the data expires."},
			{Name: "on", Enum: []string{"end_of_retrieval", "person_request"}, About: "Why it is erased; by default because the window is over."},
		},
	}
}
func (eraseRecord) Jobs(Subject) []Job { return []Job{{Item: "record", System: "house"}} }
func (eraseRecord) ErasesRecord()      {}
