package reply_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"hastaluego/internal/fault"
	"hastaluego/internal/reply"
)

const answered = "From: =?utf-8?q?Marta_Ib=C3=A1=C3=B1ez?= <marta@estudioalmena.example>\r\n" +
	"To: hola@clara.example\r\nSubject: Re: Confirma tu baja, HL-7K4M-29QX\r\nDate: Tue, 24 Nov 2026 13:00:00 +0100\r\n" +
	"Message-ID: <abc@estudioalmena.example>\r\nAuthentication-Results: mx.example; dkim=pass header.d=estudioalmena.example\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
	"--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"S=ED, confirmo.\r\n\r\nEl mar, 24 nov 2026 a las 12:00, Clara (<hola@clara.example>)\r\nescribi=F3:\r\n> No he sido yo\r\n> Clave: ab12-cd34-ef56-gh78\r\n" +
	"--x\r\nContent-Type: text/html\r\n\r\n<p>otra cosa</p>\r\n--x--\r\n"

func TestAnAnswerIsRead(t *testing.T) {
	t.Parallel()
	r, err := reply.Parse([]byte(answered))
	if err != nil {
		t.Fatal(err)
	}
	if r.From != "marta@estudioalmena.example" || r.FromName != "Marta Ibáñez" || r.Own != "Sí, confirmo." || r.ID != "abc@estudioalmena.example" || r.Date.Hour() != 12 {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(r.Codes(), []string{"HL-7K4M-29QX"}) || !slices.Equal(r.Keys(), []string{"ab12-cd34-ef56-gh78"}) || len(r.Auth) != 1 {
		t.Errorf("%v %v %v", r.Codes(), r.Keys(), r.Auth)
	}
	if g := r.Guess(); g != reply.Confirm { // what is quoted is not said
		t.Errorf("it means %s", g)
	}
}

func TestWordsMeanWhatOurLettersAskFor(t *testing.T) {
	t.Parallel()
	for words, means := range map[string]reply.Meaning{
		"Sí, confirmo": reply.Confirm, "NO HE SIDO YO!": reply.NotMe, "Deshacer la baja, por favor": reply.Undo, "Sí, me parece bien.": reply.Approve,
		"Falta: el dominio": reply.Lacking, "Lo he recibido todo": reply.Accept, "Sí, acepto": reply.OfferYes, "No, gracias": reply.OfferNo,
		"Write to me no more, please": reply.Silence, "La he cambiado": reply.Rotated, "I have changed it.": reply.Rotated,
		"Irme: 4\nOs recomendaría: 9": reply.Survey, "Irme: 4\nRecomendaros: 9\nGracias": reply.Survey, "Recommend = 0": reply.Survey, "Leaving: 6": reply.Message,
		"Hola Clara, ¿qué tal?": reply.Message, "Yes, I confirm": reply.Confirm, "This was not me": reply.NotMe, "Quiero darme de baja": reply.Request,
		"hasta-request=1\r\naccount=a@b.example\r\nwhen=now": reply.Request, "desconfirmo": reply.Message,
		"No me escribáis más": reply.Silence, "Please stop writing to me.": reply.Silence,
		"Sí, confirmo\r\n\r\nDe: Clara <hola@clara.example>\r\nEnviado el: martes\r\nPara: Marta\r\n\r\nResponde «No he sido yo»": reply.Confirm,
		"Yes, I confirm\nFrom: Clara\nSent: Tuesday\nThis was not me":                                                             reply.Confirm,
		"De: mi jefa\nno he sido yo": reply.NotMe,
		"Ja, ich bestätige.\n\nAm Di., 24. Nov. 2026 um 12:00 schrieb Clara <hola@clara.example>:\n> Das war ich nicht":     reply.Confirm,
		"Oui, je confirme\n\nLe mar. 24 nov. 2026 à 12:00, Clara <hola@clara.example> a écrit\u00a0:\n> Ce n’était pas moi": reply.Confirm,
		"Von: Clara\nGesendet: Dienstag\nDas war ich nicht":                                                                 reply.Message, "De\u00a0: Clara\nEnvoyé\u00a0: mardi\nCe n’était pas moi": reply.Message,
		"Das war ich nicht!": reply.NotMe, "Ce n'était pas moi": reply.NotMe, "Kündigung zurücknehmen": reply.Undo, "Annuler la résiliation": reply.Undo,
		"Ja, das ist in Ordnung": reply.Approve, "Oui, cela me convient": reply.Approve, "Es fehlt: die Domain": reply.Lacking, "Il manque\u202f: le domaine": reply.Lacking,
		"Ich habe alles erhalten": reply.Accept, "J’ai tout reçu": reply.Accept, "Ja, ich nehme an": reply.OfferYes, "Oui, j’accepte": reply.OfferYes,
		"Nein, danke": reply.OfferNo, "Non, merci": reply.OfferNo, "Ich habe es geändert": reply.Rotated, "Je l’ai changé": reply.Rotated,
		"Bitte nicht mehr schreiben": reply.Silence, "Ne m’écrivez plus": reply.Silence, "Gehen: 4\nEmpfehlen: 8": reply.Survey, "Départ\u202f: 4\nRecommander\u202f: 8": reply.Survey,
		"Ich möchte kündigen": reply.Request, "Je souhaite résilier": reply.Request,
	} {
		if g := reply.Text(words).Guess(); g != means {
			t.Errorf("%q means %s", words, g)
		}
	}
}

func TestAFormIsReadLineByLine(t *testing.T) {
	t.Parallel()
	f := reply.Text("hasta-request=1\r\nname=Marta\r\naccount=marta@a.example\r\naccount=otra@a.example\r\nother=x\r\nwhen=period_end").Form
	if f["account"] != "marta@a.example" || f["name"] != "Marta" || f["when"] != "period_end" || f["other"] != "" {
		t.Errorf("%v", f)
	}
	if reply.Text("account=marta@a.example").Form != nil {
		t.Error("a line is no form")
	}
}

func TestWhatIsNoLetterIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "hola", "\x00\x01", "X: y\r\n\r\nz"} {
		if _, err := reply.Parse([]byte(s)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := reply.Parse(make([]byte, reply.Most+1)); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("%v", err)
	}
}

// Whatever is read in, it is words that can be shown, and it never panics.
func FuzzParse(f *testing.F) {
	f.Add([]byte(answered))
	f.Add([]byte("From: a@b\r\nSubject: =?x?q?=FF?=\r\n\r\nhasta-request=1\r\naccount=x"))
	f.Add([]byte("Subject: x\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := reply.Parse(raw)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, s := range []string{r.From, r.FromName, r.Subject, r.ID} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\n\r\x00") {
				t.Fatalf("%q", s)
			}
		}
		if !slices.Contains(reply.Meanings, r.Guess()) || !utf8.ValidString(r.Whole) || strings.Contains(r.Own, "\x00") {
			t.Fatalf("%+v", r)
		}
		_, _ = r.Codes(), r.Keys()
		for field, n := range func() map[string]string { s, _ := r.Scores(); return s }() {
			if most := map[string]string{"csat": "12345", "nps": "0123456789 10"}[field]; !strings.Contains(most, n) {
				t.Fatalf("%s is %q", field, n)
			}
		}
	})
}
