package document_test

import (
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hastaluego/internal/document"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

var update = flag.Bool("update", false, "write the golden files anew")

var received = time.Date(2026, 11, 22, 9, 42, 17, 0, time.UTC)

func faro(t testing.TB) document.Company {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	return document.Company{
		Name: "Faro", LegalName: "Faro Reservas, S.L.", Address: "Calle del Puerto 14, 48003 Bilbao", Phone: "944 000 120",
		Email: "bajas@faro.example", Complaints: "reclamaciones@faro.example", Signer: "Nerea Urrutia", Zone: zone,
	}
}

func day(y, m, d int) when.Date { return when.Date{Year: y, Month: time.Month(m), Day: d} }

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func ackFacts(t testing.TB, lang string) document.AckFacts {
	return document.AckFacts{
		Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Via: "public",
		NotMe: "https://bajas.faro.example/not-me/AAAAAAAAAAAAAAAAAAAAAAAA?lang=" + lang,
	}
}

func receiptFacts(t testing.TB, lang string) document.ReceiptFacts {
	company := faro(t)
	return document.ReceiptFacts{
		Lang: lang, Company: company, Code: "HL-7K4M-29QX", At: received,
		Name: "Marta Ibáñez Soler", Email: "marta@estudioalmena.example", Timing: "now",
		Subscriptions: []document.Subscription{
			{Product: "Faro Equipo", Plan: "Anual", Amount: eur(115200), Interval: "year"},
			{Product: "Avisos por SMS", Amount: eur(600), Interval: "month"},
		},
		Effective: day(2026, 11, 22), UndoUntil: day(2026, 12, 22).End(company.Zone),
		DataUntil: day(2026, 12, 22), Erased: day(2026, 12, 23),
		Statement: &document.Statement{
			On: day(2026, 11, 22), Total: eur(30668),
			Lines: []document.MoneyLine{
				{Label: "Parte del plan sin usar", Why: "105 de 365 días de 1.152,00 €", Amount: eur(33140)},
				{Label: "Avisos por SMS sin facturar", Why: "412 avisos a 0,06 €", Amount: eur(-2472)},
			},
			Note: "A la tarjeta terminada en 4417, a más tardar el 27 de noviembre.",
		},
		Milestones: stops(),
		Follow:     "https://bajas.faro.example/c/BBBBBBBBBBBBBBBBBBBBBBBB",
		PDF:        "https://bajas.faro.example/c/BBBBBBBBBBBBBBBBBBBBBBBB/receipt.pdf",
		NotMe:      "https://bajas.faro.example/not-me/CCCCCCCCCCCCCCCCCCCCCCCC",
		Proof: &document.Proof{
			LeafIndex: 17, TreeSize: 4318, Root: "mJ9cG0tq0Tz4bZ6m8w1n2h7xk3yQ5v6r8s9t0u1v2w4=",
			Path:       []string{"q0Tz4bZ6m8w1n2h7xk3yQ5v6r8s9t0u1v2w4mJ9cG0t=", "Tz4bZ6m8w1n2h7xk3yQ5v6r8s9t0u1v2w4mJ9cG0tq0="},
			Checkpoint: "faro.example/log\n4318\nmJ9cG0tq0Tz4bZ6m8w1n2h7xk3yQ5v6r8s9t0u1v2w4=\n\n— faro.example/log 5d1f0c2a2b8c\n",
		},
	}
}

func stops() []document.Milestone {
	return []document.Milestone{
		{Name: "registered", State: "verified", At: received},
		{Name: "confirmed", State: "done", At: received.Add(4 * time.Minute)},
		{Name: "billing_stopped", State: "done", At: received.Add(5 * time.Minute), Verifies: true},
		{Name: "access_closed", State: "now", Verifies: true, Part: 9, Of: 11},
		{Name: "effective", State: "planned", At: time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)}, // midnight in Madrid
		{Name: "billing_ended", State: "planned", Verifies: true},
	}
}

