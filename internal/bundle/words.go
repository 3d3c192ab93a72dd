package bundle

import (
	"strconv"
	"strings"
	"time"
)

// words are those of the pages and of the text file in a bundle, in one
// language. They stand here and not with those of the screens: a bundle reads
// the same whatever becomes of the product.
type words struct{ lang string }

// wordsOf speaks Spanish or English, which it takes for any other.
func wordsOf(lang string) words {
	if lang != "es" {
		lang = "en"
	}
	return words{lang}
}

// said is by key, Spanish first, then English.
var said = map[string][2]string{
	"by":      {"De", "From"},
	"made":    {"Hecho", "Made"},
	"number":  {"Número", "Number"},
	"holds":   {"Contiene", "Holds"},
	"tables":  {"Tablas", "Tables"},
	"table":   {"Tabla", "Table"},
	"rows":    {"Filas", "Rows"},
	"row":     {"Fila", "Row"},
	"file":    {"Fichero", "File"},
	"files":   {"Ficheros", "Files"},
	"size":    {"Tamaño", "Size"},
	"where":   {"Dónde estás", "Where you are"},
	"back":    {"Volver al principio", "Back to the start"},
	"before":  {"Anteriores", "Earlier"},
	"after":   {"Siguientes", "Later"},
	"pages":   {"Páginas", "Pages"},
	"pages.2": {"Páginas, al final", "Pages, at the end"},
	"empty":   {"No hay ninguna fila.", "There are no rows."},
	"missing": {"Lo que falta", "What is missing"},
	"missing.about": {
		"Esto debería estar aquí y no está. Al lado dice por qué.",
		"This should be here and is not. Beside it stands why.",
	},
	"search":      {"Buscar en lo que se muestra", "Search what is shown"},
	"search.link": {"Buscar en todas las tablas a la vez", "Search all tables at once"},
	"find.page":   {"Buscar en esta página", "Search this page"},
	"find.said":   {"{n} de {of}", "{n} of {of}"},
	"find.many":   {"{n} de {of}; se ven las primeras {most}", "{n} of {of}; the first {most} are shown"},
	"files.link":  {"Ver {files}", "See {files}"},
	"files.about": {
		"Se enlaza solo lo que un navegador no puede ejecutar. Lo demás está en la carpeta, en la ruta que se indica.",
		"Only what a browser cannot run is linked. The rest is in the folder, at the path that is given.",
	},
	"picture":   {"Imagen {name}", "Picture {name}"},
	"original":  {"Se llamaba {name}", "It was called {name}"},
	"more":      {"… y {n} letras más en el fichero", "… and {n} letters more in the file"},
	"shown":     {"Filas {from} a {to} de {of}", "Rows {from} to {to} of {of}"},
	"shown.no":  {"0 filas", "0 rows"},
	"rest":      {"Aquí se muestran las primeras {n} filas de {of}. Están todas en {path}.", "Here the first {n} rows of {of} are shown. All of them are in {path}."},
	"rest.find": {"De «{table}» se busca en las primeras {n} filas de {of}.", "Of “{table}” the first {n} rows of {of} are searched."},
	"footer":    {"Hecho por {source} el {made}. Esta página no usa la red.", "Made by {source} on {made}. This page does not use the network."},
	"sum":       {"SHA-256", "SHA-256"},
}

// how tells what one does with a bundle; the pages and the text file say it alike.
var how = map[string][2]string{
	"how": {"Cómo se usa", "How to use it"},
	"1": {
		"Descomprime el fichero entero y abre index.html con cualquier navegador. No hace falta internet ni ningún programa nuestro.",
		"Unpack the whole file and open index.html with any browser. It takes no network and no program of ours.",
	},
	"2": {
		"Los datos están en la carpeta data. Las tablas son CSV (RFC 4180, UTF-8, separado por comas) o NDJSON (un objeto JSON por línea). data/datapackage.json dice qué es cada tabla y cada columna (Frictionless Data Package).",
		"The data are in the folder data. Tables are CSV (RFC 4180, UTF-8, separated by commas) or NDJSON (a JSON object a line). data/datapackage.json says what each table and each column is (Frictionless Data Package).",
	},
	"3": {
		"En los CSV, un texto que una hoja de cálculo tomaría por una fórmula lleva delante un apóstrofo ('), y también el que ya empezaba por uno. Para leerlo como era, quita un apóstrofo del principio. Una celda vacía es que no hay valor; un apóstrofo solo es un texto vacío.",
		"In CSV, text that a spreadsheet would take for a formula has an apostrophe (') before it, and so has text that began with one. To read it as it was, take one apostrophe off its beginning. An empty cell is no value; an apostrophe alone is empty text.",
	},
	"4": {
		"Para comprobar que no falta ni ha cambiado nada, en la carpeta de este fichero: sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt. Vale cualquier programa que entienda BagIt (RFC 8493). En las listas, %25 es un signo %.",
		"To check that nothing is missing or changed, in the folder of this file: sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt. Any program that knows BagIt (RFC 8493) will do. In the lists, %25 is a % sign.",
	},
}

func (w words) of(pair [2]string) string {
	if w.lang == "es" {
		return pair[0]
	}
	return pair[1]
}

// Say returns a text, with its slots filled in pairs: name, value.
func (w words) Say(key string, slots ...string) string {
	pair, there := said[key]
	if !there {
		pair = how[key]
	}
	for i := 0; i < len(slots); i += 2 {
		slots[i] = "{" + slots[i] + "}"
	}
	return strings.NewReplacer(slots...).Replace(w.of(pair))
}

// Footer says who made it and when.
func (w words) Footer(source, made string) string {
	return w.Say("footer", "source", source, "made", made)
}

// how are the paragraphs on what one does with a bundle.
func (w words) how() []string {
	return []string{w.Say("1"), w.Say("2"), w.Say("3"), w.Say("4")}
}

// number writes one with its groups: 12.345 or 12,345.
func (w words) number(n int64) string {
	s, sep := strconv.FormatInt(n, 10), ","
	if w.lang == "es" {
		sep = "."
		if n < 10_000 { // the Academy parts only five digits and more
			return s
		}
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return s
}

// bytes writes a size.
func (w words) bytes(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, unit := float64(n)/1000, "kB"
	for _, u := range []string{"MB", "GB", "TB"} {
		if f < 999.5 {
			break
		}
		f, unit = f/1000, u
	}
	digits := 0
	if f < 9.95 {
		digits = 1
	}
	s := strconv.FormatFloat(f, 'f', digits, 64)
	if w.lang == "es" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + " " + unit
}

// count writes how many there are of something: one, many.
func (w words) count(n int64, one, many [2]string) string {
	if n == 1 {
		return "1 " + w.of(one)
	}
	return w.number(n) + " " + w.of(many)
}

func (w words) files(n int64) string {
	return w.count(n, [2]string{"fichero", "file"}, [2]string{"ficheros", "files"})
}

func (w words) tables(n int64) string {
	return w.count(n, [2]string{"tabla", "table"}, [2]string{"tablas", "tables"})
}

var months = map[string][]string{
	"es": {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// instant writes a time in full, and its zone, which is UTC.
func (w words) instant(t time.Time) string {
	t = t.UTC()
	of := " "
	if w.lang == "es" {
		of = " de "
	}
	return strconv.Itoa(t.Day()) + of + months[w.lang][t.Month()-1] + of + strconv.Itoa(t.Year()) + ", " + t.Format("15:04") + " (UTC)"
}
