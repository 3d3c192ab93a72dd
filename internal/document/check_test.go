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
		Grounds: map[string]string{"invoices": "legal_obligation", "log": "legal_claims", "again": "legal_obligation"},
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

// lacking is a letter without what says a content.
func lacking(l document.Letter, c document.Content) document.Letter {
	if c == document.SaysCode {
		l.Code = ""
	}
	if c == document.SaysPostal {
		l.Company.Address = ""
	}
	if slices.Contains(l.Says, c) {
		l.Lede = ""
	}
	l.Blocks = slices.Clone(l.Blocks)
	for i := range l.Blocks {
		b := &l.Blocks[i]
		if slices.Contains(b.Says, c) {
			*b = document.Block{Heading: b.Heading}
			continue
		}
		b.Facts = slices.DeleteFunc(slices.Clone(b.Facts), func(f document.Fact) bool { return slices.Contains(f.Says, c) })
		for j := range b.Facts {
			if slices.Contains(b.Facts[j].SoftSays, c) {
				b.Facts[j].Soft = ""
			}
		}
	}
	return l
}

func winbackLetter(t testing.TB, lang string) document.Letter {
	return document.Winback(document.WinbackFacts{
		Lang: lang, Company: faro(t), At: received, Name: "Marta", Subject: "Faro", Text: "Faro", Allowed: received, Silence: "https://bajas.faro.example/u/HHHHHHHHHHHHHHHHHHHHHHHH",
	})
}

// Of every rule of every pack about documents: the letter that keeps it breaks it
// without any one of the contents that it wants, and the finding names that.
func TestEveryContentThatAPackWantsIsMissedWhereItIsNotThere(t *testing.T) {
	t.Parallel()
	flags := map[string][]document.Content{
		"ack.code": {document.SaysCode}, "case.proof_on_request": {document.SaysDeclaration, document.SaysInstant}, "ack.time_precision": {document.SaysInstant},
		"erase.proof_to_subject": {document.SaysErased}, "erase.proof_names_recipients": {document.SaysRecipients}, "winback.opt_out.each_message": {document.SaysOptOut},
		"winback.opt_out.free": {document.SaysOptOut}, "winback.labelled": {document.SaysCommercial}, "winback.sender_named": {document.SaysSender},
		"winback.postal_address": {document.SaysPostal},
	}
	deliveries := map[string]document.Delivery{
		"ack.medium": {Media: []string{"post"}}, "ack.durable": {Media: []string{"page"}}, "ack.channel_of_choice": {Media: []string{"page"}, Asked: "online"},
		"ack.same_medium": {Media: []string{"page"}, Asked: "online"}, "ack.address_survives": {Media: []string{"email"}}, "ack.language": {Media: []string{"email"}, Spoken: "xx"},
		"case.language": {Media: []string{"email"}, Spoken: "xx"}, "notice.medium": {Media: []string{"page"}},
	}
	missed, wanted := map[string]bool{}, map[string]bool{} // by parameter
	for _, pack := range jurisdiction.Shipped().Packs() {
		for _, act := range []string{"terminate", "withdraw", "erase"} {
			law := lawOf(t, pack.ID, jurisdiction.Facts{"request.act": act, "contract.auto_renews": true})
			list := []document.Letter{document.Certificate(certificateFacts(t, "es")), winbackLetter(t, "es"), document.Notice(noticeFacts(t, "es", "renewal"))}
			if act == "withdraw" {
				list = append(list, document.Receipt(withdrawnFacts(t, "es")))
			} else {
				list = append(list, document.Receipt(receiptFacts(t, "es")))
			}
			for _, l := range list {
				media := sent("es")
				if l.Kind == document.KindNotice {
					media.Media = []string{"email"}
				}
				of := func(l document.Letter, d document.Delivery, rule string) document.Finding {
					for _, f := range document.Check(l, d, nil, law) {
						if f.Rule == rule {
							return f
						}
					}
					t.Fatalf("%s judges no %s", rule, l.Kind)
					return document.Finding{}
				}
				for _, f := range document.Check(l, media, nil, law) {
					contents := flags[f.Param]
					wanted[f.Param] = true
					if f.Param == "ack.contents" || f.Param == "notice.contents" {
						for _, r := range law.Rules(jurisdiction.Document) {
							if r.Rule.ID == f.Rule {
								for _, w := range r.Rule.Value.Words {
									contents = append(contents, document.Content(w))
								}
							}
						}
					}
					for _, c := range contents {
						got := of(lacking(l, c), media, f.Rule)
						if got.Result != jurisdiction.Fail || strings.HasSuffix(f.Param, ".contents") && !slices.Contains(got.Lacks, string(c)) {
							t.Errorf("%s, %s: without %s it is %s and lacks %q", f.Rule, l.Kind, c, got.Result, got.Lacks)
						}
						missed[f.Param] = true
					}
					if d, ok := deliveries[f.Param]; ok {
						if got := of(l, d, f.Rule); got.Result != jurisdiction.Fail {
							t.Errorf("%s, %s: delivered %+v it is %s", f.Rule, l.Kind, d, got.Result)
						}
						missed[f.Param] = true
					}
				}
			}
		}
	}
	for _, p := range jurisdiction.Params() {
		if kinds, _ := document.Look(p.Name); len(kinds) > 0 && wanted[p.Name] && !missed[p.Name] && p.Name != "erase.exceptions" {
			t.Errorf("nothing breaks %s", p.Name)
		}
	}
}

