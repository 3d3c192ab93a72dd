package e2e_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	chrome "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/peers"
)

// takesAlong has the customer ask for what they take along, by the code that comes
// by mail, and download it: without scripts and with them. It is one file, of what
// PostgreSQL, a store and a folder hold of them and of nobody else, and three who
// share nothing say that it is whole.
func (s *show) takesAlong(b *browser, private, account string) {
	s.t.Helper()
	b.scripts(false)
	ready := func(id string) {
		s.t.Helper()
		s.eventually(id, func() bool { b.open(private + "/data"); return b.count(testid(id)) > 0 })
	}
	ready("send-code")
	b.press("send-code", testid("open-data"))
	b.do(chromedp.SendKeys(chromedp.CSS("#code"), secretOf(s.letter(account, map[string]string{"es": "descargar", "en": "download"}[s.lang]))))
	b.press("open-data", "main")
	ready("download")
	plain := s.downloads(b)
	b.scripts(true)
	ready("download")
	if again := s.downloads(b); !bytes.Equal(plain, again) {
		s.t.Errorf("with scripts another file comes: %d bytes instead of %d", len(again), len(plain))
	}

	file := filepath.Join(s.t.TempDir(), "taken.zip")
	s.must(os.WriteFile(file, plain, 0o600))
	if out, err := exec.CommandContext(s.t.Context(), binary, "bundle", "check", file).CombinedOutput(); err != nil {
		s.t.Errorf("our verifier: %v\n%s", err, out)
	}
	bag, files := s.unzipped(plain)
	if said, err := peers.RunNode(testkit.Root(s.t), "bagit.mjs", bag); err != nil || !strings.HasPrefix(said, "valid: ") {
		s.t.Errorf("the second verifier of BagIt says %q: %v", said, err)
	}
	said, err := peers.RunNode(testkit.Root(s.t), "datapackage.mjs", filepath.Join(bag, "data"))
	if err != nil || !regexp.MustCompile(`(?m)orders\.csv 450$`).MatchString(said) {
		s.t.Errorf("the validator of data packages says %q: %v", said, err)
	}
	s.holds(files)
}

// holds looks whether all of the customer's is there, and nothing of others.
func (s *show) holds(files map[string][]byte) {
	s.t.Helper()
	found := map[string]bool{}
	for name, body := range files {
		switch base := name[strings.LastIndexByte(name, '/')+1:]; {
		case strings.HasSuffix(base, "orders.csv"):
			rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
			s.must(err)
			found["orders"] = len(rows) == 451 && !strings.Contains(string(body), "other")
		case bytes.Equal(body, []byte("Cuadernas de proa a popa.\n")):
			found["store"] = true
		case bytes.Equal(body, []byte("El casco 112 se entregó el 3 de mayo.\n")):
			found["folder"] = true
		}
		if bytes.Contains(body, []byte("De otro.")) {
			s.t.Errorf("%s is another customer's", name)
		}
	}
	if len(found) != 3 || !found["orders"] {
		s.t.Errorf("of PostgreSQL, a store and a folder there is %v", found)
	}
}

// downloads clicks the link, and returns the file that the browser kept.
func (s *show) downloads(b *browser) []byte {
	s.t.Helper()
	dir := s.t.TempDir()
	_, err := chromedp.CallBrowser(b.ctx, chrome.SetDownloadBehavior, chrome.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir})
	s.must(err)
	b.do(chromedp.Click(chromedp.CSS(testid("download"))))
	var kept string
	s.eventually("the file is kept", func() bool {
		list, err := os.ReadDir(dir)
		s.must(err)
		kept = ""
		if len(list) == 1 {
			kept = list[0].Name()
		}
		return strings.HasSuffix(kept, ".zip")
	})
	raw, err := os.ReadFile(filepath.Join(dir, kept))
	s.must(err)
	return raw
}

// unzipped writes a bundle below a folder, and returns that of the bag and what
// stands in each of its files.
func (s *show) unzipped(raw []byte) (bag string, files map[string][]byte) {
	s.t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	s.must(err)
	dir, files := s.t.TempDir(), map[string][]byte{}
	for _, m := range archive.File {
		if !filepath.IsLocal(m.Name) {
			s.t.Fatalf("%q leads out of the bundle", m.Name)
		}
		root, _, _ := strings.Cut(m.Name, "/")
		bag = filepath.Join(dir, root)
		if strings.HasSuffix(m.Name, "/") {
			continue
		}
		r, err := m.Open()
		s.must(err)
		files[m.Name], err = io.ReadAll(r)
		s.must(err)
		s.must(r.Close())
		at := filepath.Join(dir, filepath.FromSlash(m.Name))
		s.must(os.MkdirAll(filepath.Dir(at), 0o700))
		s.must(os.WriteFile(at, files[m.Name], 0o600))
	}
	return bag, files
}
