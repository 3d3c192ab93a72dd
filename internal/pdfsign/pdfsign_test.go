package pdfsign_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"hastaluego/internal/fault"
	"hastaluego/internal/pdfsign"
	"hastaluego/internal/seal"
)

var signed = time.Date(2026, 11, 27, 9, 42, 17, 0, time.UTC)

// house is a signer of a fresh house.
func house(t *testing.T) pdfsign.Identity {
	t.Helper()
	k, err := seal.OpenKeys(t.Context(), filepath.Join(t.TempDir(), "keys"), "faro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	key, cert, err := k.PaperSigner()
	if err != nil {
		t.Fatal(err)
	}
	return pdfsign.Identity{Key: key, Certificate: cert}
}

// paper is one of two pages; linked: its first page has annotations of its own.
func paper(t *testing.T, linked bool) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	f.SetCreationDate(signed)
	f.SetModificationDate(signed)
	f.SetCatalogSort(true)
	for range 2 {
		f.AddPage()
		f.SetFont("Helvetica", "", 12)
		f.Text(20, 20, "Acta de entrega")
		if linked {
			f.LinkString(20, 20, 50, 10, "https://faro.example/")
		}
	}
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pdfsig asks the verifier of poppler-utils, which trusts nobody here.
func pdfsig(t *testing.T, pdf []byte) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "paper.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "pdfsig", file)
	cmd.Env = append(os.Environ(), "HOME="+dir) // where somebody may have certificates that they trust
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatalf("pdfsig (package poppler-utils): %v", err)
	}
	return string(out)
}

func TestTheVerifierOfOthersSaysThatASignatureIsValidAndCoversEverything(t *testing.T) {
	t.Parallel()
	who := house(t)
	for _, linked := range []bool{false, true} {
		pdf, err := pdfsign.Sign(paper(t, linked), who, pdfsign.Signature{Name: "Faro Reservas, S.L.", Reason: "Acta de entrega ñ 🌻", At: signed})
		if err != nil {
			t.Fatal(err)
		}
		got := pdfsig(t, pdf)
		for _, want := range []string{"Signature is Valid", "Total document signed", "hasta-luego/faro", "Nov 27 2026", "SHA-256", "ETSI.CAdES.detached"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
		again, err := pdfsign.Sign(paper(t, linked), who, pdfsign.Signature{Name: "Faro Reservas, S.L.", Reason: "Acta de entrega ñ 🌻", At: signed})
		if err != nil || !bytes.Equal(pdf, again) {
			t.Errorf("the same paper came out otherwise the second time: %v", err)
		}
		if at := bytes.Index(pdf, []byte("/MediaBox")); at > 0 {
			forged := bytes.Clone(pdf)
			forged[at+1] = 'N' // a byte that changes nothing that is read
			if got := pdfsig(t, forged); strings.Contains(got, "Signature is Valid") || !strings.Contains(got, "Digest Mismatch") {
				t.Errorf("a byte was changed, and the verifier says:\n%s", got)
			}
		} else {
			t.Error("the paper has no byte to change")
		}
		if got := pdfsig(t, append(bytes.Clone(pdf), "% and so on\n"...)); strings.Contains(got, "Total document signed") {
			t.Errorf("something was added, and the verifier says:\n%s", got)
		}
	}
}

func TestAPaperOfAnotherFormIsRefused(t *testing.T) {
	t.Parallel()
	who := house(t)
	pdf, err := pdfsign.Sign(paper(t, false), who, pdfsign.Signature{At: signed})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"empty": nil, "no PDF": []byte("startxref\n9\n%%EOF\n"), "far": []byte("startxref\n0\n%%EOF\n"), "signed already": pdf} {
		if _, err := pdfsign.Sign(body, who, pdfsign.Signature{At: signed}); err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}