func farewellFacts(t testing.TB, lang string) document.FarewellFacts {
	return document.FarewellFacts{
		Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received.AddDate(0, 0, 8), Name: "Marta",
		Since: day(2023, 3, 8), Effective: day(2026, 11, 22), Erased: day(2026, 12, 23), DataUntil: day(2026, 12, 22),
		Milestones: []document.Milestone{
			{Name: "registered", State: "verified", At: received},
			{Name: "billing_stopped", State: "verified", At: received.AddDate(0, 0, 1), Verifies: true},
			{Name: "effective", State: "done", At: received.AddDate(0, 0, 1)},
			{Name: "billing_ended", State: "verified", At: received.AddDate(0, 0, 2), Verifies: true},
			{Name: "farewell", State: "now"},
		},
		Achieved: []document.Achievement{
			{Label: map[string]string{"es": "reservas atendidas", "en": "bookings kept", "de": "Termine eingehalten", "fr": "réservations honorées"}[lang], Value: 4318, From: day(2023, 3, 8), Until: day(2026, 11, 22)},
			{Label: map[string]string{"es": "días con reservas", "en": "days with bookings", "de": "Tage mit Terminen", "fr": "jours avec des réservations"}[lang], Value: 612, From: day(2023, 3, 9), Until: day(2026, 11, 20)},
		},
		Page: "https://bajas.faro.example/bye/DDDDDDDDDDDDDDDDDDDDDDDD",
	}
}

