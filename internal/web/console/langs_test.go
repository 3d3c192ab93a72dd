package console_test

import "testing"

// Whoever made a mistake in a form may still change the language: the switch
// leads to the page that the form stands on.
func TestAPageWithAMistakeKeepsItsLanguageSwitch(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	c := "/console/cases/" + string(h.departure("Clínica Lavanda", "FE-19330"))
	h.as("ines").post(c+"/reasons", []string{"reason.kind", "stated", "reason.code", ""}).is(422).has(`href="` + c + `?lang=en"`)
}
