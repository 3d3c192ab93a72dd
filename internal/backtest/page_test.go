package backtest_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hastaluego/internal/backtest"
)

// The page of every verdict says in both languages what was found, asks a person about
// columns that know, and shows no code of ours and nothing of the file as markup.
func TestThePageSaysWhatWasFound(t *testing.T) {
	hostile := bytes.ReplaceAll(drawn(1, 700, 2, true), []byte("Básico"), []byte("<script>Básico"))
	for name, raw := range map[string][]byte{"learned": hostile, "no_signal": drawn(1, 700, 0, false), "too_few": drawn(1, 40, 0, false)} {
		r, _, err := backtest.Run(bytes.NewReader(raw), backtest.Ask{ID: "id", Target: "baja", Rate: .1}, false)
		if err != nil || string(r.Verdict) != name {
			t.Fatalf("%s: %s, %v", name, r.Verdict, err)
		}
		for lang, want := range map[string]string{"es": "apartada", "en": "kept out"} {
			var page, told bytes.Buffer
			if err := backtest.WritePage(&page, lang, "clientes.csv", r); err != nil {
				t.Fatal(err)
			}
			backtest.WriteText(&told, lang, r)
			for what, said := range map[string]string{"page": page.String(), "text": told.String()} {
				if strings.Contains(said, want) != (name == "learned") || strings.Contains(said, "backtest.") || strings.Contains(said, "NaN") || strings.Contains(said, "Inf") {
					t.Errorf("%s, %s, %s:\n%s", name, lang, what, said)
				}
			}
			if strings.Contains(page.String(), "<script>B") {
				t.Error("a word of the file became markup")
			}
			if _, err := html.Parse(&page); err != nil {
				t.Error(err)
			}
		}
	}
}