func letters(t testing.TB, lang string) map[string]document.Letter {
	return map[string]document.Letter{
		"ack": document.Acknowledgement(ackFacts(t, lang)),
		"confirm": document.Confirm(document.ConfirmFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Until: received.AddDate(0, 0, 14),
			Verify: "https://bajas.faro.example/v/EEEEEEEEEEEEEEEEEEEEEEEE", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
		}),
		"receipt": document.Receipt(receiptFacts(t, lang)),
		"reversed": document.Reversed(document.ReversedFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", RequestedAt: received, At: received.AddDate(0, 0, 3), ReadBack: true,
			Subscriptions: receiptFacts(t, lang).Subscriptions, Follow: "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG",
		}),
		"farewell": document.Farewell(farewellFacts(t, lang)),
		"ending": document.Ending(document.EndingFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Cause: "company", Why: "Cerramos la tarifa Mini.", Alternatives: "Faro Uno, al mismo precio hasta 2028.",
			Subscriptions: receiptFacts(t, lang).Subscriptions, Effective: day(2026, 12, 31), DataUntil: day(2027, 1, 30),
			Milestones: []document.Milestone{{Name: "announced", State: "done", At: received}, {Name: "effective", State: "planned", At: time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)}},
			Page:       "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
		}),
		"ack-withdraw":        document.Acknowledgement(withdrawnAck(t, lang)),
		"receipt-withdraw":    document.Receipt(withdrawnFacts(t, lang)),
		"receipt-late":        document.Receipt(lateFacts(t, lang)),
		"certificate":         document.Certificate(certificateFacts(t, lang)),
		"notice":              document.Notice(noticeFacts(t, lang, "renewal")),
		"notice.trial_end":    document.Notice(noticeFacts(t, lang, "trial_end")),
		"notice.price_change": document.Notice(noticeFacts(t, lang, "price_change")),
		"farewell-quiet":      document.Farewell(quietFacts(t, lang)),
		"reminder":            document.Reminder(reminderFacts(t, lang)),
		"reminder-last":       document.Reminder(lastReminder(t, lang)),
		"written_off": document.WrittenOff(document.WrittenOffFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Name: "Marta", Let: []document.MoneyLine{{Label: "F-118", Amount: eur(2472)}},
			Page: "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
		}),
		"instalments": document.Instalments(document.InstalmentFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Name: "Marta", Sum: eur(2472),
			Parts: []document.PartLine{{On: day(2026, 12, 31), Amount: eur(824)}, {On: day(2027, 1, 31), Amount: eur(824)}, {On: day(2027, 2, 28), Amount: eur(824)}},
			Pay:   reminderFacts(t, lang).Pay,
			Page:  "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
		}),
		"changes": document.Changes(document.ChangesFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Changed: 2, Added: 1, Names: []string{"crm/facturas.csv", "crm/notas.csv", "fotos/puerto.jpg"},
			Until: day(2027, 2, 28), Page: "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG/data", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
		}),
		"copy":               document.Copy(document.CopyFacts{Lang: lang, Company: faro(t), At: received, Name: "Estudio Almena", Page: "https://bajas.faro.example/copy/GGGGGGGGGGGGGGGGGGGGGGGG"}),
		"copy-opened":        document.Copy(document.CopyFacts{Lang: lang, Company: faro(t), At: received, Name: "Estudio Almena", Last: day(2027, 2, 28), Page: "https://bajas.faro.example/copy/GGGGGGGGGGGGGGGGGGGGGGGG"}),
		"charged_after":      document.ChargedAfter(afterFacts(t, lang, when.Date{}, false)),
		"given_back":         document.GivenBack(afterFacts(t, lang, day(2027, 1, 12), false)),
		"given_back-by_hand": document.GivenBack(afterFacts(t, lang, day(2027, 1, 12), true)),
		"farewell-reading":   document.Farewell(readingFacts(t, lang)),
		"erasure_waits": document.ErasureWaits(document.KeptFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Asked: true, Withheld: true,
			Orders: []document.Ordered{{Authority: "Juzgado de Instrucción n.º 3", Reference: "DP 12/2027", Until: day(2027, 6, 30)}},
			Page:   "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
		}),
		"erasure_waits-silent": document.ErasureWaits(document.KeptFacts{Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Silent: true, Data: day(2027, 2, 28)}),
		"extended": document.Extended(document.ExtendedFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Until: day(2027, 2, 28), Before: day(2026, 12, 28),
			Why:  "Hay que buscar en copias de seguridad de 2019, que guarda otra empresa.",
			Page: "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
		}),
		"erasure_goes_on": document.ErasureGoesOn(document.KeptFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Erases: true, Data: day(2027, 2, 28), Page: "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG",
		}),
		"destroyed": document.Destroyed(document.DestroyedFacts{
			Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, On: received, Sums: 44, SumsOn: received,
			Gone: []document.FarHeld{{System: "crm", Title: "Reclamaciones", After: "block", N: 2, GoneAt: received.AddDate(-2, 0, 0)}},
			Page: "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
		}),
		"destroyed-kept":    document.Destroyed(document.DestroyedFacts{Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, On: received, Sums: 1, SumsOn: received, Kept: day(2027, 11, 30)}),
		"copy_none":         document.CopyNone(lang, faro(t), received),
		"receipt-shown":     document.Receipt(shownFacts(t, lang)),
		"receipt-rehearsed": document.Rehearsed(document.Receipt(receiptFacts(t, lang)), "marta@almena.example"),
	}
}

// afterFacts are those of a charge after the end.
func afterFacts(t testing.TB, lang string, refunded when.Date, byPerson bool) document.AfterFacts {
	return document.AfterFacts{
		Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Name: "Marta", Charged: day(2027, 1, 8), Back: eur(2985), Due: day(2027, 1, 13), Refunded: refunded, ByPerson: byPerson,
		Page: "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
	}
}

// readingFacts are those of somebody who has an access left to read what is theirs.
func readingFacts(t testing.TB, lang string) document.FarewellFacts {
	f := farewellFacts(t, lang)
	f.Reads, f.ReadUntil = []string{"Archivo: llave-7"}, day(2027, 2, 28)
	f.Milestones = []document.Milestone{{Name: "access_closed", State: "verified", At: received, Verifies: true, Reading: 1}}
	return f
}

