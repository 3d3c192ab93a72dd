package main

import (
	"context"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/document"
	"hastaluego/internal/ending"
	"hastaluego/internal/invitation"
	"hastaluego/internal/limit"
	"hastaluego/internal/mail"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func aPaper(kind, lang string) app.Paper {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	p := app.Paper{
		Kind: kind, Language: lang, Code: "HL-7K4M-29QX", At: at, Now: at, Name: "Marta Ibáñez", Address: "marta@almena.example", Secret: "7K4M-29QX",
		Effective: "2026-12-31", EffectiveAt: at.AddDate(0, 1, 7), UndoUntil: at.AddDate(0, 1, 7), Links: map[string]string{},
		Lines: []customer.Subscription{{
			Product: "Faro Estudio", Plan: "Doce puestos", Amount: money.Amount{Minor: 5700, Currency: "EUR"}, Interval: customer.Monthly,
			Start: when.Date{Year: 2024, Month: 1, Day: 1},
		}},
		Balances:   []customer.Balance{{Reference: "F-1", Kind: customer.Invoice, Amount: money.Amount{Minor: 2472, Currency: "EUR"}, DueOn: when.Date{Year: 2026, Month: 12, Day: 15}}},
		Case:       offboarding.Case{Effective: when.Date{Year: 2026, Month: 12, Day: 31}, RequestedAt: at},
		Invitation: &invitation.Invitation{ID: "inv_1", State: invitation.Invited, Format: invitation.Phone, Start: at.AddDate(0, 0, 3), Minutes: 30, Place: "944 000 120", MadeAt: at},
		Offer:      &offer.Offer{Heard: "El precio", What: "El mismo plan con cinco puestos", Changes: "Menos informes", Until: when.Date{Year: 2026, Month: 12, Day: 20}, By: when.Date{Year: 2026, Month: 12, Day: 31}},
		Proof:      &app.LogProof{Entry: "aud_1", Index: 3, Size: 9, Leaf: make([]byte, 32), Root: make([]byte, 32), Checkpoint: "hasta\n9\nAAA\n"},
	}
	if kind == "ending" {
		p.Ending = &app.EndingPaper{Channel: offboarding.Company, Words: ending.Words{Why: "Cerramos la tarifa", Alternatives: "Faro Uno"}}
	}
	if kind == app.NoticePaper {
		p.Coming = &app.ComingPaper{Kind: limit.Renewal, Day: when.Date{Year: 2027, Month: 1, Day: 31}, Deadline: when.Date{Year: 2027, Month: 1, Day: 16}, Leave: "https://faro.example/?lang=" + lang}
	}
	for _, purpose := range app.Letters[kind] {
		p.Links[purpose] = "https://faro.example/" + strings.ReplaceAll(purpose, "_", "-") + "/tokentokentoken?lang=" + lang
	}
	return p
}

var nobody = papers{company: func() app.Company {
	return app.Company{Name: "Faro", LegalName: "Faro, S.L.", Email: "bajas@faro.example", Complaints: "r@faro.example", Zone: time.UTC, Language: "es"}
}}

// Every kind of letter, in text and in HTML, in every language, lets whoever
// reads it say that this was not them; and no kind is forgotten here.
func TestEveryLetterSaysWhatToDoIfItWasNotYou(t *testing.T) {
	t.Parallel()
	for _, kind := range document.Kinds {
		if _, known := app.Letters[string(kind)]; !known {
			t.Errorf("the letter %s has no line in app.Letters", kind)
		}
	}
	for kind := range app.Letters {
		if !slices.Contains(document.Kinds, document.Kind(kind)) {
			t.Errorf("%s is no kind of letter", kind)
		}
		for _, lang := range text.CustomerLangs() {
			p := aPaper(kind, lang)
			l := nobody.letter(p)
			if string(l.Kind) != kind {
				t.Errorf("%s is written as %s", kind, l.Kind)
			}
			if kind == app.NoticePaper || slices.Contains(app.UserPapers, kind) { // nobody asked for anything, or they have no say in it
				continue
			}
			link, tells := p.Links["not_me"], text.Say(lang, "document."+kind+".not_me")
			if slices.Contains([]string{"copy", "copy_none"}, kind) { // nothing ends: the page of the copy takes it back, and where there is none nothing is to be done
				if link = p.Links["copy"]; !strings.Contains(strings.Join(strings.Fields(document.MailText(l)), " "), tells) {
					t.Errorf("%s in %s does not say %q", kind, lang, tells)
				}
				if link == "" {
					continue
				}
			} else if link == "" {
				t.Errorf("%s has no link for whoever did not ask", kind)
			}
			if !strings.Contains(document.MailText(l), link) {
				t.Errorf("%s in %s has no such link in its text", kind, lang)
			}
			if !strings.Contains(html.UnescapeString(document.MailHTML(l)), `href="`+link+`"`) {
				t.Errorf("%s in %s has no such link in its HTML", kind, lang)
			}
		}
	}
}

// The profile is what letters are made with: sender, signature, links, colours.
func TestLettersAreSignedAsTheProfileSays(t *testing.T) {
	t.Parallel()
	c := nobody.company()
	c.Colour, c.Signature = "#7a1f3d", map[string]string{"es": "Un saludo,\nel equipo de Faro"}
	c.Links = company.Links{Refunds: "https://faro.example/devoluciones", Complaints: "https://faro.example/reclamar"}
	mine := papers{company: func() app.Company { return c }}
	for kind := range app.Letters {
		es, en := mine.letter(aPaper(kind, "es")), mine.letter(aPaper(kind, "en"))
		for _, body := range []string{document.MailText(es), document.MailHTML(es)} {
			if strings.Count(body, "el equipo de Faro") != 1 || !strings.Contains(body, "https://faro.example/devoluciones") {
				t.Errorf("%s is not signed, or does not say where the rules stand:\n%s", kind, body)
			}
		}
		if strings.Contains(document.MailText(en), "el equipo de Faro") {
			t.Errorf("%s in English is signed in Spanish", kind)
		}
		if html := document.MailHTML(es); strings.Contains(html, "#16606f") || strings.Contains(html, `class="go"`) && !strings.Contains(html, "background:#7a1f3d") {
			t.Errorf("%s has a button in our colour", kind)
		}
		if html := document.MailHTML(nobody.letter(aPaper(kind, "es"))); strings.Contains(html, `class="go"`) && !strings.Contains(html, "background:#16606f") {
			t.Errorf("%s has no button in ours", kind)
		}
	}
	for _, x := range []struct{ name, address, configured, want string }{
		{"", "", "", `"Faro" <bajas@faro.example>`},
		{"", "", "Otra <a@b.example>", "Otra <a@b.example>"},
		{"Bajas de Faro", "", "Otra <a@b.example>", `"Bajas de Faro" <a@b.example>`},
		{"", "x@y.example", "Otra <a@b.example>", `"Faro" <x@y.example>`},
	} {
		c.SenderName, c.SenderAddress = x.name, x.address
		if got := sender(c, x.configured); got != x.want {
			t.Errorf("%+v: %s", x, got)
		}
	}
}

// The links of a letter carry its language.
func TestLinksInLettersCarryTheLanguage(t *testing.T) {
	t.Parallel()
	for kind := range app.Letters {
		text := document.MailText(nobody.letter(aPaper(kind, "en")))
		for _, link := range regexp.MustCompile(`https://faro\.example/\S+`).FindAllString(text, -1) {
			if !strings.HasSuffix(link, "?lang=en") {
				t.Errorf("%s: %s", kind, link)
			}
		}
	}
}

// Sums, plans and dates of the end stand in no letter that goes out before the
// proof of identity, nor anything that somebody typed.
func TestLettersBeforeTheProofSayNoSumsAndNothingTyped(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ack", "confirm"} {
		for _, lang := range text.CustomerLangs() {
			p := aPaper(kind, lang)
			p.Request = offboarding.Request{Name: "Compra en casino.example", AccountEmail: "victima@x.example", ReceiptEmail: "otra@x.example", Reference: "www.casino.example"}
			l := nobody.letter(p)
			for _, body := range []string{document.MailText(l), document.MailHTML(l)} {
				for _, secret := range []string{"57", "Doce puestos", "Faro Estudio", "31 de diciembre", "31 December", "Marta", "almena", "casino", "victima", "otra@", "24,72", "24.72"} {
					if strings.Contains(body, secret) {
						t.Errorf("%s in %s says %q", kind, lang, secret)
					}
				}
			}
		}
	}
}

