package web

import (
	"io"
	"mime"
	"net/http"
	"strings"

	"hastaluego/internal/app"
)

// GoesOn reports whether a request goes on with a download that began before.
func GoesOn(r *http.Request) bool {
	from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	return ok && !strings.HasPrefix(from, "0-")
}

// SendBundle sends a bundle as a download, never shown in the page: whole, or from
// where a download that broke off goes on.
func SendBundle(w http.ResponseWriter, r *http.Request, b app.Blob, whole app.Content) {
	h := w.Header()
	h.Set("Content-Type", b.Media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": b.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", `"`+b.SHA256+`"`)
	http.ServeContent(w, r, "", b.CreatedAt, io.NewSectionReader(whole, 0, whole.Size()))
}
