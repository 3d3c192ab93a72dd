package processorsystem_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/processorsystem"
	"hastaluego/internal/fault"
)

const good = `systems:
  mailing:
    kind: processor
    title: Correo Claro, S.L.
    email: privacidad@correoclaro.example
    language: es
    days: 10
    keys: ["KEY"]
    certificates: ["SUM"]
    erase:
      subscribers:
        title: {es: Suscriptores, en: Subscribers}
        fields: [email]
        category: contact
        role: controller
        basis: contract
        after: erase
`

var sum = strings.TrimSuffix(strings.Repeat("ab:", 32), ":")

// A processor says who it is, how it is asked and by which keys it is known; nothing of
// it is called.
func TestAProcessorIsDeclared(t *testing.T) {
	t.Parallel()
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string][]byte{"raw": pub, "exported": spki} {
		src := strings.NewReplacer("KEY", base64.StdEncoding.EncodeToString(key), "SUM", sum).Replace(good)
		all, err := declaration.Load("systems.yaml", []byte(src), processorsystem.Kind())
		if err != nil {
			t.Fatal(name, err)
		}
		opened, err := all[0].Open(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		p := opened.Connector().Processor
		if p == nil || p.Title != "Correo Claro, S.L." || p.Days != 10 || len(p.Keys) != 1 || string(p.Keys[0]) != string(pub) || len(p.Certificates) != 1 || !p.Signs() ||
			len(p.Holdings) != 1 || p.Holdings[0].After != connector.Erase {
			t.Errorf("%s: %+v", name, p)
		}
		if can, _ := all[0].Can(); len(can) != 1 || can[0] != connector.CanReceipt {
			t.Errorf("it can %v", can)
		}
	}
}

// What is wrong with a declaration is told at its place, all of it at once.
func TestWhatIsWrongWithAProcessorIsTold(t *testing.T) {
	t.Parallel()
	src := strings.NewReplacer("KEY", base64.StdEncoding.EncodeToString(make([]byte, 32)), "SUM", sum).Replace(good)
	for _, x := range []struct{ old, new, field, code string }{
		{"    title: Correo Claro, S.L.\n", "", "/systems/mailing/title", "system.missing"},
		{"    email: privacidad@correoclaro.example\n", "", "/systems/mailing/email", "system.processor_unreached"},
		{"privacidad@correoclaro.example", "Correo <a@b.example>", "/systems/mailing/email", "field.email"},
		{"    language: es\n", "    ask: {es: Llamar}\n", "/systems/mailing/ask", "system.not_here"},
		{"language: es", "language: Spanish", "/systems/mailing/language", "system.language"},
		{"days: 10", "days: 120", "/systems/mailing/days", "system.range"},
		{base64.StdEncoding.EncodeToString(make([]byte, 32)), "c2hvcnQ=", "/systems/mailing/keys/0", "system.ed25519"},
		{sum, "abcd", "/systems/mailing/certificates/0", "system.sha256"},
		{"after: erase", "after: keep", "/systems/mailing/erase/subscribers/after", "system.word"},
		{src[strings.Index(src, "    erase:"):], "", "/systems/mailing", "system.nothing_to_do"},
	} {
		_, err := declaration.Load("systems.yaml", []byte(strings.Replace(src, x.old, x.new, 1)), processorsystem.Kind())
		found := false
		for _, f := range fault.Fields(err) {
			found = found || f.Field == x.field && f.Code == x.code
		}
		if !found {
			t.Errorf("%q instead of %q: %v", x.new, x.old, err)
		}
	}
}
