package bundle_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/bundle"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/peers"
)

// unzipped reads a bundle: what stands in each file, by its path below the root.
func unzipped(t *testing.T, raw []byte, root string) map[string][]byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, entry := range archive.File {
		name, ok := strings.CutPrefix(entry.Name, root+"/")
		if !ok || !filepath.IsLocal(name) {
			t.Fatalf("%q is not below %s", entry.Name, root)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func written(t *testing.T, files map[string][]byte) string {
	t.Helper()
	folder := t.TempDir()
	for name, body := range files {
		at := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// Two verifiers that share nothing accept what we write, and the second, which knows
// RFC 8493 only, names every file of which one bit is another.
func TestASecondVerifierAcceptsABundleAndNamesWhatIsChanged(t *testing.T) {
	t.Parallel()
	const root = "HL-7K4M-29QX"
	var raw bytes.Buffer
	err := bundle.Write(&raw, root, bundle.Info{
		Source:     "Peña y Söhne, S. L.",
		Identifier: root,
		About:      "Todo lo que te llevas: facturas, mensajes y ficheros. " + strings.Repeat("Es tuyo, y se lee sin nosotros. ", 8),
		Date:       time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC),
	}, []bundle.File{
		{Name: "invoices.csv", Body: []byte("reference,amount\r\nF-1,10.00\r\n")},
		{Name: "mensajes/año nuevo.txt", Body: []byte("Hasta luego.\n")},
		{Name: "100% tuyo.txt", Body: []byte("sí")},
		{Name: "empty.txt", Body: nil},
		{Name: "big.bin", Body: bytes.Repeat([]byte{0, 1, 2, 253, 254, 255}, 50_000)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Check(bytes.NewReader(raw.Bytes()), int64(raw.Len())); err != nil {
		t.Error(err)
	}
	files := unzipped(t, raw.Bytes(), root)
	if said, err := peers.RunNode(testkit.Root(t), "bagit.mjs", written(t, files)); err != nil || !strings.HasPrefix(said, "valid: 5 payload files") {
		t.Errorf("the second verifier says %q: %v", said, err)
	}

	var folders, changed []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		whole := files[name]
		if len(whole) == 0 {
			continue
		}
		for _, at := range []int{0, len(whole) / 2, len(whole) - 1} {
			files[name] = bytes.Clone(whole)
			files[name][at] ^= 1
			folders, changed = append(folders, written(t, files)), append(changed, name)
		}
		files[name] = whole
	}
	out, err := peers.RunNode(testkit.Root(t), "bagit.mjs", append([]string{"--json"}, folders...)...)
	if err == nil {
		t.Error("it finds nothing wrong")
	}
	dec := json.NewDecoder(strings.NewReader(out))
	for _, name := range changed {
		var report struct {
			Verdict string
			Faults  []struct{ File, Reason string }
		}
		if err := dec.Decode(&report); err != nil {
			t.Fatal(err)
		}
		named := false
		for _, fault := range report.Faults {
			// A tag manifest is in no manifest: it is named as what says something else.
			named = named || fault.File == name || strings.Contains(fault.Reason, name)
		}
		if report.Verdict != "not valid" || !named {
			t.Errorf("%s is changed, and the second verifier says %s: %q", name, report.Verdict, report.Faults)
		}
	}
	if len(changed) < 24 {
		t.Errorf("only %d changes were tried", len(changed))
	}
}
