package password_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/password"
)

func TestAPasswordThatEverybodyTriesIsRefused(t *testing.T) {
	t.Parallel()
	for want, list := range map[string][]string{
		"password.length": {"", "corta", "catorce letras", strings.Repeat("a", 257)},
		"password.common": {
			"aaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "123456789012345", "098765432109876", "qwertyuiopasdfgh", "abcdefghijklmnop",
			"passwordpassword", "Password12345678", "P4ssw0rd!!!!!!!!", "contraseña-contraseña", "CONTRASEÑA 2026 !!!!", "iloveyouiloveyou",
			"correct horse battery staple", "Te quiero mucho 123", "...............", "1q2w3e4r5t6y7u8i", "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂x",
		},
		"password.own_name": {"ines.robledo.2026", "Inés Robledo 1234", "ines.robledoines.robledo", "Faro Reservas 2026"},
		"field.invalid":     {"con un cero \x00 dentro", "no es texto \xff\xfe largo"},
		"":                  {"una demo sin secretos", "el tranvía llega tarde", "zapato-nube-armario", "x7!kQ2#mV9@pL4$", "inés cocina garbanzos"},
	} {
		for _, p := range list {
			err := password.Check(p, "ines.robledo", "Inés Robledo", "Faro Reservas")
			code := ""
			if err != nil {
				if code = err.Code; err.Field != "password" || err.Kind != fault.Invalid {
					t.Errorf("%q: %v on %q", p, err.Kind, err.Field)
				}
			}
			if code != want {
				t.Errorf("%q: %q, want %q", p, code, want)
			}
		}
	}
}

// Whatever is typed, the answer is one of the four, and repeating a character
// never makes a password.
func TestNoPasswordIsBeyondTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.String().Draw(t, "password")
		if err := password.Check(p, rapid.String().Draw(t, "login")); err != nil && err.Field != "password" {
			t.Fatalf("%q: %v", p, err)
		}
		r := rapid.Rune().Draw(t, "rune")
		if password.Check(strings.Repeat(string(r), rapid.IntRange(1, 300).Draw(t, "n"))) == nil {
			t.Fatalf("%q again and again is a password", r)
		}
	})
}