// reminderFacts are those of the first letter about a bill.
func reminderFacts(t testing.TB, lang string) document.ReminderFacts {
	return document.ReminderFacts{
		Lang: lang, Company: faro(t), Code: "HL-7K4M-29QX", At: received, Name: "Marta", Notice: 1,
		Statements: []document.Statement{{On: day(2026, 11, 15), Lines: []document.MoneyLine{{Label: "F-118", Amount: eur(-2472)}}, Total: eur(-2472)}},
		Pay:        []document.PayAt{{What: "F-118", URL: "https://cobros.faro.example/f/118"}},
		Page:       "https://bajas.faro.example/c/GGGGGGGGGGGGGGGGGGGGGGGG", NotMe: "https://bajas.faro.example/not-me/FFFFFFFFFFFFFFFFFFFFFFFF",
	}
}

// lastReminder are those of the last one, after a day that was promised.
func lastReminder(t testing.TB, lang string) document.ReminderFacts {
	f := reminderFacts(t, lang)
	f.Notice, f.Last, f.Promised = 3, true, day(2026, 11, 20)
	return f
}

// noticeFacts are those of something that is coming for a contract.
func noticeFacts(t testing.TB, lang, what string) document.NoticeFacts {
	f := document.NoticeFacts{
		Lang: lang, Company: faro(t), At: received, What: what, Name: "Marta Ibáñez Soler", Subscription: receiptFacts(t, lang).Subscriptions[0],
		Day: day(2027, 1, 31), Deadline: day(2027, 1, 16), Leave: "https://bajas.faro.example/?lang=" + lang,
	}
	if what == "price_change" {
		f.Price = eur(129600)
	}
	return f
}

// shownFacts are those of somebody who saw before the click what comes back, and what
// is left to pay in another currency.
func shownFacts(t testing.TB, lang string) document.ReceiptFacts {
	f := receiptFacts(t, lang)
	f.Statement, f.Shown = nil, []money.Amount{eur(30668), {Minor: -1500, Currency: "JPY"}}
	f.DueOn, f.RefundOn = day(2026, 12, 6), day(2026, 11, 27)
	return f
}

func withdrawnAck(t testing.TB, lang string) document.AckFacts {
	f := ackFacts(t, lang)
	f.Act = "withdraw"
	return f
}

// withdrawnFacts are those of somebody who asked for the service to begin, and
// withdrew after seven days.
func withdrawnFacts(t testing.TB, lang string) document.ReceiptFacts {
	f := receiptFacts(t, lang)
	f.Act, f.Via, f.Statement, f.UndoUntil = "withdraw", "public", nil, time.Time{}
	f.Withdrawal = &document.Withdrawn{Stands: true, Until: received.AddDate(0, 0, 7), RefundBy: day(2026, 12, 6), Refunds: []document.RefundLine{
		{Product: "Faro Equipo", Paid: eur(115200), Kept: eur(2209), Back: eur(112991), Used: 7, Of: 365},
		{Product: "Avisos por SMS", Paid: eur(600), Kept: eur(0), Back: eur(600), Of: 30},
	}}
	return f
}

// lateFacts are those of somebody who wanted to withdraw and came too late.
func lateFacts(t testing.TB, lang string) document.ReceiptFacts {
	f := receiptFacts(t, lang)
	f.Act, f.Via, f.Withdrawal = "withdraw", "letter", &document.Withdrawn{Until: day(2026, 11, 15).End(f.Company.Zone)}
	return f
}

// quietFacts are those of somebody who died, or of a company that closed.
func quietFacts(t testing.TB, lang string) document.FarewellFacts {
	f := farewellFacts(t, lang)
	f.Quiet = true
	return f
}