// Where customers reach no page, no letter that is sent then speaks of one, or of
// a button or a link that is not there.
func TestLettersWithoutAPortalNameNoPage(t *testing.T) {
	t.Parallel()
	p := papers{company: func() app.Company {
		return app.Company{Name: "Clara Web", Email: "hola@clara.example", Complaints: "hola@clara.example", Zone: time.UTC}
	}}
	absent := regexp.MustCompile(`(?i)página|botón|enlace|descarg(a|á)|\bpage\b|button|\blink\b|\bdownload\b|\bseite\b|knopf|herunterlad|bouton|\blien\b|télécharg`)
	for _, lang := range text.CustomerLangs() {
		for kind := range app.Letters {
			if kind == "code" || kind == "envelope" || kind == "changes" || kind == "copy" { // only a page asks for the first, opens the second and gives the others
				continue
			}
			x := app.SamplePaper(kind, lang, time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC))
			x.ByMail = &app.ByMail{Key: "bw39-jh8t-kvk8-nh7a"}
			body := document.MailText(p.letter(x))
			if found := absent.FindString(body); found != "" {
				t.Errorf("%s in %s speaks of %q:\n%s", kind, lang, found, body)
			}
			for _, w := range testkit.OtherWords(body, lang) {
				t.Errorf("%s in %s says %q", kind, lang, w)
			}
			if slices.Contains(app.UserPapers, kind) {
				if strings.Contains(body, x.ByMail.Key) {
					t.Errorf("%s in %s gives a user the key of the departure", kind, lang)
				}
				continue
			}
			if kind != app.NoticePaper && kind != "copy_none" && !strings.Contains(body, x.ByMail.Key) { // those are about no departure that could be answered
				t.Errorf("%s in %s has no key:\n%s", kind, lang, body)
			}
		}
	}
}

