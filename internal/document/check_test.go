package document_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/document"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func lawOf(t testing.TB, pack string, more jurisdiction.Facts) *jurisdiction.Effective {
	t.Helper()
	l := jurisdiction.Shipped()
	sel, err := l.Named(pack)
	if err != nil {
		t.Fatal(err)
	}
	facts := jurisdiction.Facts{"customer.kind": "consumer", "request.act": "terminate", "contract.concluded_via": "web", "contract.continuing": true, "data.role": "controller", "contract.online_available_today": true}
	maps.Copy(facts, more)
	law, err := l.Effective(sel, facts, when.Date{Year: 2026, Month: 11, Day: 27})
	if err != nil {
		t.Fatal(err)
	}
	return law
}

func certificateFacts(t testing.TB, lang string) document.CertificateFacts {
	return document.CertificateFacts{
		Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received.AddDate(0, 2, 4), ErasedOn: day(2027, 1, 26), Invoices: 44, Until: day(2032, 12, 31),
		Erased: []document.Counted{{What: "identity", N: 4}, {What: "letters", N: 1}}, Why: "C. Com., art. 30", Entries: 61, Backups: day(2027, 2, 25), Systems: []string{"billing", "panel"},
	}
}

func sent(lang string) document.Delivery {
	return document.Delivery{Media: []string{"page", "email", "pdf"}, Kept: true, Asked: "online", Spoken: lang}
}

func TestEveryParameterAboutDocumentsIsLookedAtOrExcused(t *testing.T) {
	t.Parallel()
	for _, p := range jurisdiction.Params() {
		kinds, why := document.Look(p.Name)
		if p.Phase == jurisdiction.Document && (len(kinds) > 0) == (why != "") {
			t.Errorf("%s: looked at in %v, excused by %q: one of the two", p.Name, kinds, why)
		}
		if p.Phase != jurisdiction.Document && len(kinds) > 0 {
			t.Errorf("%s is not about documents", p.Name)
		}
	}
}

// failed are the rules that a letter breaks, with what it lacks.
func failed(list []document.Finding) (out []string) {
	for _, f := range list {
		if f.Result == jurisdiction.Fail {
			out = append(out, strings.TrimSpace(f.Rule+" "+strings.Join(f.Lacks, ",")))
		}
	}
	slices.Sort(out)
	return out
}

// A receipt without one of its parts breaks the rules that ask for it, and no
// others.
func TestALetterThatLacksAPartBreaksTheRulesThatAskForIt(t *testing.T) {
	t.Parallel()
	law, zone := lawOf(t, "de", nil), lawOf(t, "safe-everywhere", nil)
	good := func() document.Letter { return document.Receipt(receiptFacts(t, "es")) }
	without := func(c document.Content) document.Letter {
		l := good()
		for i := range l.Blocks {
			l.Blocks[i].Facts = slices.DeleteFunc(slices.Clone(l.Blocks[i].Facts), func(f document.Fact) bool { return slices.Contains(f.Says, c) })
		}
		return l
	}
	noTime := good()
	noTime.Blocks[0].Facts = slices.Clone(noTime.Blocks[0].Facts)
	noTime.Blocks[0].Facts[0].Lines = []string{"Domingo 22 de noviembre de 2026"}
	onlyMailed := good()
	onlyMailed.Blocks[0].Mailed = true // the page does not say it, though the mail does
	for name, c := range map[string]struct {
		letter document.Letter
		law    *jurisdiction.Effective
		want   []string
	}{
		"whole":              {good(), law, nil},
		"whole, everywhere":  {good(), zone, nil},
		"no end":             {without(document.SaysEnd), law, []string{"de.312k.ack-contents end_date"}},
		"no instant":         {without(document.SaysInstant), law, []string{"de.312k.ack-contents instant", "de.312k.ack-time"}},
		"a day, no time":     {noTime, law, []string{"de.312k.ack-time"}},
		"no way to complain": {without(document.SaysComplaint), zone, []string{"safe.ack-contents adr,complaint"}},
		"no data":            {without(document.SaysDataWindow), zone, []string{"safe.ack-contents data_window,erasure_date"}},
		"not on the page":    {onlyMailed, law, []string{"de.312k.ack-contents declaration,end_date,instant", "de.312k.ack-time"}},
	} {
		if got := failed(document.Check(c.letter, sent("es"), nil, c.law)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := failed(document.Check(good(), document.Delivery{Media: []string{"page"}, Spoken: "en"}, nil, zone)); !slices.Equal(got, []string{"safe.ack-address", "safe.ack-durable", "safe.ack-language"}) {
		t.Errorf("only on a page, in another language: %q", got)
	}
}

func TestTheAcknowledgementSaysWhatFollowsLater(t *testing.T) {
	t.Parallel()
	ack, receipt := document.Acknowledgement(ackFacts(t, "en")), document.Receipt(receiptFacts(t, "en"))
	law := lawOf(t, "safe-everywhere", nil)
	var contents document.Finding
	for _, f := range document.Check(ack, sent("en"), &receipt, law) {
		if f.Param == "ack.contents" && f.Rule == "safe.ack-contents" {
			contents = f
		}
	}
	if contents.Result != jurisdiction.Pass || contents.Later != document.KindReceipt || !strings.Contains(contents.Place, "What we registered") {
		t.Errorf("%+v", contents)
	}
	if got := failed(document.Check(ack, sent("en"), nil, law)); !slices.Equal(got, []string{"safe.ack-contents contract,data_window,erasure_date,money"}) {
		t.Errorf("alone it lacks %q", got)
	}
}

// The page, the mail and the paper agree: what a letter says, each says in the
// same words, and the paper can be read by programs.
func TestPagePaperAndMailSayTheSame(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		for name, l := range letters(t, lang) {
			if !slices.Contains([]string{"ack-withdraw", "receipt", "receipt-withdraw", "certificate"}, name) {
				continue
			}
			pdf, err := document.PDF(l)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "letter.pdf")
			if err := os.WriteFile(path, pdf, 0o600); err != nil {
				t.Fatal(err)
			}
			raw, err := exec.CommandContext(t.Context(), "pdftotext", "-enc", "UTF-8", path, "-").Output()
			if err != nil {
				t.Fatalf("pdftotext (package poppler-utils): %v", err)
			}
			paper, mail := spaced(string(raw)), spaced(document.MailText(l))
			for c, p := range l.Contents() {
				for _, w := range p.Words {
					if w = spaced(w); !p.Mailed && !strings.Contains(paper, w) || !strings.Contains(mail, w) {
						t.Errorf("%s %s: %s is not everywhere: %q", lang, name, c, w)
					}
				}
			}
		}
	}
}

func spaced(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\u00a0", " ", "\f", " ").Replace(s)), " ")
}

func TestThePaperHoldsItsFontsItsTitleAndItsLanguage(t *testing.T) {
	t.Parallel()
	l := document.Receipt(withdrawnFacts(t, "en"))
	pdf, err := document.PDF(l)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "letter.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdffonts", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")[2:]
	for _, line := range lines {
		if f := strings.Fields(line); f[len(f)-5] != "yes" || f[len(f)-3] != "yes" {
			t.Errorf("not embedded, or its words cannot be read: %s", line)
		}
	}
	if len(lines) < 3 || !strings.Contains(string(pdf), "/Lang (en)") || !strings.Contains(read(t, pdf), "Receipt for your withdrawal HL-7K4M-29QX") {
		t.Errorf("%d fonts:\n%s", len(lines), out)
	}
}