// A certificate keeps only what it says the ground of, and only on grounds that
// the law has.
func TestACertificateSaysOnWhatGroundAnythingStays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pack    string
		grounds map[string]string
		result  jurisdiction.Result
		lacks   string
	}{
		"obligations and claims":            {"eu", map[string]string{"invoices": "legal_obligation", "log": "legal_claims", "again": "legal_obligation"}, jurisdiction.Pass, ""},
		"claims where they are no ground":   {"co", map[string]string{"invoices": "legal_obligation", "log": "legal_claims", "again": "legal_obligation"}, jurisdiction.Fail, "legal_claims"},
		"obligations, where those alone do": {"co", map[string]string{"invoices": "legal_obligation", "log": "legal_obligation", "again": "legal_obligation"}, jurisdiction.Pass, ""},
		"without one":                       {"eu", map[string]string{"log": "legal_claims", "again": "legal_obligation"}, jurisdiction.Fail, document.NoGround},
		"one that we have no words for":     {"eu", map[string]string{"invoices": "habit", "log": "legal_claims", "again": "legal_obligation"}, jurisdiction.Fail, document.NoGround},
		"from before grounds were kept":     {"eu", nil, jurisdiction.Unknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, lang := range text.CustomerLangs() {
				f := certificateFacts(t, lang)
				f.Grounds = c.grounds
				var got document.Finding
				for _, x := range document.Check(document.Certificate(f), sent(lang), nil, lawOf(t, c.pack, jurisdiction.Facts{"request.act": "erase"})) {
					if x.Param == "erase.exceptions" && got.Rule == "" {
						got = x
					}
				}
				if got.Rule == "" || got.Result != c.result || strings.Join(got.Lacks, " ") != c.lacks || (c.result == jurisdiction.Unknown) != (got.Why == "grounds") {
					t.Errorf("%s: %+v", lang, got)
				}
			}
		})
	}
}

// A company's own words have to say what ours say: words that say something else
// leave the letter without it, in every language.
func TestWordsThatSaySomethingElseLeaveTheContentOut(t *testing.T) {
	t.Parallel()
	thanks := map[string]string{"es": "Gracias por todo", "en": "Many thanks", "de": "Vielen Dank", "fr": "Merci beaucoup"}
	for _, c := range []struct {
		content document.Content
		keys    []string
		letter  func(lang string, own text.Own) document.Letter
	}{
		{document.SaysDeclaration, []string{"document.what.now"}, receiptIn(t)},
		{document.SaysEffects, []string{"document.effects.text"}, receiptIn(t)},
		{document.SaysADR, []string{"document.complain.adr"}, receiptIn(t)},
		{document.SaysMoney, []string{"document.money.refund"}, receiptIn(t)},
		{document.SaysSilence, []string{"document.notice.silence.renewal"}, noticeIn(t)},
		{document.SaysHowToCancel, []string{"document.notice.leave.page"}, noticeIn(t)},
		{document.SaysCancelLink, []string{"document.notice.button"}, noticeIn(t)},
		{document.SaysErased, []string{"document.certificate.key", "document.certificate.what.identity", "document.certificate.what.letters"}, certificateIn(t)},
	} {
		for _, lang := range text.CustomerLangs() {
			own := text.Own{lang: {}}
			if _, says := c.letter(lang, nil).Contents()[c.content]; !says {
				t.Errorf("%s: ours do not say %s", lang, c.content)
			}
			for _, key := range c.keys {
				own[lang][key] = thanks[lang]
			}
			if p, says := c.letter(lang, own).Contents()[c.content]; says {
				t.Errorf("%s: %q is taken for %s", lang, p.Words, c.content)
			}
		}
	}
}

func receiptIn(t testing.TB) func(string, text.Own) document.Letter {
	return func(lang string, own text.Own) document.Letter {
		f := receiptFacts(t, lang)
		f.Company.Own = own
		return document.Receipt(f)
	}
}

func noticeIn(t testing.TB) func(string, text.Own) document.Letter {
	return func(lang string, own text.Own) document.Letter {
		f := noticeFacts(t, lang, "renewal")
		f.Company.Own = own
		return document.Notice(f)
	}
}

func certificateIn(t testing.TB) func(string, text.Own) document.Letter {
	return func(lang string, own text.Own) document.Letter {
		f := certificateFacts(t, lang)
		f.Company.Own = own
		return document.Certificate(f)
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

// Whoever lives in another country than the company is told with every time of day
// where that clock hangs; whoever does not needs no such words.
func TestWhoeverLivesElsewhereIsToldWhichClockIsMeant(t *testing.T) {
	t.Parallel()
	for lang, zone := range map[string]string{"es": "hora peninsular", "en": "UTC+1", "de": "UTC+1", "fr": "UTC+1"} {
		here, there := receiptFacts(t, lang), receiptFacts(t, lang)
		there.Company.Abroad = true
		count := func(f document.ReceiptFacts) int {
			return strings.Count(strings.ToLower(spaced(document.MailText(document.Receipt(f)))), strings.ToLower(zone))
		}
		if n, m := count(here), count(there); m != n+2 { // when it ends, and until when it can be undone
			t.Errorf("%s: the zone is said %d times here and %d there:\n%s", lang, n, m, document.MailText(document.Receipt(there)))
		}
		undone := document.Reversed(document.ReversedFacts{Lang: lang, Company: there.Company, Code: "HL-7K4M-29QX", RequestedAt: received, At: received.AddDate(0, 0, 3)})
		if !strings.Contains(undone.Lede, "UTC+1)") {
			t.Errorf("%s: undone: %s", lang, undone.Lede)
		}
	}
}
