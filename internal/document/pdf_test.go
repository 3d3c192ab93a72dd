package document_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"hastaluego/internal/document"
	"hastaluego/internal/text"
)

// read returns the words of a PDF as pdftotext finds them (poppler-utils).
func read(t *testing.T, pdf []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "letter.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-enc", "UTF-8", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils): %v", err)
	}
	info, err := exec.CommandContext(t.Context(), "pdfinfo", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(info) + string(out)
}

func TestWordsOfTheReceiptComeOutOfThePDF(t *testing.T) {
	t.Parallel()
	f := receiptFacts(t, "es")
	f.Name = "Marta Iba\u0301n\u0303ez 🌻 李" // accents as a Mac types them
	pdf, err := document.PDF(document.Receipt(f))
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, pdf)
	for _, want := range []string{
		"Tu baja está registrada", "HL-7K4M-29QX", "Marta Ibáñez □ □", "marta@estudioalmena.example",
		"Domingo 22 de noviembre de 2026, 10:42:17", "Hora peninsular española, UTC+1", "1.152,00\u00a0€", "−24,72\u00a0€", "306,68\u00a0€",
		"22 de diciembre de 2026 a las 23:59", "□ ocupa el lugar", "Página 1 de 2", "Página 2 de 2",
		"mJ9cG0tq0Tz4bZ6m8w1n2h7xk3yQ5v6r8s9t0u1v2w4=", "Justificante de tu baja HL-7K4M-29QX", "Faro Reservas, S.L.",
	} {
		if !strings.Contains(strings.ReplaceAll(got, "\u00a0", " "), strings.ReplaceAll(want, "\u00a0", " ")) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "BBBBBBBB") {
		t.Error("the paper holds a link that only the mail may hold")
	}
	if !bytes.Contains(pdf, []byte("/Lang (es)")) {
		t.Error("no language")
	}
}

func TestPaperWithoutLostCharactersHasNoNote(t *testing.T) {
	t.Parallel()
	pdf, err := document.PDF(document.Acknowledgement(ackFacts(t, "en")))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, pdf); strings.Contains(got, "□") || !strings.Contains(got, "Page 1 of 1") {
		t.Error(got)
	}
}

func TestTheSameLetterIsTheSamePDF(t *testing.T) {
	t.Parallel()
	for name, l := range letters(t, "es") {
		one, err := document.PDF(l)
		if err != nil {
			t.Fatal(err)
		}
		two, err := document.PDF(l)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

func TestAllWeightsOfTheFontHaveTheSameCharacters(t *testing.T) {
	t.Parallel()
	for name, ttf := range map[string][]byte{
		"regular": goregular.TTF, "medium": gomedium.TTF, "bold": gobold.TTF, "mono": gomono.TTF, "monobold": gomonobold.TTF,
	} {
		font, err := sfnt.Parse(ttf)
		if err != nil {
			t.Fatal(err)
		}
		var buf sfnt.Buffer
		for r := rune(1); r <= 0xffff; r++ {
			if !utf8.ValidRune(r) {
				continue
			}
			drawable := document.Printable(string(r)) == string(r)
			g, err := font.GlyphIndex(&buf, r)
			if drawable && (err != nil || g == 0) {
				t.Errorf("%s has no %q", name, r)
			}
		}
	}
}

func TestPrintableKeepsWhatItCan(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Iba\u0301n\u0303ez":      "Ibáñez",
		"1\u202f152,00\u202f€":    "1\u00a0152,00\u00a0€",
		"bien\u2011hecho ✓":       "bien-hecho √",
		"a\x00b\tc\nd":            "ab c d",
		"👩🏽‍🚀 y ❤️":               "□□ y □",
		"李 \u0645\u0631":          "□ □□",
		"Łódź, Ștefan, Ελλάδα, Я": "Łódź, Ștefan, Ελλάδα, Я",
		"\u202eoñel":              "oñel",
		"\xff\xfe":                "\ufffd",
		"− « » “ ” … – — □":       "− « » “ ” … – — □",
	} {
		if got := document.Printable(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"Iba\u0301n\u0303ez", "👩🏽‍🚀", "李", "\u0645", "a\x00b", "\xff", "\u202e", "□"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := document.Printable(s)
		if !utf8.ValidString(p) || strings.ContainsAny(p, "\x00\n\r\u202e") {
			t.Errorf("%q became %q", s, p)
		}
		if again := document.Printable(p); again != p {
			t.Errorf("%q, then %q", p, again)
		}
	})
}

func FuzzPDF(f *testing.F) {
	for _, s := range []string{"Iba\u0301n\u0303ez", "👩🏽‍🚀", "李明", "\u0645\u0631\u062d", "a\x00b", "\xff", strings.Repeat("sin espacio", 400), strings.Repeat("con espacio ", 400)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := receiptFacts(t, "es")
		r.Name, r.Code, r.Company.Name, r.Company.Address, r.Proof.Checkpoint = s, s, s, s, s
		r.Subscriptions[0].Product, r.Statement.Note, r.Statement.Lines[0].Label = s, s, s
		l := document.Receipt(r)
		pdf, err := document.PDF(l)
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Fatalf("%q: %v", s, err)
		}
		for _, out := range []string{document.HTML(l), document.MailHTML(l), document.MailText(l)} {
			if !utf8.ValidString(out) {
				t.Errorf("%q", s)
			}
		}
	})
}

// No word of ours has a character that the fonts of the PDF cannot draw.
func TestWhatWeSayCanBePrintedInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		for _, key := range text.Keys(lang, "") {
			if s := text.Ours(lang, key); text.Met(key) && strings.Count(document.Printable(s), "□") != strings.Count(s, "□") {
				t.Errorf("%s %s: %q", lang, key, s)
			}
		}
	}
}
