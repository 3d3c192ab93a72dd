package document_test

import (
	"strings"
	"testing"

	"hastaluego/internal/document"
	"hastaluego/internal/text"
)

// What was declared beyond the form of all places is confirmed with the rest,
// on the page, in the mail and in plain text, and never as markup.
func TestTheReceiptSaysTheKindTheGroundAndTheLine(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		f := receiptFacts(t, lang)
		f.Kind, f.Ground, f.Line = "for_cause", "Seit Wochen <b>gestört</b>", "0228 1"
		l := document.Receipt(f)
		html := document.HTML(l)
		for _, want := range []string{text.Say(lang, "document.what.kind.for_cause"), "gestört", "0228 1"} {
			if !strings.Contains(html, want) || !strings.Contains(document.MailHTML(l), want) || !strings.Contains(document.MailText(l), want) {
				t.Errorf("%s: it lacks %q", lang, want)
			}
		}
		if strings.Contains(html, "<b>gestört") {
			t.Error("what they typed is markup")
		}
	}
}
