package e2e_test

import (
	"github.com/chromedp/chromedp"
)

// importsAFile brings customers in by the browser: the file, what its columns are,
// what would go in with a row that does not, and then in.
func (b *browser) importsAFile(check, base string) {
	b.t.Helper()
	b.inspect(check, "import-new", base+"/console/imports/new")
	b.open(base + "/console/imports/new?lang=es")
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`(() => {
		const files = new DataTransfer();
		files.items.add(new File(['Nº;Empresa;Correo;Tarifa;Cuota;Periodo;Alta\n901;Talleres Sol;sol@taller.example;Pro;1.234,50 €;anual;25/08/2025\n902;Bar Luna;luna;Base;39,90 €;mensual;31/12/2025\n'], 'clientes.csv', {type: 'text/csv'}));
		document.querySelector('#file').files = files.files;
		return true;
	})()`))
	if err != nil {
		b.t.Fatal(err)
	}
	b.press("keep-file", testid("columns"))
	b.inspect(check, "import-file", b.at())
	b.do(chromedp.SetValue(chromedp.CSS("#who"), "organisation"))
	b.press("try", testid("refused"))
	b.axe(check, "import-tried")
	b.shot("import-tried")
	b.press("import", testid("imported"))
	b.shot("imported")
}
