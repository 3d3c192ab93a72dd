package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/seal"
	"hastaluego/internal/text"
)

// A paper that may have to prove something is signed by the house, in every
// language, the same each time it is fetched. What never happened is not.
func TestPapersAreSignedByTheHouse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	keys, err := seal.OpenKeys(t.Context(), dir, "faro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	p := papers{company: nobody.company, signer: keys.PaperSigner}
	for _, lang := range text.CustomerLangs() {
		for _, kind := range signedPapers {
			x := aPaper(kind, lang)
			x.Certificate = &app.Certificate{Code: x.Code}
			x.Act = &app.ActPaper{Act: handover.Act{Number: 1, MadeAt: x.Now, SHA256: strings.Repeat("0a", 32), AcceptedAt: x.Now.Add(time.Hour), AcceptedBy: "Ana Ruiz"}}
			x.Handover.List = []handover.Item{{Kind: "site", Name: "almena.example", State: handover.Given, GivenAt: x.Now, Words: handover.Words{How: "A su nombre", NewOwner: "Ana Ruiz"}}}
			pdf, err := p.PDF(x)
			if err != nil {
				t.Fatal(kind, lang, err)
			}
			if again, err := p.PDF(x); err != nil || !bytes.Equal(pdf, again) {
				t.Errorf("%s in %s is another paper the second time: %v", kind, lang, err)
			}
			file := filepath.Join(t.TempDir(), "paper.pdf")
			if err := os.WriteFile(file, pdf, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), "pdfsig", file).Output()
			if got := string(out); err != nil || !strings.Contains(got, "Signature is Valid") || !strings.Contains(got, "Total document signed") || !strings.Contains(got, "CN=hasta-luego/faro") {
				t.Errorf("%s in %s, as pdfsig (poppler-utils) sees it: %v\n%s", kind, lang, err, got)
			}
		}
	}
	sample, rehearsal, letter := aPaper("certificate", "es"), aPaper("certificate", "es"), aPaper("farewell", "es")
	sample.Sample, rehearsal.Case.Test = true, true
	for name, x := range map[string]app.Paper{"a sample": sample, "a rehearsal": rehearsal, "a letter": letter} {
		if pdf, err := p.PDF(x); err != nil || bytes.Contains(pdf, []byte("/ByteRange")) {
			t.Errorf("%s is signed: %v", name, err)
		}
	}
}