func TestLettersReadAsAgreed(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		for name, l := range letters(t, lang) {
			for _, w := range append(testkit.OtherWords(document.MailText(l)+l.Subject, lang), testkit.OtherWords(strings.ReplaceAll(document.HTML(l), string(l.Kind), "")+document.MailHTML(l), lang)...) {
				t.Errorf("%s in %s says %q", name, lang, w)
			}
			if !text.Has(lang) {
				golden(t, name+"."+lang+".text.golden", "Subject: "+l.Subject+"\n\n"+document.MailText(l))
				continue
			}
			golden(t, name+"."+lang+".page.golden", document.HTML(l))
			golden(t, name+"."+lang+".mail.golden", document.MailHTML(l))
			golden(t, name+"."+lang+".text.golden", "Subject: "+l.Subject+"\n\n"+document.MailText(l))
		}
	}
	for _, miss := range text.Missing() {
		if strings.Contains(miss, "document.") || strings.Contains(miss, "mail.") {
			t.Error("no words for", miss)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (run with -update if this is meant):\n%s", name, d)
	}
}

// A customer and a stranger get the same bytes, but for code, instant and the
// token of the link.
func TestAcknowledgementDoesNotSayWhoIsACustomer(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		one := ackFacts(t, lang)
		two := one
		two.Code, two.At, two.NotMe = "HL-0000-0000", received.Add(99*time.Hour), strings.ReplaceAll(one.NotMe, "A", "Z")
		same := func(render func(document.Letter) string) {
			t.Helper()
			a, b := document.Acknowledgement(one), document.Acknowledgement(two)
			x := strings.NewReplacer(append(dates(a), one.Code, "", "AAAAAAAAAAAAAAAAAAAAAAAA", "")...).Replace(html.UnescapeString(render(a)))
			y := strings.NewReplacer(append(dates(b), two.Code, "", "ZZZZZZZZZZZZZZZZZZZZZZZZ", "")...).Replace(html.UnescapeString(render(b)))
			if d := cmp.Diff(x, y); d != "" {
				t.Error(d)
			}
		}
		same(document.HTML)
		same(document.MailHTML)
		same(document.MailText)
		same(func(l document.Letter) string { return l.Subject })
	}
}

// dates are what an acknowledgement says of its instant, each with nothing to
// stand in its place.
func dates(l document.Letter) []string {
	said := l.Contents()
	return []string{said[document.SaysInstant].Words[0], "", l.Blocks[0].Facts[0].Time, "", said[document.SaysEnd].Words[0], ""}
}

func TestAcknowledgementPageHasNoLinkAndNoLineForStrangers(t *testing.T) {
	t.Parallel()
	f := ackFacts(t, "es")
	f.NotMe = ""
	page := document.HTML(document.Acknowledgement(f))
	if strings.Contains(page, "<a ") || strings.Contains(page, "alguien escribió") {
		t.Error(page)
	}
}

func TestLettersOnOnePageAreToldApart(t *testing.T) {
	t.Parallel()
	l := document.Acknowledgement(ackFacts(t, "es"))
	l.Blocks = append(l.Blocks, document.Block{Heading: "Más"})
	page := document.Inset(l, "es") + document.Inset(l, "en")
	for _, lang := range []string{"es", "en"} {
		id := "letter-title-" + lang
		if strings.Count(page, `aria-labelledby="`+id+`"`) != 1 || strings.Count(page, `<h3 id="`+id+`">`) != 1 {
			t.Errorf("the letter in %s has no name of its own:\n%s", lang, page)
		}
	}
	if strings.Contains(page, "<h1") || strings.Contains(page, "<h2") || !strings.Contains(page, "<h4>Más</h4>") {
		t.Errorf("headings above those of the page:\n%s", page)
	}
	if own := document.HTML(l); !strings.Contains(own, `<h1 id="letter-title">`) || !strings.Contains(own, "<h2>Más</h2>") {
		t.Errorf("a page of its own:\n%s", own)
	}
}

