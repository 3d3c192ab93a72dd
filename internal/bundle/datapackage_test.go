package bundle_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/bundle"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/peers"
)

// taken is a bundle in the making, all of it in memory.
type taken struct {
	t      testing.TB
	bodies map[string][][]byte
	files  []bundle.Packed // payload first
	pkg    bundle.Package
}

func newTaken(t testing.TB) *taken {
	return &taken{t: t, bodies: map[string][][]byte{}, pkg: bundle.Package{
		Name: "hl-7k4m-29qx", Lang: "es", Titles: map[string]string{"es": "Los datos de Estudio Almena", "en": "The data of Estudio Almena"}, Source: "Faro S. L.", Created: day,
		Descriptions: map[string]string{"es": "Todo lo que guardábamos.", "en": "All that we kept."},
	}}
}

func (k *taken) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *taken) add(name string, body []byte) bundle.Packed {
	segments, f := pack(k.t, name, body, nil, nil)
	k.bodies[name] = segments
	k.files = append(k.files, f)
	return f
}

func (k *taken) file(name, original, media string, body []byte) {
	f := k.add("data/"+name, body)
	k.pkg.Resources = append(k.pkg.Resources, bundle.Resource{File: f, Original: original, Media: media})
}

func (k *taken) table(name, format string, list []bundle.Field, key []string, rows ...[]bundle.Cell) {
	k.t.Helper()
	var out bytes.Buffer
	begin := bundle.NewTable
	if format == bundle.NDJSON {
		begin = bundle.NewLines
	}
	table, err := begin(&out, list)
	k.must(err)
	for _, r := range rows {
		k.must(table.Row(r...))
	}
	f := k.add("data/"+name, out.Bytes())
	k.pkg.Resources = append(k.pkg.Resources, bundle.Resource{
		File: f, Format: format, Fields: table.State().Types(list), Key: key, Rows: table.State().Rows,
		Titles: map[string]string{"es": "Tabla " + name, "en": "Table " + name},
	})
}

// archive ends it: data package, further files beside the payload, tags.
func (k *taken) archive(beside ...bundle.File) []byte {
	k.t.Helper()
	raw, err := bundle.Descriptor(k.pkg)
	k.must(err)
	k.add(bundle.PackageName, raw)
	n := len(k.files)
	for _, f := range beside {
		k.add(f.Name, f.Body)
	}
	tags, err := bundle.Tags(info, k.files[:n], k.files[n:]...)
	k.must(err)
	for _, f := range tags {
		k.add(f.Name, f.Body)
	}
	a, err := bundle.NewArchive(root, day, k.files, func(f, s int) ([]byte, error) { return k.bodies[k.files[f].Name][s], nil })
	k.must(err)
	var out bytes.Buffer
	_, err = a.WriteTo(&out)
	k.must(err)
	_, err = check(out.Bytes())
	k.must(err)
	return out.Bytes()
}

// unpacked writes a ZIP below a folder of the test, and returns that of the bag.
func unpacked(t testing.TB, b []byte) string {
	t.Helper()
	dir := t.TempDir()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, root)
}

func text(s string) bundle.Cell { return bundle.Cell{Text: s} }

// everything holds a table of each kind, with hostile text in all that has any.
func everything(t testing.TB) *taken {
	k := newTaken(t)
	types := fields(t, "id:integer! text any:any whole:integer number:number truth:boolean day:date time:datetime")
	types[1].Titles = map[string]string{"es": "Texto", "en": "Text"}
	types[1].Descriptions = map[string]string{"es": "Lo que sea", "en": "Whatever"}
	var rows [][]bundle.Cell
	for i, h := range hostile {
		rows = append(rows, []bundle.Cell{
			text(strconv.Itoa(i)), text(h), text(h), text("9007199254740993"), text("-1.50"),
			text("true"), text("2026-11-24"), text("2026-11-24T09:00:00.123456+01:00"),
		})
	}
	rows = append(rows, []bundle.Cell{text("999"), bundle.Null, bundle.Null, bundle.Null, text("1e9"), bundle.Null, bundle.Null, bundle.Null})
	k.table("types.csv", bundle.CSV, types, []string{"id"}, rows...)
	k.table("types.ndjson", bundle.NDJSON, types, []string{"id"}, rows...)
	k.table("one.csv", bundle.CSV, fields(t, "only"), nil, []bundle.Cell{bundle.Null}, []bundle.Cell{text("")}, []bundle.Cell{text("x")}, []bundle.Cell{bundle.Null})
	k.table("empty.csv", bundle.CSV, fields(t, "a b"), nil)
	k.table("Año 2026/ñandú #1%.csv", bundle.CSV, fields(t, "días:integer"), nil, []bundle.Cell{text("1")})
	k.file("<b>foto</b>.png", "<b>foto</b>.png", "image/png", []byte("\x89PNG\r\n\x1a\n"))
	return k
}

func TestTheReferenceReadsTheDataPackage(t *testing.T) {
	t.Parallel()
	k := everything(t)
	dir := unpacked(t, k.archive())
	out, err := peers.RunNode(testkit.Root(t), "datapackage.mjs", filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	if out != "types.csv 31\none.csv 4\nempty.csv 0\nAño 2026/ñandú #1%.csv 1\n" {
		t.Errorf("it read %q", out)
	}
	// What is wrong with a cell, a count, a checksum or the descriptor is found.
	file := filepath.Join(dir, "data", "one.csv")
	if err := os.WriteFile(file, []byte("only\r\n\"\"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	descriptor := filepath.Join(dir, "data", "datapackage.json")
	raw, err := os.ReadFile(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.Replace(raw, []byte(`"type": "boolean"`), []byte(`"type": "date"`), 1)
	if err := os.WriteFile(descriptor, bytes.Replace(raw, []byte(`"name": "one"`), []byte(`"name": "ONE"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = peers.RunNode(testkit.Root(t), "datapackage.mjs", filepath.Join(dir, "data"))
	for _, want := range []string{"types.csv row 2:", "one.csv: 10 bytes", "one.csv: its hash", "one.csv: 1 rows instead of 4", "datapackage.json: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q was not found: %v", want, err)
		}
	}
}

func TestADataPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	k := everything(t)
	k.pkg.Missing = []bundle.Missing{{Name: "invoices", Why: map[string]string{"es": "no contesta", "en": "does not answer"}}}
	raw, err := bundle.Descriptor(k.pkg)
	k.must(err)
	for _, want := range []string{
		`"title": "Los datos de Estudio Almena"`, `"guard": "'"`, `"missingValues": [`, `"primaryKey": [`, `"profile": "tabular-data-resource"`, `"required": true`,
		`"no contesta"`, `"role": "publisher"`, `"created": "2026-11-24T09:00:01Z"`, `"mediatype": "application/x-ndjson"`, `"name": "a-o-2026/-and---1-"`,
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
	for name, change := range map[string]func(*bundle.Package){
		"name":      func(p *bundle.Package) { p.Name = "Ñ" },
		"resources": func(p *bundle.Package) { p.Resources = nil },
		"key":       func(p *bundle.Package) { p.Resources[0].Key = []string{"none"} },
		"format":    func(p *bundle.Package) { p.Resources[0].Format = "xml" },
		"place":     func(p *bundle.Package) { p.Resources[0].File.Name = "index.html" },
		"columns":   func(p *bundle.Package) { p.Resources[0].Fields = []bundle.Field{{Name: "x", Type: "y"}} },
	} {
		p := everything(t).pkg
		change(&p)
		if _, err := bundle.Descriptor(p); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
