package assets_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"hastaluego/internal/fault"
	"hastaluego/internal/web/assets"
)

var css = strings.Repeat("body { color: black }\n", 200)

func bundle(t *testing.T) *assets.Assets {
	t.Helper()
	a, err := assets.New(fstest.MapFS{
		"manifest.json":  {Data: []byte(`{"app.css": "app-0123.css", "dot.svg": "dot-4567.svg"}`)},
		"app-0123.css":   {Data: []byte(css)},
		"dot-4567.svg":   {Data: []byte("<svg/>")},
		"not-listed.css": {Data: []byte("secret")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ask(t *testing.T, method, address string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, address, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	bundle(t).Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAFileIsServedAtItsPathForEver(t *testing.T) {
	t.Parallel()
	path := bundle(t).Path("app.css")
	if path != "/assets/app-0123.css" {
		t.Fatalf("path %q", path)
	}
	got := ask(t, "GET", path)
	if got.StatusCode != 200 || body(t, got.Body) != css {
		t.Errorf("status %d, or another body", got.StatusCode)
	}
	for name, want := range map[string]string{
		"Content-Type":     "text/css; charset=utf-8",
		"Cache-Control":    "public, max-age=31536000, immutable",
		"Vary":             "Accept-Encoding",
		"Content-Encoding": "",
	} {
		if h := got.Header.Get(name); h != want {
			t.Errorf("%s: %q, want %q", name, h, want)
		}
	}
	if again := ask(t, "GET", path, "If-None-Match", got.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("asked again with its tag: %d", again.StatusCode)
	}
}

func TestOnlyWhoTakesGzipGetsIt(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "*": true, "": false, "br": false,
		"gzip;q=0": false, "gzip; q=0, *": false, "*;q=0": false, "gzip;q=rubbish": false,
	} {
		got := ask(t, "GET", "/assets/app-0123.css", "Accept-Encoding", accept)
		if packed := got.Header.Get("Content-Encoding") == "gzip"; packed != want {
			t.Errorf("%q: packed %v", accept, packed)
			continue
		}
		read := io.Reader(got.Body)
		if want {
			z, err := gzip.NewReader(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			read = z
		}
		if body(t, read) != css {
			t.Errorf("%q: another body", accept)
		}
	}
}

func TestWhatPackingDoesNotShrinkStaysPlain(t *testing.T) {
	t.Parallel()
	if got := ask(t, "GET", "/assets/dot-4567.svg", "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" {
		t.Error("six bytes were packed")
	}
}

func TestHeadSendsNoBody(t *testing.T) {
	t.Parallel()
	got := ask(t, "HEAD", "/assets/app-0123.css")
	if got.StatusCode != 200 || got.ContentLength != int64(len(css)) || body(t, got.Body) != "" {
		t.Errorf("status %d, length %d", got.StatusCode, got.ContentLength)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"/assets/", "/assets", "/assets/app.css", "/assets/manifest.json", "/assets/not-listed.css",
		"/assets/../assets.go", "/assets/app-0123.css/", bundle(t).Path("no-such.css"),
	} {
		if got := ask(t, "GET", address); got.StatusCode != 404 {
			t.Errorf("%s: %d", address, got.StatusCode)
		}
	}
	if got := ask(t, "POST", "/assets/app-0123.css"); got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", got.StatusCode, got.Header.Get("Allow"))
	}
}

func TestABundleThatIsMissingOrBrokenSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files      fstest.MapFS
		code, says string
	}{
		"no manifest":       {fstest.MapFS{}, "assets.missing", "make assets"},
		"unreadable":        {fstest.MapFS{"manifest.json": {Data: []byte("{")}}, "assets.broken", "manifest.json"},
		"names what is not": {fstest.MapFS{"manifest.json": {Data: []byte(`{"app.css":"app-9.css"}`)}}, "assets.broken", "app.css"},
	} {
		_, err := assets.New(c.files)
		if err == nil || fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
