package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/web"
)

// slow is a large file that comes little by little.
type slow struct{ *strings.Reader }

func (s slow) ReadAt(b []byte, off int64) (int, error) {
	time.Sleep(40 * time.Millisecond)
	return s.Reader.ReadAt(b, off)
}

// What a server allows for a page does not end a download that goes on.
func TestADownloadMayTakeLongerThanAPage(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789abcdef", 40_000)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.SendBundle(w, r, app.Blob{Media: "application/zip", Name: "a.zip", SHA256: "x", CreatedAt: time.Unix(1, 0)}, slow{strings.NewReader(body)})
	}))
	srv.Config.WriteTimeout = 200 * time.Millisecond
	srv.Start()
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || string(got) != body {
		t.Errorf("%d of %d bytes: %v", len(got), len(body), err)
	}
}
