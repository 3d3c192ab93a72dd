package web

import (
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/when"
)

// Fetching says how a request asks for a file.
func Fetching(r *http.Request) app.Fetching {
	if r.Method == http.MethodHead {
		return app.Looks
	}
	if from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok && !strings.HasPrefix(from, "0-") {
		return app.GoesOn
	}
	return app.Begins
}

// SendBundle sends a bundle as a download, never shown in the page: whole, or from
// where a download that broke off goes on.
func SendBundle(w http.ResponseWriter, r *http.Request, b app.Blob, whole app.Content) {
	h := w.Header()
	h.Set("Content-Type", b.Media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": b.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", `"`+b.SHA256+`"`)
	http.ServeContent(&patient{w, http.NewResponseController(w)}, r, "", b.CreatedAt, io.NewSectionReader(whole, 0, whole.Size()))
}

// idle is how long whoever downloads may take nothing before they are taken for
// gone.
const idle = 90 * time.Second

// patient sends for as long as somebody takes what is sent: what the server
// allows for an answer is for pages, and gigabytes over a slow line take hours.
type patient struct {
	http.ResponseWriter
	c *http.ResponseController
}

func (p *patient) Write(b []byte) (int, error) {
	// A writer that knows no deadline, as in tests, has none to be moved.
	_ = p.c.SetWriteDeadline(when.Machine{}.Wall().Add(idle))
	return p.ResponseWriter.Write(b)
}
