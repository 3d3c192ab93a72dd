package document_test

import (
	"strings"
	"testing"
	"time"

	"hastaluego/internal/document"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func anAct(lang string) document.Letter {
	at := func(d int) time.Time { return time.Date(2026, 11, d, 9, 0, 0, 0, time.UTC) }
	sum := strings.Repeat("0123456789abcdef", 4)
	return document.Act(document.ActFacts{
		Lang: lang, Company: document.Company{Name: "Faro", LegalName: "Faro, S.L.", Address: "Calle Mayor 1, Bilbao", Zone: time.UTC}, Code: "HL-7K4M-29QX", At: at(26), Number: 2,
		Name: "Estudio Almena", Effective: when.Date{Year: 2026, Month: 12, Day: 31},
		Items: []document.ActItem{
			{
				Handed: document.Handed{Kind: "domain", Name: "almena.example", State: "accepted", At: at(20)}, How: "Código de traslado entregado", Owner: "third_party", NewOwner: "Ana Ruiz",
				NewOwnerEmail: "ana@almena.example", OwnerConfirmed: at(18),
			},
			{
				Handed: document.Handed{Kind: "document", Name: "Manual de marca", State: "given", At: at(21)}, How: "El PDF y sus fuentes", Owner: "ours",
				Piece: document.ActPiece{Version: "2", Format: "pdf", SHA256: sum}, Refused: []document.ActRefusal{{At: at(19), Version: "1", Lacks: "El índice"}},
			},
			{Handed: document.Handed{Kind: "site", Name: "Tienda", State: "held"}, Owner: "ours", Held: "Cláusula 7: con el último pago"},
			{Handed: document.Handed{Kind: "deliverable", Name: "Fotos", State: "missing", At: at(22)}, Owner: "ours", Piece: document.ActPiece{Version: "b"}, Lacks: "Las verticales"},
			{
				Handed: document.Handed{Kind: "credential", Name: "Servidor", State: "accepted", At: at(20), Rotation: "confirmed"}, How: "El usuario de despliegue",
				Envelope: "opened", EnvelopeAt: at(20),
			},
			{
				Handed: document.Handed{Kind: "credential", Name: "Caja fuerte", State: "accepted", At: at(20), BySlip: true, Rotation: "waiting"}, How: "La combinación",
				GivenBy: "Nerea Urrutia", GivenTo: "Ana Ruiz", GivenAt: at(19), SignedBy: "Ana Ruiz", Slip: "HL-7K4M-29QX-2026-11-19-1000",
			},
		},
		Promised: []document.ActPromise{
			{Title: "Fotos", Due: when.Date{Year: 2026, Month: 11, Day: 1}, State: "missing", Lacks: "Las verticales", Piece: document.ActPiece{Version: "b"}},
			{Title: "Textos", State: "open"},
			{Title: "Inicio", Delivered: when.Date{Year: 2026, Month: 10, Day: 3}, State: "accepted", Piece: document.ActPiece{Version: "3"}},
		},
		Renewals: []document.ActRenewal{
			{Name: "almena.example", On: when.Date{Year: 2027, Month: 3, Day: 1}, Cost: money.Amount{Minor: 1210, Currency: "EUR"}, Payer: "client"},
			{Name: "Certificado", On: when.Date{Year: 2027, Month: 5, Day: 9}},
		},
		Open: []document.ActMatter{
			{What: "Borrar la copia de pruebas", By: "ours", Due: when.Date{Year: 2026, Month: 12, Day: 1}}, {What: "La web tarda", By: "complaint"},
		},
		Figures: []string{"Visitas: 1.206 al mes (Analytics)"},
	})
}

// An act says everything in every language, as it was agreed here, and no secret.
func TestActsSayWhatTheySaid(t *testing.T) {
	t.Parallel()
	for _, lang := range text.CustomerLangs() {
		l := anAct(lang)
		golden(t, "act."+lang+".text.golden", "Subject: "+l.Subject+"\n\n"+document.MailText(l))
		accepted := document.ActAccepted(document.ActAcceptedFacts{
			Lang: lang, Company: document.Company{Name: "Faro", LegalName: "Faro, S.L.", Zone: time.UTC}, Code: "HL-7K4M-29QX", At: time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC), Number: 2,
			MadeAt: l.At, SHA256: strings.Repeat("0123456789abcdef", 4), Name: "Estudio Almena", By: "Ana Ruiz, gerente", Address: "ana@almena.example",
		})
		golden(t, "act_accepted."+lang+".text.golden", "Subject: "+accepted.Subject+"\n\n"+document.MailText(accepted))
		for _, l := range []document.Letter{l, accepted} {
			if _, err := document.PDF(l); err != nil {
				t.Errorf("%s in %s: %v", l.Kind, lang, err)
			}
		}
	}
	empty := document.MailText(document.Act(document.ActFacts{Lang: "es", Company: document.Company{Name: "Faro"}}))
	if !strings.Contains(empty, "No sabemos de nada más") || strings.Contains(empty, "Lo que se renueva") {
		t.Errorf("an act of nothing:\n%s", empty)
	}
}