func TestFarewellSaysVerifiedOnlyWithTheEvidence(t *testing.T) {
	t.Parallel()
	f := farewellFacts(t, "es")
	if l := document.Farewell(f); !strings.Contains(l.Lede, "hecha y comprobada") {
		t.Error(l.Lede)
	}
	f.Attested = true
	if l := document.Farewell(f); strings.Contains(l.Lede, "comprobada") || !strings.Contains(l.Lede, "está hecha") || !strings.Contains(l.Lede, "De una parte responde una persona") {
		t.Error(l.Lede)
	}
	f.Left = true
	if l := document.Farewell(f); strings.Contains(l.Lede, "está hecha") || !strings.Contains(l.Lede, "queda algo por comprobar") {
		t.Error(l.Lede)
	}
	f.Attested, f.Left = false, false
	f.Milestones[3].State = "done" // the far system said yes; nobody has looked
	if l := document.Farewell(f); strings.Contains(l.Lede, "hecha y comprobada") || strings.Contains(l.Lede, "no habrá más cobros") {
		t.Error(l.Lede)
	}
}

func TestAQuietFarewellSaysClosedOnlyWithTheEvidence(t *testing.T) {
	t.Parallel()
	f := quietFacts(t, "es")
	if l := document.Farewell(f); l.Title != "Hemos cerrado la cuenta de Marta" {
		t.Error(l.Title)
	}
	f.Milestones[3].State = "done"
	if l := document.Farewell(f); l.Title != "Cómo está la cuenta de Marta" || !strings.Contains(l.Lede, "queda algo por comprobar") {
		t.Error(l.Title, l.Lede)
	}
}

func TestReceiptPromisesNoMoreChargesOnlyWhenNothingIsOwed(t *testing.T) {
	t.Parallel()
	f := receiptFacts(t, "es")
	f.Statement.Total = eur(-2472)
	s := document.Receipt(f).Lede
	if strings.Contains(s, "no habrá más cobros") || !strings.Contains(s, "Queda por pagar 24,72\u00a0€, una sola vez.") {
		t.Error(s)
	}
}

func TestTypedTextCannotBecomeMarkup(t *testing.T) {
	t.Parallel()
	f := receiptFacts(t, "es")
	f.Name = `<script>alert(1)</script>` + "\u202e\u2028\r\n\x00"
	f.Follow = `javascript:alert(1)`
	l := document.Receipt(f)
	for _, s := range []string{document.HTML(l), document.MailHTML(l)} {
		if strings.Contains(s, "<script") || strings.Contains(s, "href=\"javascript") || strings.ContainsAny(s, "\u202e\x00") {
			t.Error(s)
		}
	}
	if s := document.MailText(l); strings.ContainsAny(s, "\u202e\x00\r\u2028") {
		t.Errorf("%q", s)
	}
}

var inline = regexp.MustCompile(`\sstyle=|<style|<script|\son[a-z]+=`)

func TestPageFragmentsKeepToTheContentPolicy(t *testing.T) {
	t.Parallel()
	for name, l := range letters(t, "es") {
		if m := inline.FindString(document.HTML(l)); m != "" {
			t.Errorf("%s has %q", name, m)
		}
	}
}

func TestLettersNeverShowAnEmptySlot(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		bare := map[string]document.Letter{
			"ack":      document.Acknowledgement(document.AckFacts{Lang: lang}),
			"confirm":  document.Confirm(document.ConfirmFacts{Lang: lang}),
			"receipt":  document.Receipt(document.ReceiptFacts{Lang: lang, Milestones: stops()}),
			"reversed": document.Reversed(document.ReversedFacts{Lang: lang}),
			"farewell": document.Farewell(document.FarewellFacts{Lang: lang, Milestones: stops()}),
		}
		for _, set := range []map[string]document.Letter{bare, letters(t, lang)} {
			for name, l := range set {
				if s := document.MailText(l); strings.ContainsAny(s, "{}|") || strings.Contains(s, "document.") {
					t.Errorf("%s %s:\n%s", lang, name, s)
				}
			}
		}
	}
}
