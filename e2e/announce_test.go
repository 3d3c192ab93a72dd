package e2e_test

import (
	"time"

	"hastaluego/internal/text"
)

// announces another price by pasted lines: what is wrong with two of them, who is
// told and when, the letter, and then for good.
func (s *stage) announces(b *browser, check, base string) {
	b.t.Helper()
	b.inspect(check, "announcements-none", base+"/console/announcements")
	b.open(base + "/console/announcements?lang=es")
	day := time.Now().AddDate(0, 0, 60).Format("02/01/2006")
	lines := "contrato;qué;día;precio;moneda\nNADIE;precio;" + day + ";1;EUR\n"
	for i, c := range s.sample.Named {
		lines += c.Reference + "-1;precio;" + day + ";" + text.Number("es", int64(9+i)) + ",50;" + c.Currency + "\n"
	}
	b.fill("#text", lines+s.sample.Named[0].Reference+"-1;prueba;ayer;;\n")
	b.press("look", testid("tried"))
	b.inspect(check, "announcing", b.at())
	b.press("announce", testid("announced"))
	b.shot("announced")
	b.inspect(check, "announcements", base+"/console/announcements")
}
