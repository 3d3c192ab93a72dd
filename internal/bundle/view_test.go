package bundle_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/bundle"
)

// pagesOf are the pages of a bundle in the making, the first of which is the
// last made: index.html.
func pagesOf(k *taken, most int64) []bundle.File {
	k.t.Helper()
	var list []bundle.File
	v := bundle.View{Package: k.pkg, Identifier: root, MostRows: most, Open: func(i int) (io.Reader, error) {
		f := k.pkg.Resources[i].File
		return f.Open(func(s int) ([]byte, error) { return k.bodies[f.Name][s], nil }), nil
	}}
	k.must(v.Pages(func(f bundle.File) error { list = append(list, f); return nil }))
	return list
}

func page(t testing.TB, list []bundle.File, name string) string {
	t.Helper()
	i := slices.IndexFunc(list, func(f bundle.File) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	return string(list[i].Body)
}

func names(list []bundle.File) (out []string) {
	for _, f := range list {
		out = append(out, f.Name)
	}
	return out
}

// dot is a picture of one point.
func dot(t testing.TB) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestThePagesShowWhatTheBundleHolds(t *testing.T) {
	t.Parallel()
	k := newTaken(t)
	var rows [][]bundle.Cell
	for i := range 1200 {
		rows = append(rows, []bundle.Cell{text(fmt.Sprint(i + 1)), text(fmt.Sprintf("Factura %d", i+1))})
	}
	rows[0][1] = bundle.Null
	rows[1][1] = text(strings.Repeat("ñ", 1003))
	rows[2][1] = text("a\x01b\u202egpj")
	k.table("facturas.csv", bundle.CSV, fields(t, "id:integer about"), nil, rows...)
	k.table("empty.csv", bundle.CSV, fields(t, "a"), nil)
	k.file("foto #1.png", "foto?1.png", "image/png", dot(t))
	k.file("page.html", "", "text/html", []byte("<script>alert(1)</script>"))
	k.file("contrato.pdf", "", "application/pdf", []byte("%PDF"))
	k.file("sin ending", "", "", nil)
	k.pkg.Missing = []bundle.Missing{{Name: "crm", Why: map[string]string{"es": "el sistema no contesta desde el 20 de noviembre", "en": "down"}}}
	list := pagesOf(k, 1000)
	if want := []string{"view/table-1-1.html", "view/table-1-2.html", "view/table-2-1.html", "view/files-1.html", "view/search.html", "index.html"}; !slices.Equal(names(list), want) {
		t.Fatalf("%q", names(list))
	}
	for name, wants := range map[string][]string{
		"index.html": {
			`<html lang="es">`, "Los datos de Estudio Almena", "24 de noviembre de 2026, 09:00 (UTC)", "2 tablas, 4 ficheros", "crm</bdi>: el sistema no contesta", `href="view/table-1-1.html"`,
			"1200", k.pkg.Resources[0].File.SHA256, `href="data/facturas.csv"`,
		},
		"view/table-1-1.html": {
			"Aquí se muestran las primeras 1000 filas de 1200. Están todas en data/facturas.csv.", `<tr id="r1" data-find><th scope="row" class="n">1</th><td class="n">1</td><td><span class="soft">–</span></td></tr>`,
			strings.Repeat("ñ", 1000) + ` <em class="soft">… y 3 letras más en el fichero</em>`, "a␁b[U&#43;202E]gpj", "Filas 1 a 500 de 1200", `rel="next" href="table-1-2.html"`,
		},
		"view/table-1-2.html": {`id="r1000"`, `rel="prev" href="table-1-1.html"`},
		"view/table-2-1.html": {"No hay ninguna fila."},
		"view/files-1.html": {
			`<img src="../data/foto%20%231.png" alt="Imagen data/foto #1.png"`, "Se llamaba foto?1.png", "<bdi>data/page.html</bdi>", "<bdi>data/contrato.pdf</bdi>", "<bdi>data/sin ending</bdi>",
		},
		"view/search.html": {`<a href="table-1-2.html#r1000">Tabla facturas.csv, fila 1000</a><br>1000 · Factura 1000</li>`, "De «Tabla facturas.csv» se busca en las primeras 1000 filas de 1200."},
	} {
		got := page(t, list, name)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
	}
	if strings.Contains(page(t, list, "view/table-1-2.html"), `rel="next"`) {
		t.Error("the last page leads further")
	}
	if links := regexp.MustCompile(`href="\.\./data/[^"]*"`).FindAllString(page(t, list, "view/files-1.html"), -1); len(links) != 1 {
		t.Errorf("a browser may run one of %q", links)
	}

	k.pkg.Lang = "en"
	again := pagesOf(k, 0)
	if got := page(t, again, "index.html"); !strings.Contains(got, `<html lang="en">`) || !strings.Contains(got, "1,200") || !strings.Contains(got, "The data of Estudio Almena") {
		t.Error("it speaks no English")
	}
	for _, f := range again {
		if regexp.MustCompile(`\{[a-z]+\}`).MatchString(regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|data-(said|many)="[^"]*"`).ReplaceAllString(string(f.Body), "")) {
			t.Errorf("%s has a slot that is not filled", f.Name)
		}
	}
}