// caught keeps what is handed to a mail system.
type caught struct{ mail.Message }

func (h *caught) Send(_ context.Context, m mail.Message) error { h.Message = m; return nil }

// A letter says in which language it is, in its head and in its HTML, and is in
// that of the request whatever its region.
func TestALetterSaysItsLanguage(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"es": "es", "en-GB": "en", "de": "de", "fr-CA": "fr", "pt": "es"} {
		for _, kind := range []string{"ack", "winback", "invitation"} {
			var out caught
			if _, _, err := (post{papers: nobody, out: &out}).Send(t.Context(), "a@b.example", "1@hasta", aPaper(kind, lang)); err != nil {
				t.Fatal(err)
			}
			if out.Headers["Content-Language"] != want || !strings.Contains(out.HTML, `lang="`+want+`"`) {
				t.Errorf("%s for %q is in %q", kind, lang, out.Headers["Content-Language"])
			}
			if kind == "winback" && out.Headers["List-Unsubscribe"] == "" {
				t.Error("without the way to hear no more")
			}
			if kind == "invitation" && !strings.Contains(string(out.Attachments[0].Data), "SUMMARY;LANGUAGE="+want+":") {
				t.Errorf("the calendar of %q: %s", lang, out.Attachments[0].Data)
			}
		}
	}
}
