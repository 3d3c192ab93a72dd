package document_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/document"
	"hastaluego/internal/when"
)

func aReport(lang string, pictures ...document.Picture) document.Letter {
	return document.Report(document.ReportFacts{
		Lang: lang, Company: document.Company{Name: "Faro"}, Code: "HL-7K4M-29QX", At: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC), Name: "Estudio Almena",
		Effective: when.Date{Year: 2026, Month: 12, Day: 31}, Summary: "Hicimos la web.\n\nY la mantuvimos.", Figures: []string{"Visitas: 1.206 al mes (Analytics)", "Doce campañas"},
		Handed: []document.Handed{
			{Kind: "site", Name: "almena.example", State: "accepted", At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)},
			{Kind: "credential", Name: "Servidor", State: "accepted", At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), BySlip: true, Rotation: "attested"},
			{Kind: "domain", Name: "almena.example", State: "given", At: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)},
		}, Pictures: pictures,
	})
}

// A report says of each thing only what is known: accepted by whom, and that a
// credential which nobody confirmed may be the same still.
func TestAReportTellsWhatIsKnownAndNoMore(t *testing.T) {
	t.Parallel()
	page := document.HTML(aReport("es"))
	for _, want := range []string{
		"1.206 al mes (Analytics)", "Visitas", "Y la mantuvimos.", "Lo aceptaste el 20 de noviembre de 2026.", "con recibo firmado", "No sabemos si cambiaste la clave",
		"espera tu respuesta",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Count(page, `<li class="no">`) != 1 {
		t.Error("what waits for the client is ticked, or what they accepted is not")
	}
}

// Pictures of any size and colour stand in the PDF; what is none is named and
// spoils nothing.
func TestPicturesOfAReportAreDrawn(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA64(image.Rect(0, 0, 90, 400))); err != nil {
		t.Fatal(err)
	}
	without, err := document.PDF(aReport("en"))
	if err != nil {
		t.Fatal(err)
	}
	with, err := document.PDF(aReport("en", document.Picture{Name: "visitas", Body: b.Bytes()}, document.Picture{Name: "rota", Body: b.Bytes()[:40]}))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(with, []byte("/Subtype /Image")) - bytes.Count(without, []byte("/Subtype /Image")); n != 1 {
		t.Errorf("%d pictures", n)
	}
}