func TestWidePagesHaveFewerRows(t *testing.T) {
	t.Parallel()
	k := newTaken(t)
	wide := make([]bundle.Cell, 100)
	for i := range wide {
		wide[i] = text(strings.Repeat("x", 900))
	}
	var columns []string
	for i := range wide {
		columns = append(columns, fmt.Sprintf("c%d", i))
	}
	k.table("wide.csv", bundle.CSV, fields(t, strings.Join(columns, " ")), nil, slices.Repeat([][]bundle.Cell{wide}, 100)...)
	list := pagesOf(k, 0)
	shown := 0
	for _, f := range list {
		if len(f.Body) > 6<<20 || strings.HasPrefix(f.Name, "view/table") && len(f.Body) > 1<<20 {
			t.Errorf("%s is of %d bytes", f.Name, len(f.Body))
		}
		shown += strings.Count(string(f.Body), "<tr id=")
	}
	if shown != 100 || len(list) < 15 {
		t.Errorf("%d rows on %d pages", shown, len(list))
	}
	if !strings.Contains(page(t, list, "view/search.html"), "se busca en las primeras 46 filas de 100") {
		t.Error("the search does not say what it leaves out")
	}
}

func TestPagesOfAnotherTableAreNotMade(t *testing.T) {
	t.Parallel()
	k := everything(t)
	v := bundle.View{Package: k.pkg, Open: func(int) (io.Reader, error) { return nil, errDisk }}
	keep := func(bundle.File) error { return nil }
	if err := v.Pages(keep); !errors.Is(err, errDisk) {
		t.Errorf("a file that cannot be opened: %v", err)
	}
	v.Open = func(int) (io.Reader, error) { return strings.NewReader("other\r\n"), nil }
	if err := v.Pages(keep); !errors.Is(err, bundle.ErrTable) {
		t.Errorf("another table: %v", err)
	}
	v.Package.Resources = v.Package.Resources[2:3]
	v.Package.Resources[0].Rows = 9
	v.Open = func(int) (io.Reader, error) { return strings.NewReader("only\r\nx\r\n"), nil }
	if err := v.Pages(keep); err == nil || !strings.Contains(err.Error(), "one.csv has 1 rows, not 9") {
		t.Errorf("rows that are missing: %v", err)
	}
}

func TestTheTextFileSaysHowToReadIt(t *testing.T) {
	t.Parallel()
	k := everything(t)
	k.pkg.Missing = []bundle.Missing{{Name: "crm", Titles: map[string]string{"es": "Clientes"}, Why: map[string]string{"es": "no contesta"}}}
	for lang, want := range map[string][]string{
		"es": {"LEEME.txt", "Los datos de Estudio Almena\r\n", "De: Faro S. L.", "- Clientes: no contesta", "quita un apóstrofo", "sha256sum -c"},
		"fr": {"README.txt", "From: Faro S. L.", "take one apostrophe off", "What is missing"},
	} {
		k.pkg.Lang = lang
		f := bundle.Readme(k.pkg, root)
		all := f.Name + "\n" + string(f.Body)
		for _, w := range want {
			if !strings.Contains(strings.ToLower(all), strings.ToLower(w)) {
				t.Errorf("%s lacks %q:\n%s", lang, w, all)
			}
		}
	}
}
