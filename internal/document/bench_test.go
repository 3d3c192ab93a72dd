package document_test

import (
	"testing"

	"hastaluego/internal/document"
)

// A receipt goes out with every departure.
func BenchmarkReceiptPDF(b *testing.B) {
	l := document.Receipt(receiptFacts(b, "es"))
	for b.Loop() {
		if _, err := document.PDF(l); err != nil {
			b.Fatal(err)
		}
	}
}
