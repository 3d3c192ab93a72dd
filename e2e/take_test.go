package e2e_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
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
// PostgreSQL, a store and a folder hold of them and of nobody else, and what was pushed, and three who
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

// pushes has a program of what the company sells hand over what no system of ours can
// read: a table and a file.
func (s *show) pushes(account string) {
	s.t.Helper()
	out, code := s.hasta("key", "add", "producto", "--json", "--scopes", "customers:read,data:write")
	var key struct{ Token string }
	if err := json.Unmarshal([]byte(out), &key); err != nil || code != 0 {
		s.t.Fatalf("status %d: %s", code, out)
	}
	send := func(method, path, media, body string, into any) {
		s.t.Helper()
		req, err := http.NewRequestWithContext(s.t.Context(), method, strings.TrimSuffix(s.info.Portal, "/")+path, strings.NewReader(body))
		s.must(err)
		req.Header.Set("Authorization", "Bearer "+key.Token)
		req.Header.Set("Content-Type", media)
		res, err := http.DefaultClient.Do(req)
		s.must(err)
		defer res.Body.Close()
		said, err := io.ReadAll(res.Body)
		s.must(err)
		if res.StatusCode != http.StatusOK {
			s.t.Fatalf("%s: %s %s", path, res.Status, said)
		}
		s.must(json.Unmarshal(said, into))
	}
	const described, raw = "application/json", "application/octet-stream"
	var found struct{ Items []struct{ ID string } }
	send(http.MethodGet, "/v1/customers?q="+url.QueryEscape(account), described, "", &found)
	if len(found.Items) != 1 {
		s.t.Fatalf("%s is %v", account, found.Items)
	}
	at := "/v1/customers/" + found.Items[0].ID + "/pushed/"
	var stands struct{ State string }
	send(http.MethodPut, at+"moorings", described, `{"push": 1, "format": "ndjson", "titles": {"es": "Amarres", "en": "Moorings"}, "columns": [
		{"name": "id", "type": "integer"}, {"name": "since", "type": "date"}, {"name": "note", "type": "string", "titles": {"es": "Nota", "en": "Note"}}]}`, &stands)
	send(http.MethodPost, at+"moorings/parts?push=1&part=1&last=true", raw, `{"id": 1, "since": "2026-03-01", "note": "=Pantalán 4"}`+"\n"+`{"id": 2}`, &stands)
	send(http.MethodPut, at+"rudders", described, `{"push": 1, "format": "files"}`, &stands)
	send(http.MethodPost, at+"rudders/parts?push=1&part=1&last=true&file=casco%20112%2Ftim%C3%B3n.txt", raw, "Timón de caña.\n", &stands)
	if stands.State != "complete" {
		s.t.Fatalf("what was pushed is %s", stands.State)
	}
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
		case strings.HasSuffix(name, "/data/pushed/moorings.csv"):
			found["pushed table"] = string(body) == "id,since,note\r\n1,2026-03-01,'=Pantalán 4\r\n2,,\r\n"
		case strings.HasSuffix(name, "/data/pushed/rudders/casco 112/timón.txt"):
			found["pushed file"] = string(body) == "Timón de caña.\n"
		case bytes.Equal(body, []byte("Cuadernas de proa a popa.\n")):
			found["store"] = true
		case bytes.Equal(body, []byte("El casco 112 se entregó el 3 de mayo.\n")):
			found["folder"] = true
		}
		if bytes.Contains(body, []byte("De otro.")) {
			s.t.Errorf("%s is another customer's", name)
		}
	}
	if len(found) != 5 || !found["orders"] || !found["pushed table"] || !found["pushed file"] {
		s.t.Errorf("of PostgreSQL, a store, a folder and what was pushed there is %v", found)
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
